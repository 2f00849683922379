'use strict';

// make returns an element; children are elements or text, never markup.
function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

let doc;

// resolve follows a reference.
function resolve(value) {
  if (!value?.$ref) return value ?? {};
  return value.$ref.slice(2).split('/').reduce((at, step) => at[step], doc);
}

function nameOf(schema) {
  return schema?.$ref?.split('/').pop();
}

// inline turns `code` and **bold** into elements.
function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith('`')) return make('code', {}, part.slice(1, -1));
    if (part.startsWith('**')) return make('strong', {}, part.slice(2, -2));
    return part;
  });
}

function paragraphs(text) {
  return (text ?? '').split('\n\n').filter(Boolean).map((p) => make('p', {}, inline(p)));
}

// typeText says in words what a schema takes.
function typeText(schema) {
  const target = resolve(schema);
  const choices = target.anyOf ?? target.oneOf;
  if (choices) return choices.map(typeText).join(' or ');
  const types = [].concat(target.type ?? 'any');
  if (types[0] === 'array') {
    const item = typeText(target.items);
    return /^(\w+) or /.test(item) ? 'array of ' + item : 'array of ' + item + 's';
  }
  if (types[0] === 'object' && schema.$ref) return nameOf(schema);
  const values = target.additionalProperties?.type;
  if (types[0] === 'object' && values) return 'object of ' + values + 's';
  return types.join(' or ');
}

// rules lists a schema's limits.
function rules(schema) {
  const s = resolve(schema);
  const list = [];
  if (s.format && s.format !== 'int64' && s.format !== 'int32' && s.format !== 'double') list.push(s.format);
  if (s.enum) list.push(s.enum.length === 1 ? 'only ' + s.enum[0] : s.enum.join(' | '));
  list.push(range(s.minimum, s.maximum, ''), range(s.minLength, s.maxLength, ' characters'));
  list.push(range(s.minItems, s.maxItems, ' items'), range(s.minProperties, s.maxProperties, ' members'));
  if (s.default !== undefined) list.push('default ' + s.default);
  return list.filter(Boolean).join(', ');
}

function range(least, most, what) {
  if (most === undefined) return least === undefined ? '' : 'at least ' + least + what;
  if (!least) return 'up to ' + most + what;
  return (least === most ? least : least + ' to ' + most) + what;
}

// objectOf finds the object inside a schema: itself, an array's items or a choice's first.
function objectOf(schema) {
  const s = resolve(schema);
  if (s.properties) return s;
  if (s.items) return objectOf(s.items);
  const choice = (s.anyOf ?? s.oneOf ?? []).find((each) => resolve(each).properties);
  return choice ? resolve(choice) : null;
}

function field(name, schema, required, text, depth) {
  const inner = depth < 4 ? objectOf(schema) : null;
  return make('div', { class: 'field' },
    make('dt', {},
      make('span', { class: 'name' }, name),
      make('span', { class: 'type' }, typeText(schema)),
      rules(schema) ? make('span', { class: 'rule' }, rules(schema)) : null,
      required ? make('span', { class: 'must' }, 'required') : null),
    make('dd', {}, inline(text ?? schema.description ?? ''),
      inner ? make('details', {}, make('summary', {}, 'members'), fields(inner, true, depth + 1)) : null));
}

// fields lists a schema's members, the required ones first, as the document orders them.
function fields(schema, showRequired, depth = 0) {
  const must = schema.required ?? [];
  const names = [...must, ...Object.keys(schema.properties ?? {}).filter((name) => !must.includes(name))];
  return make('dl', {}, names.map((name) =>
    field(name, schema.properties[name], showRequired && must.includes(name), undefined, depth)));
}

// colored shows JSON with its parts told apart.
function colored(text) {
  const pre = make('pre', { tabindex: '0' });
  const parts = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?)/g;
  let at = 0;
  for (const match of text.matchAll(parts)) {
    pre.append(text.slice(at, match.index));
    const [all, string, colon, word] = match;
    if (string) pre.append(make('span', { class: colon ? 'k' : 's' }, string), colon ?? '');
    else pre.append(make('span', { class: word ? 'w' : 'n' }, all));
    at = match.index + all.length;
  }
  pre.append(text.slice(at));
  return pre;
}

function copyButton(text) {
  return make('button', { type: 'button', onclick: async (click) => {
    await navigator.clipboard?.writeText(text);
    click.target.textContent = 'Copied';
    setTimeout(() => { click.target.textContent = 'Copy'; }, 1200);
  } }, 'Copy');
}

// sample shows code; with several versions they are tabs.
function sample(title, versions) {
  const box = make('div', { class: 'sample' });
  const show = (chosen) => {
    const tabs = versions.length < 2 ? [] : versions.map((version) => make('button', {
      type: 'button', role: 'tab', 'aria-selected': String(version === chosen), onclick: () => show(version),
    }, version.name));
    box.replaceChildren(
      make('header', {}, make('span', { class: 'title' }, title), ...tabs, copyButton(chosen.text)),
      chosen.json ? colored(chosen.text) : make('pre', { tabindex: '0' }, chosen.text));
  };
  show(versions[0]);
  return box;
}

// requestOf returns what an operation takes: JSON, or what a page's form sends.
function requestOf(op) {
  const [media, content] = Object.entries(op.requestBody?.content ?? {})[0] ?? [];
  return { ...content, form: media === 'application/x-www-form-urlencoded' };
}

function curl(method, path, op) {
  const parameters = op.parameters ?? [];
  const sent = (p) => p.example ?? p.name.toUpperCase();
  const url = '$URL' + path.replace(/\{(\w+)\}/g, (_, name) =>
    sent(parameters.find((p) => p.in === 'path' && p.name === name)));
  const must = parameters.filter((p) => p.in === 'query' && p.required);
  const query = must.length ? '?' + must.map((p) => p.name + '=' + sent(p)).join('&') : '';
  const lines = ['curl ' + (method === 'GET' ? '' : '-X ' + method + ' ') + '"' + url + query + '"'];
  if (op.security?.length) lines.push('-H "Authorization: Bearer $KEY"');
  if (parameters.some((p) => p.name === 'Idempotency-Key')) lines.push('-H "Idempotency-Key: $(uuidgen)"');
  const { example, schema, form } = requestOf(op);
  if (form) {
    for (const [name, value] of Object.entries(schema.properties)) lines.push('-d ' + name + '=' + value.enum[0]);
  } else if (example) {
    lines.push("-H 'Content-Type: application/json'");
    const json = JSON.stringify(example, null, 2).replaceAll("'", "'\\''");
    lines.push("-d '" + (json.length < 60 ? JSON.stringify(example) : json) + "'");
  }
  return lines.join(' \\\n  ');
}

function answerItem(status, answer) {
  const response = resolve(answer);
  const media = Object.values(response.content ?? {})[0] ?? {};
  const codes = Object.keys(media.examples ?? {});
  const inner = codes.length ? null : objectOf(media.schema);
  return make('li', {},
    make('span', { class: 'status' }, status), response.description,
    codes.length ? make('span', { class: 'codes' }, codes.join(', ')) : null,
    inner ? make('details', {}, make('summary', {}, typeText(media.schema)), fields(inner, false)) : null);
}

// answerSamples lists the examples of what is answered; a problem's, one for each status.
function answerSamples(op) {
  const list = [];
  for (const [status, answer] of Object.entries(op.responses)) {
    const media = Object.values(resolve(answer).content ?? {})[0] ?? {};
    const example = media.example ?? resolve(Object.values(media.examples ?? {})[0])?.value;
    if (example && (status < '400' || ['402', '422'].includes(status))) {
      list.push({ name: status, text: JSON.stringify(example, null, 2), json: true });
    }
  }
  return list;
}

function operation(path, method, op) {
  const body = requestOf(op).schema;
  const parameters = op.parameters ?? [];
  const samples = answerSamples(op);
  const bodyFields = body && objectOf(body);
  return make('article', { class: 'op', id: op.operationId },
    make('h3', {}, make('a', { href: '#' + op.operationId }, op.summary)),
    make('div', { class: 'call' },
      make('span', { class: 'method ' + method }, method.toUpperCase()), make('span', { class: 'path' }, path),
      op.security?.length ? null : make('span', { class: 'open' }, 'no API key needed')),
    make('div', { class: 'text' },
      paragraphs(op.description),
      ['path', 'query', 'header'].map((place) => {
        const some = parameters.filter((p) => p.in === place);
        return some.length ? [make('h4', {}, place), make('dl', {}, some.map((p) =>
          field(p.name, p.schema, p.required, p.description ?? '', 9)))] : [];
      }),
      bodyFields ? [make('h4', {}, 'body'), fields(bodyFields, true)] : [],
      make('h4', {}, 'answers'),
      make('ul', { class: 'answers' },
        Object.entries(op.responses).map(([status, answer]) => answerItem(status, answer)))),
    make('div', { class: 'examples' },
      sample('Request', [{ name: 'curl', text: curl(method.toUpperCase(), path, op) }]),
      samples.length ? sample('Answer', samples) : null));
}

function render() {
  document.title = doc.info.title + ' API';
  document.getElementById('version').textContent = doc.info.version;
  document.getElementById('intro').append(make('h1', {}, doc.info.title + ' API'), ...paragraphs(doc.info.description));
  const toc = document.getElementById('toc');
  const main = document.getElementById('operations');
  for (const tag of doc.tags) {
    const list = make('ul', {});
    main.append(make('h2', { class: 'tag' }, tag.name), make('p', {}, tag.description));
    for (const [path, item] of Object.entries(doc.paths)) {
      for (const method of ['post', 'get', 'patch', 'delete']) {
        const op = item[method];
        if (op?.tags[0] !== tag.name) continue;
        list.append(make('li', { 'data-text': (op.summary + ' ' + path + ' ' + method).toLowerCase() },
          make('a', { href: '#' + op.operationId },
            make('span', { class: 'method ' + method }, method.toUpperCase()), op.summary)));
        main.append(operation(path, method, op));
      }
    }
    toc.append(make('div', {}, make('h2', {}, tag.name), list));
  }
  document.getElementById('filter').addEventListener('input', (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const item of toc.querySelectorAll('li')) item.hidden = !item.dataset.text.includes(wanted);
    for (const group of toc.children) group.hidden = !group.querySelector('li:not([hidden])');
  });
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

fetch('/openapi.json').then((answer) => answer.json()).then((json) => {
  doc = json;
  render();
}).catch((failure) => {
  document.getElementById('intro').append(make('p', {}, 'The document could not be read: ' + failure));
});

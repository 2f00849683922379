package config

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v2"
)

// Load returns the configuration: the defaults, over them what the file at path
// says ("" for no file), and over that the flags, by the fields' names. An empty
// flag was not given.
func Load(path string, flags map[string]string) (Config, error) {
	cfg := Default()
	layers := koanf.New(".")
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return Config{}, fmt.Errorf("the configuration cannot be read: %w", err)
		}
		cfg.source = source{path: path, text: string(text)}
		cfg.source.given = map[string]bool{}
		if err := layers.Load(layer{text: text}, parser{path: path}); err != nil {
			return Config{}, err
		}
	}
	given := map[string]any{}
	for name, value := range flags {
		if value != "" {
			given[name] = value
		}
	}
	if err := layers.Load(layer{values: given}, nil); err != nil {
		return Config{}, err
	}
	if err := layers.UnmarshalWithConf("", &cfg, koanf.UnmarshalConf{Tag: "yaml"}); err != nil {
		return Config{}, cfg.source.wrap(err)
	}
	if err := cfg.checkUnits(layers.Raw()); err != nil {
		return Config{}, err
	}
	if layers.Exists("gateways") && len(cfg.Gateways) == 0 {
		return Config{}, cfg.source.at("gateways", "is empty: name one at least, or leave it out for a simulated one")
	}
	if len(cfg.Gateways) == 0 {
		cfg.Gateways = []Gateway{{Name: Simulated, Kind: Simulated}}
	}
	cfg.chooseStore()
	if err := cfg.check(); err != nil {
		return Config{}, err
	}
	return cfg, nil
}

// chooseStore takes a file that names databases but no store to mean PostgreSQL.
func (c *Config) chooseStore() {
	if !c.source.given["store"] && (c.source.given["database_cluster"] || len(c.Shards.List) > 0) {
		c.Store = Postgres
	}
}

// layer is one source of settings, for koanf: a text to parse, or values.
type layer struct {
	text   []byte
	values map[string]any
}

// ReadBytes implements koanf.Provider.
func (l layer) ReadBytes() ([]byte, error) { return l.text, nil }

// Read implements koanf.Provider.
func (l layer) Read() (map[string]any, error) { return l.values, nil }

// parser reads YAML for koanf, and refuses what has no field in Config.
type parser struct{ path string }

// Unmarshal implements koanf.Parser.
func (p parser) Unmarshal(text []byte) (map[string]any, error) {
	if err := yaml.UnmarshalStrict(text, &Config{}); err != nil {
		return nil, p.explain(err)
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(text, &values); err != nil {
		return nil, p.explain(err)
	}
	return normal(values), nil
}

// Marshal implements koanf.Parser.
func (p parser) Marshal(map[string]any) ([]byte, error) {
	return nil, errors.New("config: it is only read")
}

var (
	lineError    = regexp.MustCompile(`(?s)^(?:yaml: )?line (\d+): (.*)$`)
	unknownField = regexp.MustCompile(`^field (\S+) not found in type (\S+)$`)
	twiceField   = regexp.MustCompile(`^field (\S+) already set in type \S+$`)
	wrongType    = regexp.MustCompile(`^cannot unmarshal (?:!!\S+ )?(.*?) into (?:\w+\.)?(\S+)$`)
)

// explain turns the first of yaml's errors into one line: file, line, field.
func (p parser) explain(err error) error {
	text := err.Error()
	var wrong *yaml.TypeError
	if errors.As(err, &wrong) && len(wrong.Errors) > 0 {
		text = wrong.Errors[0]
	}
	parts := lineError.FindStringSubmatch(text)
	if parts == nil {
		return fmt.Errorf("%s: %s", p.path, strings.TrimPrefix(text, "yaml: "))
	}
	line, what := parts[1], parts[2]
	if field := unknownField.FindStringSubmatch(what); field != nil {
		what = "unknown field " + field[1] + suggest(field[1], field[2])
	} else if field := twiceField.FindStringSubmatch(what); field != nil {
		what = "the field " + field[1] + " stands here twice"
	} else if types := wrongType.FindStringSubmatch(what); types != nil {
		what = types[1] + " is no " + typeNames(types[2])
	}
	return fmt.Errorf("%s:%s: %s", p.path, line, what)
}

// typeNames says in a reader's words what a Go type takes.
func typeNames(goType string) string {
	switch goType {
	case "int", "int64":
		return "whole number"
	case "float64":
		return "number"
	case "Duration":
		return "time such as 50ms or 30s"
	case "string", "Mode":
		return "word"
	case "bool":
		return "true or false"
	case "[]config.Gateway":
		return "list of gateways"
	case "[]config.Replica":
		return "list of replicas"
	case "Cluster":
		return "block database_cluster"
	case "Shard":
		return `block of a shard, such as {dsn: "` + exampleDSN + `"}`
	}
	return "block " + strings.ToLower(goType)
}

// source is the file that a configuration came from, for errors, and the fields
// that stand in it.
type source struct {
	path, text string
	given      map[string]bool
}

// at makes an error about a field: with the file and the line where it stands,
// as far as they are known.
func (s source) at(field, detail string, args ...any) error {
	return s.wrap(fmt.Errorf(field+": "+detail, args...), strings.Split(field, ".")...)
}

func (s source) wrap(err error, field ...string) error {
	switch line := lineOf(s.text, field); {
	case s.path == "":
		return err
	case line == 0:
		return fmt.Errorf("%s: %w", s.path, err)
	default:
		return fmt.Errorf("%s:%s: %w", s.path, strconv.Itoa(line), err)
	}
}

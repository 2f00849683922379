package bench

// A scanner walks over JSON text without decoding it: of an answer, a load needs
// three fields. It trusts nothing: text that is no JSON makes it fail, never
// read beyond the end.
type scanner struct {
	text   []byte
	at     int
	failed bool
}

// members calls f with each key (between its quotes, as it stands) and raw value
// of the object in text, and tells whether it was one. f returns false to stop.
func members(text []byte, f func(key, value []byte) bool) bool {
	s := scanner{text: text}
	if !s.take('{') {
		return false
	}
	for first := true; !s.take('}'); first = false {
		if !first && !s.take(',') {
			return false
		}
		key := s.value()
		if len(key) < 2 || key[0] != '"' || !s.take(':') {
			return false
		}
		value := s.value()
		if s.failed {
			return false
		}
		if !f(key[1:len(key)-1], value) {
			return true
		}
	}
	return true
}

// elements calls f with each raw value of the array in text.
func elements(text []byte, f func(value []byte) bool) bool {
	s := scanner{text: text}
	if !s.take('[') {
		return false
	}
	for first := true; !s.take(']'); first = false {
		if !first && !s.take(',') {
			return false
		}
		value := s.value()
		if s.failed {
			return false
		}
		if !f(value) {
			return true
		}
	}
	return true
}

// plain returns what stands between a string's quotes; nil for no string. Ids,
// statuses and codes hold no escapes.
func plain(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return nil
	}
	return value[1 : len(value)-1]
}

// take skips space and then c, if it stands there.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) space() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\n' || s.text[s.at] == '\t' ||
		s.text[s.at] == '\r') {
		s.at++
	}
}

// value returns the raw value that begins here, and goes behind it.
func (s *scanner) value() []byte {
	s.space()
	begin := s.at
	if s.at == len(s.text) {
		s.failed = true
		return nil
	}
	switch s.text[s.at] {
	case '"':
		s.skipString()
	case '{', '[':
		s.skipNested()
	default:
		for s.at < len(s.text) && !ends(s.text[s.at]) {
			s.at++
		}
	}
	if s.failed || s.at == begin {
		s.failed = true
		return nil
	}
	return s.text[begin:s.at]
}

// ends tells whether c ends a number, true, false or null.
func ends(c byte) bool {
	switch c {
	case ',', '}', ']', ':', ' ', '\n', '\t', '\r', '"', '{', '[':
		return true
	}
	return false
}

func (s *scanner) skipString() {
	for i := s.at + 1; i < len(s.text); i++ {
		switch s.text[i] {
		case '"':
			s.at = i + 1
			return
		case '\\':
			i++
		}
	}
	s.failed = true
}

func (s *scanner) skipNested() {
	depth := 0
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case '"':
			if s.skipString(); s.failed {
				return
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.at++
		if depth == 0 {
			return
		}
	}
	s.failed = true
}

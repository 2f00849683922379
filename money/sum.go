package money

// MarshalText writes what String writes, so that a Sum stands in kept answers.
func (s Sum) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Sum) UnmarshalText(text []byte) error {
	sum, err := ParseSum(string(text))
	if err == nil {
		*s = sum
	}
	return err
}

// Minus returns s-v, or ErrOverflow beyond 127 bits.
func (s Sum) Minus(v int64) (Sum, error) {
	if v == -v && v != 0 { // the least int64 has no negative
		less, err := s.Minus(v + 1)
		if err != nil {
			return Sum{}, err
		}
		return less.Add(1)
	}
	return s.Add(-v)
}

package objects

import "context"

// Scan parses a file of any kind.
func (s *Scanner) Scan(ctx context.Context, name string, data []byte, limits Limits) (File, error) {
	if file, done := s.Plain(name, data, limits); done {
		return file, nil
	}
	return Parse(ctx, name, data, limits)
}

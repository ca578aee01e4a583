package config

import (
	"crypto/sha256"
	"path/filepath"
)

// source is the file that a configuration was read from, and what it held then.
type source struct {
	path string
	sum  [sha256.Size]byte
}

func sourceOf(path string, text []byte) source {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	return source{path, sha256.Sum256(text)}
}

// Changed says whether the file that the configuration was read from holds something else by now, with what is wrong
// with that. A file that cannot be read any more is an error. Secrets in other files and in the environment are not
// looked at.
func (c *Config) Changed() (bool, Problems, error) {
	if c.from.path == "" {
		return false, nil, nil
	}
	now, problems, err := Inspect(c.from.path)
	if err != nil {
		return false, nil, err
	}
	return now.from.sum != c.from.sum, problems, nil
}

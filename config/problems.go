package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong in a configuration file.
type Problem struct {
	// File is the name that the file was loaded by.
	File string
	// Path is the key with those above it: "databases.orders.uri"; "" means the file as a whole.
	Path string
	// Line and Column count from 1.
	Line, Column int
	// Say is what is wrong, Try what to do about it or "".
	Say, Try string
}

// Error is one line: opsbot.yaml:12:5: databases.orders.urii: unknown key, did you mean "uri"?
func (p Problem) Error() string {
	line := fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Path != "" {
		line += p.Path + ": "
	}
	line += p.Say
	if p.Try != "" {
		line += ", " + p.Try
	}
	return line
}

// Problems is everything that is wrong in a configuration file, in the order of its lines. It is the error of Parse.
type Problems []Problem

// Error has one line for each problem.
func (p *Problems) Error() string {
	lines := make([]string, len(*p))
	for i, problem := range *p {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}

func (p *Problems) sort() {
	slices.SortStableFunc(*p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// About answers the first problem of a path, of something below it or above it; nil means that its value is in order.
// A problem of the file as a whole is about everything.
func (p Problems) About(path string) *Problem {
	for i, problem := range p {
		if problem.Path == "" || within(problem.Path, path) || within(path, problem.Path) {
			return &p[i]
		}
	}
	return nil
}

// within says that one path is another, or below it.
func within(path, above string) bool {
	rest, ok := strings.CutPrefix(path, above)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

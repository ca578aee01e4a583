package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"github.com/kampyn/opsbot/chat"
)

// forManifest are the sections that Slack's manifest depends on.
var forManifest = []string{"slack.command_prefix", "roles", "incidents", "checklists"}

// LoadForManifest reads a file for what Slack's manifest depends on. What is wrong elsewhere does not matter, so the
// tokens, which Slack gives for a manifest, need not be there yet; nothing else of the answer may be used.
func LoadForManifest(path string) (*Config, error) {
	c, all, err := Inspect(path)
	if err != nil {
		return nil, err
	}
	var problems Problems
	for _, p := range all {
		if slices.ContainsFunc(forManifest, func(section string) bool { return Problems{p}.About(section) != nil }) {
			problems = append(problems, p)
		}
	}
	if len(problems) > 0 {
		return nil, &problems
	}
	return c, nil
}

// Load reads a file with the environment of the process. Its errors are *Problems, or a *chat.Problem when the file
// itself cannot be read.
func Load(path string) (*Config, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	c, err := Parse(path, text, os.LookupEnv)
	if err == nil {
		c.from = sourceOf(path, text)
	}
	return c, err
}

// Inspect is Load for those who look at the parts that are in order although others are not: with problems it answers
// the configuration as far as it could be read, too. Problems.About says which parts of it can be relied on.
func Inspect(path string) (*Config, Problems, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, nil, err
	}
	c, problems := read(path, text, os.LookupEnv)
	c.from = sourceOf(path, text)
	return c, problems, nil
}

func readFile(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &chat.Problem{
			Say: "The configuration file " + path + " cannot be read.",
			Try: "Name another with --config, or begin with a copy of opsbot.example.yaml.",
			Err: err,
		}
	}
	return text, nil
}

// Parse reads text as the file of that name. ${NAME} and ${NAME:-default} in strings are replaced by what env answers
// (the second also when it answers ""), $${ stands for ${. A secret may be "file:" and the name of a file with the
// value. Relative paths start at the file's folder. The error is always a *Problems.
func Parse(name string, text []byte, env func(string) (string, bool)) (*Config, error) {
	c, problems := read(name, text, env)
	if len(problems) > 0 {
		return nil, &problems
	}
	return c, nil
}

func read(name string, text []byte, env func(string) (string, bool)) (*Config, Problems) {
	c := defaults()
	r := &reader{
		file: name, env: env,
		keys: map[string]*token.Token{}, values: map[string]*token.Token{}, broken: map[string]bool{},
		anchors: map[string]ast.Node{},
	}
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return c, Problems{{File: name, Line: 1, Column: 1, Say: err.Error()}}
	}
	r.dir = dir
	if body, ok := r.parse(text); ok {
		r.document(body, c)
		if !r.broken[""] {
			r.check(c)
		}
	}
	r.problems.sort()
	return c, r.problems
}

// parse reads the syntax; without a problem it answers the one document's body, or nil for an empty file.
func (r *reader) parse(text []byte) (ast.Node, bool) {
	file, err := parser.ParseBytes(text, 0)
	var syntax yaml.Error
	switch {
	case errors.As(err, &syntax):
		r.report("", syntax.GetToken(), "this is not YAML: "+syntax.GetMessage(), "")
		return nil, false
	case err != nil:
		r.report("", nil, fmt.Sprintf("this is not YAML: %v", err), "")
		return nil, false
	case len(file.Docs) > 1 && file.Docs[1].Body != nil:
		r.report("", file.Docs[1].Body.GetToken(), "a second document begins here", "the configuration is a single one")
		return nil, false
	case len(file.Docs) == 0:
		return nil, true
	}
	return file.Docs[0].Body, true
}

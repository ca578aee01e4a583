package main

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/kampyn/opsbot"

// layer is a row of the table below: a package (its folder, "." for the root) and which of our own it may import.
type layer struct {
	name string
	// may lists packages further down; "folder/..." stands for all below a folder, "..." for everything further down.
	may []string
	// tests lists what its tests may import beyond that, beside the sandbox.
	tests []string
}

// layers is the shape of the program: arrows point down this list only. A new package gets a row.
var layers = []layer{
	{name: "demo", may: []string{"..."}},
	{name: "demo/stage", may: []string{"..."}},
	{name: ".", may: []string{"terminal"}, tests: []string{"...", "demo/stage"}},
	{name: "terminal", may: []string{
		"app", "config", "commands", "checkup", "jobs", "backups", "databases", "objects", "events", "state", "chat",
	}, tests: []string{"demo/stage"}},
	{name: "app", may: []string{
		"config", "commands", "checkup", "checklists", "health", "watch", "incidents", "bot", "jobs", "backups", "databases", "objects", "github", "events", "state", "chat",
	}},
	{name: "config", may: []string{"chat"}},
	{name: "commands", may: []string{"bot", "jobs", "checklists", "health", "incidents", "backups", "databases", "objects", "events", "chat"},
		tests: []string{"demo/stage", "app", "config", "state"}},
	{name: "jobs", may: []string{"checkup", "backups", "databases", "objects", "events", "state", "chat"}},
	{name: "checklists", may: []string{"health", "incidents", "converge", "bot", "charts", "backups", "github", "events", "state", "chat"},
		tests: []string{"jobs", "databases", "objects"}},
	{name: "health", may: []string{"incidents", "converge", "bot", "charts", "backups", "databases", "objects", "events", "state", "chat"}},
	{name: "watch", may: []string{"events", "state", "chat"}, tests: []string{"health", "bot"}},
	{name: "incidents", may: []string{"converge", "bot", "charts", "objects", "github", "events", "state", "chat"}},
	{name: "converge", may: []string{"bot", "state", "chat"}},
	{name: "checkup", may: []string{"bot", "backups", "databases", "objects", "github", "chat"}},
	{name: "bot", may: []string{"events", "state", "chat"}},
	{name: "backups", may: []string{"databases", "objects", "chat"}},
	{name: "databases", may: []string{"chat"}},
	{name: "objects/objectstest", may: []string{"objects"}},
	{name: "objects"},
	{name: "github"},
	{name: "charts", may: []string{"chat"}},
	{name: "events", may: []string{"state", "chat"}},
	{name: "state/statetest", may: []string{"state"}},
	{name: "state", may: []string{"chat"}},
	{name: "chat"},
	{name: "sandbox/sample"},
	{name: "sandbox/slack"},
	{name: "sandbox/github"},
	{name: "sandbox/backend"},
	{name: "sandbox/mongo"},
	{name: "sandbox/s3"},
	{name: "sandbox/browser", may: []string{"sandbox/peers"}},
	{name: "sandbox/peers"},
}

// homes says where the libraries are used that must not spread: everything else speaks to the package that hides them.
// "tests:" before a package allows its tests only. Libraries without a row are free.
var homes = map[string][]string{
	"github.com/slack-go/slack":                             {"bot", "tests:sandbox/slack"},
	"go.mongodb.org/mongo-driver":                           {"databases", "backups", "sandbox/sample", "sandbox/mongo", "demo", "tests:..."},
	"go.mongodb.org/mongo-driver/x/mongo/driver/connstring": {"config", "databases", "backups", "sandbox/mongo", "demo"}, // reads URIs
	"github.com/aws":                                        {"objects", "sandbox/s3"},
	"github.com/versity/versitygw":                          {"sandbox/s3"},
	"modernc.org/sqlite":                                    {"state"},
	"github.com/spf13/cobra":                                {"terminal"},
	"github.com/goccy/go-yaml":                              {"config", "terminal", "demo/stage"},
	"filippo.io/age":                                        {"backups", "config"},
	"github.com/gorilla/websocket":                          {"bot", "sandbox/slack"},
	"github.com/chromedp/chromedp":                          {"sandbox/browser", "tests:sandbox/slack", "tests:demo"},
	"github.com/stretchr/testify":                           {"objects/objectstest", "state/statetest", "tests:..."},
	"github.com/rogpeppe/go-internal":                       {"tests:..."},
	"github.com/mongodb/mongo-tools":                        {"tests:backups"},
	"github.com/prometheus/client_golang":                   {"app"},
	"github.com/robfig/cron":                                {"jobs", "config"},
	"github.com/FerretDB/FerretDB":                          {},
	"github.com/google/go-github":                           {"github", "tests:sandbox/github"},
	"gonum.org/v1/plot":                                     {"charts"},
	"github.com/redis/go-redis":                             {"health"},
	"github.com/shirou/gopsutil":                            {"health", "checklists"},
	"github.com/yuin/goldmark":                              {"sandbox/github"},
	"github.com/microcosm-cc/bluemonday":                    {"sandbox/github"},
	"github.com/klauspost/compress":                         {"backups", "sandbox/mongo", "tests:..."},
}

// file is what one Go file imports.
type file struct {
	path, folder string
	test         bool
	imports      []string
}

// sources parses the imports of every Go file of the module.
func sources(t *testing.T) []file {
	t.Helper()
	var files []file
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		f := file{path: filepath.ToSlash(name), folder: path.Dir(filepath.ToSlash(name)), test: strings.HasSuffix(name, "_test.go")}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			f.imports = append(f.imports, imported)
		}
		files = append(files, f)
		return nil
	})
	require.NoError(t, err)
	return files
}

func TestArrowsPointDown(t *testing.T) {
	for _, f := range sources(t) {
		row := slices.IndexFunc(layers, func(l layer) bool { return l.name == f.folder })
		if row < 0 {
			t.Errorf("%s: the package %q has no row in the table of layers_test.go: add one that says what it may import", f.path, f.folder)
			continue
		}
		for _, imported := range f.imports {
			if own, ok := ownPackage(imported); ok && !mayImport(row, f, own) {
				t.Errorf("%s: %s may not import %s (layers_test.go says what it may)", f.path, f.folder, own)
			}
			if where, confined := homeOf(imported); confined && !atHome(f, where) {
				t.Errorf("%s: %s may not import %s: its home is %v", f.path, f.folder, imported, where)
			}
			if f.folder == "chat" && !f.test && strings.Contains(imported, ".") {
				t.Errorf("%s: chat may import the standard library only, not %s", f.path, imported)
			}
		}
	}
}

// ownPackage answers the folder of one of our own packages.
func ownPackage(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

func mayImport(row int, f file, own string) bool {
	may := layers[row].may
	if f.test {
		// A test may stand on its own package, on any sandbox, and on the conformance suite of what it may import.
		if suite := path.Dir(own); own == suite+"/"+path.Base(suite)+"test" {
			own = suite
		}
		if own == f.folder || strings.HasPrefix(own, "sandbox/") {
			return true
		}
		may = slices.Concat(may, layers[row].tests)
	} else if strings.HasSuffix(own, "test") || own == "sandbox/browser" || own == "sandbox/peers" {
		return f.folder == "sandbox/browser" // these need a *testing.T, which it has
	}
	return slices.ContainsFunc(may, func(pattern string) bool {
		if pattern == "..." {
			return slices.ContainsFunc(layers[row+1:], func(l layer) bool { return l.name == own })
		}
		return matches(own, pattern)
	})
}

func atHome(f file, where []string) bool {
	return slices.ContainsFunc(where, func(home string) bool {
		inTests, testsOnly := strings.CutPrefix(home, "tests:")
		if testsOnly {
			return f.test && matches(f.folder, inTests)
		}
		return matches(f.folder, home)
	})
}

// matches says whether a folder is meant by a pattern: itself, "..." or "folder/...".
func matches(folder, pattern string) bool {
	below, all := strings.CutSuffix(pattern, "...")
	return folder == pattern || all && strings.HasPrefix(folder, below)
}

// homeOf answers the row of homes with the longest path that an import is, or is below.
func homeOf(imported string) (where []string, confined bool) {
	for library := imported; library != "."; library = path.Dir(library) {
		if where, confined = homes[library]; confined {
			return where, true
		}
	}
	return nil, false
}

func TestTheTablePointsDown(t *testing.T) {
	for i, from := range layers {
		for _, may := range from.may {
			if may == "..." {
				continue
			}
			to := slices.IndexFunc(layers, func(l layer) bool { return matches(l.name, may) })
			require.Greater(t, to, i, "%s may import %s, which must stand further down the table", from.name, may)
		}
	}
}

// TestFoldersAreNoCircle holds what the compiler does not: a/x → b → a/y is no circle of packages, but one of folders.
func TestFoldersAreNoCircle(t *testing.T) {
	arrows := map[string]map[string]bool{}
	for _, f := range sources(t) {
		from, _, _ := strings.Cut(f.folder, "/")
		if arrows[from] == nil {
			arrows[from] = map[string]bool{}
		}
		for _, imported := range f.imports {
			own, ok := ownPackage(imported)
			if to, _, _ := strings.Cut(own, "/"); ok && !f.test && to != from {
				arrows[from][to] = true
			}
		}
	}
	// Take away folders that import no remaining one until none is left; what cannot be taken away is a circle.
	for len(arrows) > 0 {
		left := len(arrows)
		for from, to := range arrows {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(to)), func(other string) bool { return arrows[other] != nil }) {
				delete(arrows, from)
			}
		}
		require.Less(t, len(arrows), left, "these folders import each other in a circle: %v", slices.Sorted(maps.Keys(arrows)))
	}
}

var (
	inCode   = regexp.MustCompile("(?s)```.*?```|`[^`\n]+`")
	linked   = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
	pathLike = regexp.MustCompile(`[\w.*-]+(?:/[\w.*-]+)*/?`)
	ofGo     = regexp.MustCompile(`\.[A-Z]\w*$`)
	fileName = regexp.MustCompile(`\.(go|md|ya?ml|txtar|mod|sum|json)$|^(?:.*/)?(?:Dockerfile|LICENSE)$`)
)

// pathsNamed finds what a Markdown text says of this repository: relative links, and in code style folders ("bot/"),
// files ("slack.go", "bot/slack.go") and anything below one of the top folders.
func pathsNamed(text string, topFolders []string) []string {
	named := map[string]bool{}
	for _, m := range linked.FindAllStringSubmatch(text, -1) {
		if !strings.Contains(m[1], ":") {
			named[m[1]] = true
		}
	}
	for _, code := range inCode.FindAllString(text, -1) {
		for _, word := range strings.FieldsFunc(code, func(r rune) bool { return strings.ContainsRune(" \t\n`,;:()[]{}→│├└─", r) }) {
			if strings.HasPrefix(word, "/") || pathLike.FindString(word) != word {
				continue // a slash command, an address, a pattern
			}
			word = ofGo.ReplaceAllString(word, "") // objects.Store
			top, below, _ := strings.Cut(word, "/")
			if strings.HasSuffix(word, "/") || fileName.MatchString(word) || below != "" && slices.Contains(topFolders, top) {
				named[word] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(named))
}

// TestArchitectureNamesWhatExists keeps the map true: a path in ARCHITECTURE.md that is gone fails here.
func TestArchitectureNamesWhatExists(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") != "true" {
		t.Skip("there is no ARCHITECTURE.md")
	}
	require.NoError(t, err)
	var topFolders, all []string
	err = filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		name = filepath.ToSlash(name)
		if d.IsDir() && !strings.Contains(name, "/") {
			topFolders = append(topFolders, name)
		}
		all = append(all, name)
		return nil
	})
	require.NoError(t, err)

	named := pathsNamed(string(text), topFolders)
	require.NotEmpty(t, named, "ARCHITECTURE.md names no path at all")
	for _, name := range named {
		if !slices.ContainsFunc(all, func(existing string) bool { return endsIn(t, existing, name) }) {
			t.Errorf("ARCHITECTURE.md names %s, which does not exist", name)
		}
	}
}

// endsIn says whether a path ends in another one, which may be a pattern: in a row about "sandbox/", "mongo/" is meant
// from there.
func endsIn(t *testing.T, existing, name string) bool {
	pattern := strings.Split(strings.TrimSuffix(name, "/"), "/")
	elements := strings.Split(existing, "/")
	if len(elements) < len(pattern) {
		return false
	}
	tail := strings.Join(elements[len(elements)-len(pattern):], "/")
	matched, err := path.Match(strings.Join(pattern, "/"), tail)
	require.NoError(t, err, name)
	return matched
}

func TestPathsNamed(t *testing.T) {
	text := "See [the map](docs/map.md#here) and [Slack](https://slack.com/x).\n" +
		"`bot/` speaks; `bot/slack.go`, `render.go`, `chat.Message`, `objects/objectstest.Run`, `commands/testdata/*.txtar`, `.ci/run`;\n" +
		"not `/backup now`, `and/or`, `application/json`, `a → b`, bot/free.go, `https://x.y/z.go`.\n" +
		"```\nmain.go   arguments\nsandbox/mongo  a server\n```\n"
	require.Equal(t, []string{
		".ci/run", "bot/", "bot/slack.go", "commands/testdata/*.txtar", "docs/map.md", "main.go", "objects/objectstest",
		"render.go", "sandbox/mongo",
	}, pathsNamed(text, []string{".ci", "bot", "commands", "objects", "sandbox"}))
}

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// logNames has for words that come to mind the key under which the log says it: one for each thing, so that it is found.
var logNames = map[string]string{"err": "error", "fault": "error", "ref": "reference", "run_id": "run", "runID": "run", "duration": "took",
	"elapsed": "took", "addr": "address", "msg": "text", "try": "attempt", "tries": "attempts", "name": "what", "envelope": "id"}

// TestLogKeys holds every line of the log to constant words, pairs of key and value, and one key for each thing.
func TestLogKeys(t *testing.T) {
	lines := 0
	require.NoError(t, filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && slices.Contains([]string{"sandbox", ".git", "testdata"}, e.Name()) {
			if e != nil && e.IsDir() && err == nil {
				return fs.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			call, args := logged(n)
			if call == nil {
				return true
			}
			lines++
			where := set.Position(call.Pos()).String()
			require.NotEmpty(t, args, where)
			_, constant := word(args[0])
			require.True(t, constant, "%s: what happened is a constant, and what it happened to stands under a key", where)
			require.Equal(t, 1, len(args)%2, "%s: a key without a value", where)
			for i := 1; i < len(args); i += 2 {
				key, constant := word(args[i])
				require.True(t, constant && key != "" && key == strings.ToLower(key) && !strings.ContainsAny(key, " -."), where)
				require.Empty(t, logNames[key], "%s: the key %s is called so everywhere", where, key)
			}
			return true
		})
		return nil
	}))
	require.Greater(t, lines, 40)
}

// logged answers a call of a logger with its arguments but for the context.
func logged(n ast.Node) (*ast.CallExpr, []ast.Expr) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return nil, nil
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil, nil
	}
	name, hasContext := strings.CutSuffix(method.Sel.Name, "Context")
	if !slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, name) {
		return nil, nil
	}
	switch on := method.X.(type) {
	case *ast.SelectorExpr:
		ok = strings.EqualFold(on.Sel.Name, "log")
	case *ast.Ident:
		ok = slices.Contains([]string{"log", "slog"}, on.Name)
	default:
		ok = false
	}
	switch {
	case !ok:
		return nil, nil
	case hasContext:
		return call, call.Args[1:]
	}
	return call, call.Args
}

// word is the value of a string constant.
func word(e ast.Expr) (string, bool) {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(literal.Value)
	return text, err == nil
}

package config

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/kampyn/opsbot/chat"
)

// scalar reads a single value.
func (r *reader) scalar(path string, node ast.Node, v reflect.Value) {
	text, ok := r.text(path, node)
	if !ok {
		return
	}
	say, try := "", ""
	switch target := v.Addr().Interface().(type) {
	case *Secret:
		if text, ok = r.secret(path, text); ok {
			*target = NewSecret(text)
		}
	case *string:
		*target = text
	case *bool:
		switch text {
		case "true", "false":
			*target = text == "true"
		default:
			say, try = quote(text)+" is neither true nor false", ""
		}
	case *int:
		n, err := strconv.Atoi(text)
		if *target = n; err != nil {
			say = quote(text) + " is no whole number"
		}
	case *time.Duration, *Percent, *Bytes, *Clock:
		say, try = measured(text, target)
	case *slog.Level:
		levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
		level, known := levels[text]
		if *target = level; !known {
			say, try = oneOf(text, "debug", "info", "warn", "error")
		}
	case **time.Location:
		zone, err := time.LoadLocation(text)
		if err == nil && text != "" && text != "Local" {
			*target = zone
			break
		}
		say, try = quote(text)+" is no time zone", "write one like Asia/Kolkata or UTC"
	default:
		panic(fmt.Sprintf("config: no way to read a %T", target))
	}
	if say != "" {
		r.report(path, node.GetToken(), say, try)
	}
}

// measured reads an amount of time, of a whole or of bytes.
func measured(text string, into any) (say, try string) {
	switch target := into.(type) {
	case *time.Duration:
		d, err := parseDuration(text)
		if *target = d; err != nil {
			say, try = quote(text)+" is no duration", "write it like 20s, 30m, 1h30m or 7d"
		}
	case *Percent:
		p, err := parsePercent(text)
		if *target = p; err != nil {
			say, try = quote(text)+" is no percentage", "write it like 85%"
		}
	case *Bytes:
		n, err := parseBytes(text)
		if *target = n; err != nil {
			say, try = quote(text)+" is no size", "write it like 500kB, 100MB or 2GB"
		}
	case *Clock:
		at, err := time.Parse("15:04", text)
		if *target = Clock(at.Hour()*60 + at.Minute()); err != nil {
			say, try = quote(text)+" is no time of the day", "write it like 22:00"
		}
	}
	return say, try
}

// days are whole ones, of 24 hours.
var days = regexp.MustCompile(`^([0-9]{1,4})d$`)

func parseDuration(text string) (time.Duration, error) {
	if parts := days.FindStringSubmatch(text); parts != nil {
		hours, err := time.ParseDuration(parts[1] + "h")
		return 24 * hours, err
	}
	return time.ParseDuration(text)
}

// quote shows a value that is not secret, cut short.
func quote(text string) string {
	if short := []rune(text); len(short) > 60 {
		text = string(short[:60]) + "…"
	}
	return strconv.Quote(text)
}

// oneOf is what to say about a value that is none of the valid ones.
func oneOf(text string, valid ...string) (say, try string) {
	if near := chat.Nearest(text, valid); near != "" {
		return quote(text) + " is not a value for this", fmt.Sprintf("did you mean %q?", near)
	}
	return quote(text) + " is not a value for this", "known: " + strings.Join(valid, ", ")
}

// text is a scalar as it stands in the file, with the environment put into strings.
func (r *reader) text(path string, node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return r.expand(path, node, n.Value)
	case *ast.LiteralNode:
		return r.expand(path, node, n.Value.Value)
	case ast.ScalarNode:
		return strings.TrimSpace(n.GetToken().Value), true
	}
	r.report(path, node.GetToken(), "this must be a single value", "")
	return "", false
}

// variable matches ${NAME}, ${NAME:-default}, the escape $${, and what looks like one of them.
var variable = regexp.MustCompile(`\$?\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?:(:-)([^{}]*))?\})?`)

// expand replaces the variables of a string. What the environment holds is not looked at again.
func (r *reader) expand(path string, node ast.Node, text string) (string, bool) {
	ok := true
	report := func(say, try string) string {
		r.report(path, node.GetToken(), say, try)
		ok = false
		return ""
	}
	expanded := variable.ReplaceAllStringFunc(text, func(match string) string {
		groups := variable.FindStringSubmatch(match)
		name, fallback := groups[1], groups[3]
		if strings.HasPrefix(match, "$$") {
			return match[1:]
		}
		if name == "" {
			return report("a ${ is not followed by a name and }", "write ${NAME}, ${NAME:-default}, or $${ for a plain ${")
		}
		value, set := r.env(name)
		switch {
		case groups[2] != "" && value == "":
			return fallback
		case !set:
			return report("the environment variable "+name+" is not set", "set it, or give a default with ${"+name+":-…}")
		case value == "":
			return report("the environment variable "+name+" is empty", "set it, or allow that with ${"+name+":-}")
		}
		return value
	})
	return expanded, ok
}

// maxSecretFile is the largest file in bytes that is taken for a secret.
const maxSecretFile = 64 << 10

// secret reads the file behind "file:", or answers the text itself.
func (r *reader) secret(path, text string) (string, bool) {
	name, ok := strings.CutPrefix(text, "file:")
	if !ok {
		return strings.TrimRight(text, "\r\n"), true
	}
	file, err := os.Open(r.absolute(name))
	if err != nil {
		r.report(path, nil, "the secret's file cannot be read: "+err.Error(), "")
		return "", false
	}
	defer func() { _ = file.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(file, maxSecretFile+1))
	content = []byte(strings.TrimRight(string(content), "\r\n"))
	switch {
	case err != nil:
		r.report(path, nil, "the secret's file cannot be read: "+err.Error(), "")
	case len(content) > maxSecretFile:
		r.report(path, nil, "the secret's file "+name+" is larger than 64 KiB", "name a file that holds nothing else")
	case len(content) == 0:
		r.report(path, nil, "the secret's file "+name+" is empty", "")
	default:
		return string(content), true
	}
	return "", false
}

// absolute is a path of the configuration, which starts at the file's folder.
func (r *reader) absolute(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(r.dir, path)
}

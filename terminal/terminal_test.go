package terminal_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/demo/stage"
	mongosandbox "github.com/kampyn/opsbot/sandbox/mongo"
	"github.com/kampyn/opsbot/state"
	"github.com/kampyn/opsbot/terminal"
)

const (
	annaKey   = "anna's own key, not a short one"
	benKey    = "ben's own key, of some length"
	chitraKey = "chitra's own key, also long"
)

// desk is a stage and somebody at a terminal in front of it.
type desk struct {
	*testing.T
	stage  *stage.Stage
	config string // of --config
}

// setup starts a stage whose configuration has the keys of anna and ben, who are approvers, and of chitra, who is not.
func setup(t *testing.T, approvals int) *desk {
	t.Helper()
	dir := t.TempDir()
	s, err := stage.Start(t.Context(), stage.Options{Dir: dir, Scale: 0.02, Folder: true, Approvals: approvals})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	d := &desk{T: t, stage: s, config: s.ConfigFile()}
	d.edit(func(text string) string {
		text = strings.NewReplacer(s.Keys[s.Anna], annaKey, s.Keys[s.Ben], benKey).Replace(text)
		return strings.Replace(text, "  keys:\n", "  keys:\n    "+s.Chitra+": "+chitraKey+"\n", 1)
	})
	return d
}

// edit changes the configuration file.
func (d *desk) edit(change func(string) string) {
	d.Helper()
	before, err := os.ReadFile(d.config)
	require.NoError(d, err)
	after := change(string(before))
	require.NotEqual(d, string(before), after)
	require.NoError(d, os.WriteFile(d.config, []byte(after), 0o600))
}

// with is the desk for a subtest, with anna at it.
func (d *desk) with(t *testing.T) *desk {
	t.Setenv("OPSBOT_APPROVAL_KEY", annaKey)
	return &desk{t, d.stage, d.config}
}

// said is what a command left.
type said struct {
	code     int
	out, err string
}

// run runs the command line with nobody to answer.
func (d *desk) run(args ...string) said { return d.answer(strings.NewReader(""), args...) }

func (d *desk) answer(in io.Reader, args ...string) said {
	var out, errs bytes.Buffer
	code := terminal.Main(d.Context(), append(args, "--config", d.config), terminal.Streams{In: in, Out: &out, Err: &errs})
	s := said{code, out.String(), strings.Join(human(errs.String()), "\n")}
	d.Logf("opsbot %s\n%s%s\nexit %d", strings.Join(args, " "), s.out, s.err, code)
	return s
}

// human leaves the log out, which goes to the same stream.
func human(text string) []string {
	lines := []string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "time=") {
			lines = append(lines, line)
		}
	}
	return lines
}

// fails holds that a command answered the code and nothing but an explanation with all the words.
func (d *desk) fails(code int, args []string, words ...string) {
	d.Helper()
	s := d.run(args...)
	require.Equal(d, code, s.code, s.err)
	require.Empty(d, s.out)
	for _, word := range words {
		require.Contains(d, s.err, word)
	}
}

// first is the first thing that the pattern's group finds.
func first(t testing.TB, pattern, text string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(text)
	require.NotNil(t, found, "%s in:\n%s", pattern, text)
	return found[1]
}

// objects lists what the store holds.
func (d *desk) objects() []string {
	d.Helper()
	var names []string
	root := filepath.Join(filepath.Dir(d.config), "objects")
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if !os.IsNotExist(err) {
		require.NoError(d, err)
	}
	return names
}

func TestWithoutAStage(t *testing.T) {
	d := &desk{T: t, config: filepath.Join(t.TempDir(), "none.yaml")}
	for _, args := range [][]string{{}, {"backup"}, {"help"}, {"restore", "--help"}} {
		s := d.run(args...)
		require.Equal(t, 0, s.code, args)
		require.Contains(t, s.out, "Usage:", args)
		require.Empty(t, s.err, args)
	}
	version := d.run("version")
	require.Equal(t, 0, version.code)
	require.Regexp(t, `^opsbot \d+\.\d+\.\d+\n$`, version.out)

	for _, test := range []struct {
		args  []string
		words []string
	}{
		{[]string{"bakup"}, []string{"`opsbot bakup`", "Did you mean `opsbot backup`?"}},
		{[]string{"backup", "nwo"}, []string{"`opsbot backup nwo`", "`opsbot backup now`"}},
		{[]string{"jobs", "shwo"}, []string{"`opsbot jobs shwo`", "`opsbot jobs show`"}},
		{[]string{"backup", "show"}, []string{"a word is missing", "Usage: opsbot backup show <backup or database>"}},
		{[]string{"backup", "list", "a", "b"}, []string{"a word too many", "Usage: opsbot backup list [database]"}},
		{[]string{"restore"}, []string{"Usage: opsbot restore <backup or database> [collection…]"}},
		{[]string{"version", "now"}, []string{"a word too many", "Usage: opsbot version"}},
		{[]string{"backup", "now", "--fast"}, []string{"--fast"}},
		{[]string{"backup", "list"}, []string{"none.yaml", "--config", "opsbot.example.yaml"}},
	} {
		d.fails(2, test.args, test.words...)
	}
}

func TestApprovalCode(t *testing.T) {
	d := &desk{T: t, config: "none.yaml"}
	hash := strings.Repeat("0f", 32)
	t.Setenv("OPSBOT_APPROVAL_KEY", "")
	d.fails(2, []string{"approval-code", hash}, "OPSBOT_APPROVAL_KEY is not set", "approvals.keys")
	t.Setenv("OPSBOT_APPROVAL_KEY", benKey)
	d.fails(2, []string{"approval-code", "r-abcde"}, `"r-abcde" is no plan hash`)
	one := d.run("approval-code", hash)
	require.Equal(t, 0, one.code)
	require.Regexp(t, `^[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}\n$`, one.out)
	require.Equal(t, one.out, d.run("approval-code", strings.ToUpper(hash)).out)
	require.NotEqual(t, one.out, d.run("approval-code", strings.Repeat("0e", 32)).out)
}

// TestATeamOfTwo goes through a day at the terminal on one stage; its parts build upon each other.
func TestATeamOfTwo(t *testing.T) {
	d := setup(t, 1)
	parts := []struct {
		name string
		do   func(*desk)
	}{
		{"nothing yet", nothingYet}, {"faults of the configuration", configFaults}, {"backup", backup},
		{"wrong names", wrongNames}, {"restore", restore}, {"approvals that fail", approvalsThatFail},
		{"drop", dropIt}, {"jobs", jobsToo}, {"audit", audit}, {"damage", damage},
	}
	for _, part := range parts {
		if !t.Run(part.name, func(t *testing.T) { part.do(d.with(t)) }) {
			return
		}
	}
}

func nothingYet(d *desk) {
	list := d.run("backup", "list")
	require.Equal(d, said{0, "There is no backup yet.\n", ""}, list)
	require.Equal(d, said{0, "There was no run yet.\n", ""}, d.run("jobs"))
	d.fails(2, []string{"backup", "show", "orders"}, "There is no backup yet.", "`opsbot backup now`")
	d.fails(2, []string{"jobs", "show", "r-12345"}, "`r-12345`", "There has been no run yet.")
	d.fails(2, []string{"backup", "now", "ordrs"}, "`ordrs`", "`orders`")
	d.fails(2, []string{"backup", "now", "orders", "itmes"}, "`itmes`", "`items`")
	require.Empty(d, d.objects())
	require.Equal(d, "There was no run yet.\n", d.run("jobs").out)
}

func configFaults(d *desk) {
	broken := filepath.Join(d.TempDir(), "broken.yaml")
	text, err := os.ReadFile(d.config)
	require.NoError(d, err)
	faulty := strings.NewReplacer("approvals:", "aprovals:", "timezone: Asia/Kolkata", "timezone: Asia/Kolkatta").Replace(string(text))
	require.NoError(d, os.WriteFile(broken, []byte(faulty), 0o600))
	(&desk{d.T, d.stage, broken}).fails(2, []string{"backup", "now"}, "broken.yaml:", "aprovals: unknown key", `"approvals"`, "Asia/Kolkatta")
}

func backup(d *desk) {
	s := d.run("backup", "now", "orders", "items")
	require.Equal(d, 0, s.code, s.err)
	require.Empty(d, s.err)
	require.NotContains(d, s.out, "\r", "piped output has whole lines only")
	require.NotContains(d, s.out, "\033")
	require.NotContains(d, s.out, "<!date")
	require.Contains(d, s.out, "Succeeded")

	list := d.run("backup", "list")
	require.Equal(d, 0, list.code)
	require.Regexp(d, `(?m)^items-\S+ +\S+ \S+ UTC +[\d,]+ .* verified$`, list.out)
	require.Regexp(d, `(?m)^orders-\S+ +\S+ \S+ UTC +[\d,]+ .* verified$`, list.out)
	only := d.run("backup", "list", "items").out
	require.NotContains(d, only, "orders-")

	id := first(d, `(orders-\S+)`, list.out)
	for _, word := range []string{id, "orders"} {
		show := d.run("backup", "show", word)
		require.Equal(d, 0, show.code)
		require.Regexp(d, `(?s)^`+id+`\n  verified.*"kampyn_orders\.[^"]+".*orders/`+id+`/archive.zst .*[0-9a-f]{64}`, show.out)
	}
	verify := d.run("backup", "verify", "items", id)
	require.Equal(d, 0, verify.code, verify.err)
	require.Contains(d, verify.out, id)
}

func wrongNames(d *desk) {
	before := d.objects()
	runs := d.run("jobs").out
	id := first(d, `(orders-\S+)`, d.run("backup", "list").out)
	d.fails(2, []string{"backup", "list", "order"}, "`order`", "`orders`")
	d.fails(2, []string{"backup", "show", "ordres"}, "`ordres`", "`orders`")
	d.fails(2, []string{"backup", "show", id[:len(id)-1] + "_"}, "_`", "`"+id+"`")
	d.fails(2, []string{"backup", "verify", "items", "acounts"}, "`acounts`")
	d.fails(2, []string{"restore", "ordrs"}, "`ordrs`", "`orders`")
	d.fails(2, []string{"restore", "orders", "ordrs"}, "`ordrs`", "`orders`")
	d.fails(2, []string{"restore", "orders", "--to", "kampyn_orders"}, "`kampyn_orders`", "only beside it")
	d.fails(2, []string{"restore", "drop", "kampyn_orders"}, "`kampyn_orders`", "made by a restore")
	d.fails(2, []string{"jobs", "cancel", "r-zzzzz"}, "`r-zzzzz`")
	require.Equal(d, before, d.objects())
	require.Equal(d, runs, d.run("jobs").out)
}

// exchange runs a command that waits for answers; reply is given all that was printed up to each question and answers
// with a line, or with io.EOF to close the input.
func (d *desk) exchange(reply func(question string) (string, error), args ...string) said {
	in, keys := io.Pipe()
	screen := &screen{ask: func(text string) {
		line, err := reply(text)
		go func() {
			// The reader may have gone; the outcome says what came of it.
			_, _ = io.WriteString(keys, line)
			if err != nil {
				_ = keys.CloseWithError(err)
			}
		}()
	}}
	var errs bytes.Buffer
	code := terminal.Main(d.Context(), append(args, "--config", d.config), terminal.Streams{In: in, Out: screen, Err: &errs})
	_ = in.Close()
	s := said{code, screen.String(), strings.Join(human(errs.String()), "\n")}
	d.Logf("opsbot %s\n%s%s\nexit %d", strings.Join(args, " "), s.out, s.err, code)
	return s
}

// screen calls ask when what was written ends with a question.
type screen struct {
	bytes.Buffer
	ask func(string)
}

func (s *screen) Write(p []byte) (int, error) {
	n, err := s.Buffer.Write(p)
	if bytes.HasSuffix(p, []byte(": ")) {
		s.ask(s.String())
	}
	return n, err
}

// code is what the second person's own opsbot says about the plan on the screen.
func (d *desk) code(key, screen string) string {
	d.Helper()
	var out bytes.Buffer
	require.NoError(d, os.Setenv("OPSBOT_APPROVAL_KEY", key)) // on a machine of their own
	defer func() { require.NoError(d, os.Setenv("OPSBOT_APPROVAL_KEY", annaKey)) }()
	hash := first(d, `opsbot approval-code ([0-9a-f]{64})`, screen)
	require.Equal(d, 0, terminal.Main(d.Context(), []string{"approval-code", hash}, terminal.Streams{Out: &out, Err: io.Discard}))
	return out.String()
}

func restore(d *desk) {
	for _, nobody := range []string{"", "somebody's key"} {
		require.NoError(d, os.Setenv("OPSBOT_APPROVAL_KEY", nobody))
		d.fails(2, []string{"restore", "orders"}, "I can't tell who proposes this", "OPSBOT_APPROVAL_KEY")
	}
	require.NoError(d, os.Setenv("OPSBOT_APPROVAL_KEY", annaKey))
	asked := 0
	s := d.exchange(func(screen string) (string, error) {
		asked++
		switch asked {
		case 1:
			require.Contains(d, screen, "restored_orders")
			require.Contains(d, screen, "nothing: the database is new, the old one is not touched")
			return "\n", nil
		case 2:
			return "AAAA-BBBB-CCCC\n", nil
		case 3:
			return d.code(chitraKey, screen), nil
		case 4:
			return d.code(annaKey, screen), nil
		}
		return strings.ToLower(strings.ReplaceAll(d.code(benKey, screen), "-", " ")), nil
	}, "restore", "orders", "--to", "restored_orders")
	require.Equal(d, 0, s.code, s.err)
	require.Equal(d, 5, asked)
	require.Contains(d, s.err, "You proposed this plan, so somebody else has to approve it.")
	require.Contains(d, s.err, "That code fits nobody's key for this plan.")
	require.Contains(d, s.err, "`"+d.stage.Chitra+"`, who is no approver")
	require.Contains(d, s.out, "Proven equal.")
	require.NotContains(d, s.out+s.err, benKey)
	require.Regexp(d, `restored \S+ in .*: equal true`, d.run("backup", "show", "orders").out)
}

func approvalsThatFail(d *desk) {
	eof := d.run("restore", "items")
	require.Equal(d, 1, eof.code)
	require.Contains(d, eof.err, "the input ended without an answer")
	id := first(d, `opsbot jobs cancel (r-\w+)`, eof.err)
	require.Contains(d, d.run("jobs", "show", id).out, "Waits for approval")
	cancel := d.run("jobs", "cancel", id)
	require.Equal(d, 0, cancel.code)
	require.Contains(d, cancel.out, "is cancelled")
	d.fails(2, []string{"jobs", "cancel", id}, "There is nothing to cancel", id)

	// A code is for one plan only.
	var other string
	s := d.exchange(func(screen string) (string, error) {
		other = d.code(benKey, screen)
		return "", io.EOF
	}, "restore", "items")
	require.Equal(d, 1, s.code)
	s = d.answer(strings.NewReader(other), "restore", "items")
	require.Equal(d, 1, s.code)
	require.Contains(d, s.err, "That code fits nobody's key for this plan.")
	require.Contains(d, s.err, "the plan was not approved")

	// Somebody else withdraws the plan meanwhile.
	s = d.exchange(func(screen string) (string, error) {
		d.run("jobs", "cancel", first(d, "`(r-\\w+)` · restore", screen))
		return d.code(benKey, screen), nil
	}, "restore", "items")
	require.Equal(d, 1, s.code)
	require.Contains(d, s.err, "This plan is closed")
	require.Contains(d, s.err, "before it began")
}

func dropIt(d *desk) {
	d.fails(2, []string{"restore", "drop", "restored_order"}, "`restored_order`", "`restored_orders`")
	s := d.exchange(func(screen string) (string, error) { return d.code(benKey, screen), nil }, "restore", "drop", "restored_orders")
	require.Equal(d, 0, s.code, s.err)
	require.Contains(d, s.out, "Everything in `restored_orders`")
	d.fails(2, []string{"restore", "drop", "restored_orders"}, "`restored_orders`", "None is left")
}

// audit holds that what was done here is on record, each thing once, and that the record shows meddling.
func audit(d *desk) {
	all := d.run("audit", "--json")
	require.Equal(d, 0, all.code, all.err)
	require.Equal(d, 1, strings.Count(all.out, "ran `opsbot backup show orders`, to no effect"))
	require.Equal(d, 1, strings.Count(all.out, "ran `opsbot backup now ordrs`, to no effect"))
	require.NotContains(d, all.out, annaKey)
	again := d.run("audit", "terminal", "audit", "24h", "--limit", "5")
	require.Contains(d, again.out, "ran `opsbot audit`")
	require.NotContains(d, again.out, "backup now")
	require.Contains(d, d.run("audit", "backup", "orders", "--csv").out, "seq,at,who_id")
	d.fails(2, []string{"audit", "ordrs"}, "`ordrs`", "`orders`")
	sound := d.run("audit", "verify")
	require.Equal(d, 0, sound.code, sound.err)
	require.Contains(d, sound.out, "are as they were written")

	file := filepath.Join(d.T.TempDir(), "state.db") // a copy is meddled with
	original, err := state.OpenSQLite(d.Context(), filepath.Join(filepath.Dir(d.config), "opsbot.db"))
	require.NoError(d, err)
	defer original.Close()
	copied, err := state.OpenSQLite(d.Context(), file)
	require.NoError(d, err)
	records, err := original.Query(d.Context(), state.Query{Kind: "event"})
	require.NoError(d, err)
	records[6].Value = bytes.Replace(records[6].Value, []byte(`"text":"`), []byte(`"text":"not `), 1)
	require.NoError(d, copied.Insert(d.Context(), records...))
	require.NoError(d, copied.Close())
	meddled := &desk{d.T, d.stage, filepath.Join(d.T.TempDir(), "opsbot.yaml")}
	text := regexp.MustCompile(`sqlite: \S+`).ReplaceAllString(d.configText(), "sqlite: "+file)
	require.NoError(d, os.WriteFile(meddled.config, []byte(text), 0o600))
	meddled.fails(2, []string{"audit", "verify"}, "broken at event 7", "was changed", "6 events before it")
}

func (d *desk) configText() string {
	text, err := os.ReadFile(d.config)
	require.NoError(d, err)
	return string(text)
}

func jobsToo(d *desk) {
	list := d.run("jobs")
	require.Equal(d, 0, list.code)
	require.Regexp(d, `(?m)^r-\w+ .* succeeded +Drop of`, list.out)
	require.Regexp(d, `(?m)^r-\w+ .* cancelled +Restore of`, list.out)
	id := first(d, `(?m)^(r-\w+) .* succeeded +Backup of`, list.out)
	show := d.run("jobs", "show", id)
	require.Equal(d, 0, show.code)
	require.Contains(d, show.out, "Backup of")
	d.fails(2, []string{"jobs", "cancel", id}, "There is nothing to cancel", id)
	d.fails(2, []string{"jobs", "show", id[2:]}, "`"+id[2:]+"`", "`"+id+"`")
}

func damage(d *desk) {
	id := first(d, `(items-\S+)`, d.run("backup", "list").out)
	archive := filepath.Join(filepath.Dir(d.config), "objects", "items", id, "archive.zst")
	content, err := os.ReadFile(archive)
	require.NoError(d, err)
	content[len(content)/2] ^= 1
	require.NoError(d, os.WriteFile(archive, content, 0o600))
	s := d.run("backup", "verify", id)
	require.Equal(d, 1, s.code)
	require.Contains(d, s.err, "failed")
	require.Regexp(d, id+` .*DAMAGED`, d.run("backup", "list").out)
	show := d.run("backup", "show", id).out
	require.Contains(d, show, "fault: ")
	require.Len(d, regexp.MustCompile(`(?m)^ *fault: .*\.$`).FindAllString(show, -1), strings.Count(show, "fault: "), "each fault takes one line")
	d.fails(2, []string{"restore", id}, "is not verified", "`opsbot backup verify "+id+"`")

	manifest := filepath.Join(filepath.Dir(archive), "manifest.json")
	require.NoError(d, os.WriteFile(manifest, []byte("{}"), 0o600))
	require.Regexp(d, id+` .*DAMAGED`, d.run("backup", "list").out)
	require.Contains(d, d.run("backup", "show", id).out, "The manifest is damaged.")
}

func TestATeamOfOne(t *testing.T) {
	d := setup(t, 0)
	require.Equal(t, 0, d.run("backup", "now", "cache").code)
	t.Run("restore", func(t *testing.T) {
		d := d.with(t)
		s := d.answer(strings.NewReader("copy\nCopy\n"), "restore", "cache", "--to", "copy_of_cache")
		require.Equal(t, 1, s.code)
		require.Contains(t, s.err, "`Copy` is not what has to be typed.")
		require.Contains(t, s.err, "The plan was not confirmed, so nothing was done; it is withdrawn.")
		s = d.answer(strings.NewReader("copy\ncopy_of_cache\n"), "restore", "cache", "--to", "copy_of_cache")
		require.Equal(t, 0, s.code, s.err)
		require.Contains(t, s.out, "Proven equal.")
		s = d.answer(strings.NewReader("cache\nkampyn_cache\n"), "restore", "cache", "--in-place")
		require.Equal(d, 0, s.code, s.out+s.err)
		require.Contains(d, s.out, "Proven equal")
		require.Contains(d, s.err, "is not what has to be typed")
		d.fails(2, []string{"restore", "finish", first(d, "`(r-\\w+)` · restore-in-place", s.out)}, "Nothing is left to finish")
		d.fails(2, []string{"restore", "cache", "--in-place", "--to", "x"}, "--in-place goes with neither")
		s = d.answer(strings.NewReader("copy_of_cache"), "restore", "drop", "copy_of_cache")
		require.Equal(t, 0, s.code, s.err)
		require.NotContains(t, d.run("jobs").out, "proposed")
	})
	t.Run("stopped while it runs", func(t *testing.T) { stopped(d.with(t)) })
	t.Run("stopped while it waits", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		in, keys := io.Pipe()
		defer keys.Close()
		out := &screen{ask: func(string) { stop() }}
		var errs bytes.Buffer
		require.Equal(t, 1, terminal.Main(ctx, []string{"restore", "cache", "--config", d.config}, terminal.Streams{In: in, Out: out, Err: &errs}))
		require.Contains(t, errs.String(), "stopped while waiting for an answer")
		require.NotContains(t, d.with(t).run("jobs").out, "proposed")
	})
	t.Run("a database that refuses", func(t *testing.T) {
		d := d.with(t)
		d.faults("cache").Fail("find", -1, mongosandbox.Error{Code: 13, CodeName: "Unauthorized", Message: "not authorized on cache"})
		s := d.run("backup", "now", "cache")
		require.Equal(t, 1, s.code)
		require.Contains(t, s.err, "failed")
	})
}

// stopped presses Ctrl-C while a backup reads.
func stopped(d *desk) {
	before := d.objects()
	ctx, stop := context.WithCancel(d.Context())
	defer stop()
	over := make(chan struct{})
	defer close(over)
	d.faults("orders").Do("find", 1, func() {
		stop()
		<-over
	})
	var out, errs bytes.Buffer
	code := terminal.Main(ctx, []string{"backup", "now", "orders", "--config", d.config}, terminal.Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	require.Equal(d, 1, code)
	require.Contains(d, errs.String(), "Stopping r-")
	require.Contains(d, errs.String(), "cancelled")
	require.Equal(d, before, d.objects())
	require.Regexp(d, `cancelled +Backup of`, d.run("jobs").out)
}

// faults are those of a database's server.
func (d *desk) faults(database string) *mongosandbox.Faults {
	d.Helper()
	for _, db := range d.stage.Databases {
		if db.Name == database {
			return db.Server.Faults()
		}
	}
	d.Fatalf("no database %s", database)
	return nil
}

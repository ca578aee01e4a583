package terminal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/terminal"
)

// TestExportRestoreAndPrune takes a backup out of the store, brings it back as an archive, and removes what is not needed.
func TestExportRestoreAndPrune(t *testing.T) {
	d := setup(t, 0)
	dir := t.TempDir()
	file := filepath.Join(dir, "cache.archive.gz")
	require.Equal(t, 0, d.run("backup", "now", "cache").code)
	for _, part := range []struct {
		name string
		do   func(*desk, string)
	}{{"export", exportIt}, {"restore an archive", restoreIt}, {"wrong archives", wrongArchives}, {"prune", pruneIt}} {
		t.Run(part.name, func(t *testing.T) { part.do(d.with(t), file) })
	}
}

func exportIt(d *desk, file string) {
	s := d.run("backup", "export", "cache", "--gzip", "--to", file)
	require.Equal(d, 0, s.code, s.err)
	require.Contains(d, s.out, "as the manifest says")
	whole, err := os.ReadFile(file)
	require.NoError(d, err)
	left, err := os.ReadDir(filepath.Dir(file))
	require.NoError(d, err)
	require.Len(d, left, 1, "nothing else is left there")

	d.fails(2, []string{"backup", "export", "cache", "--gzip", "--to", file}, "There is a file", "--force")
	d.fails(2, []string{"backup", "export", "cahce", "--to", file + "2"}, "cahce", "Did you mean `cache`?")
	d.fails(2, []string{"backup", "export", "cache", "--gzip", "--zstd"}, "gzip", "zstd")
	require.Equal(d, 2, d.run("backup", "export", "cache", "--collections", "nothing", "--to", file+"2").code)
	_, err = os.Stat(file + "2")
	require.ErrorIs(d, err, os.ErrNotExist)
	require.Equal(d, 1, d.run("backup", "export", "cache", "--to", filepath.Join(filepath.Dir(file), "no", "folder")).code)
	require.Equal(d, 0, d.run("backup", "export", "cache", "--gzip", "--to", file, "--force").code)

	var out, errs bytes.Buffer
	require.Equal(d, 0, terminal.Main(d.Context(), []string{"backup", "export", "cache", "--gzip", "--to", "-", "--config", d.config},
		terminal.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}))
	require.Equal(d, whole, out.Bytes(), "only the archive goes to standard output")
	require.Contains(d, errs.String(), "as the manifest says")
}

func restoreIt(d *desk, file string) {
	d.fails(2, []string{"restore", "--archive", file}, "On which deployment", "`cache`", "--on")
	d.fails(2, []string{"restore", "--archive", file, "--on", "cahce"}, "cahce", "Did you mean `cache`?")
	d.fails(2, []string{"restore", "cache", "--on", "cache"}, "--on goes with --archive")
	before := d.objects()
	s := d.answer(strings.NewReader(""), "restore", "--archive", file, "--on", "orders", "--to", "from_a_file")
	require.Equal(d, 1, s.code)
	require.Contains(d, s.err, "it is withdrawn")
	require.Equal(d, before, d.objects())

	s = d.answer(strings.NewReader("from_a_file\n"), "restore", "--archive", file, "--on", "orders", "--to", "from_a_file")
	require.Equal(d, 0, s.code, s.err)
	require.Contains(d, s.out, "Proven equal.")
	require.Contains(d, s.out, "read to its end and sound")
	require.Contains(d, s.out, "nothing is left out")
	require.Contains(d, d.run("jobs").out, "Restore of the archive")
	require.Contains(d, d.run("restore", "--archive", file, "--on", "orders", "--to", "from_a_file").err, "is not empty")
	s = d.answer(strings.NewReader("from_a_file\n"), "restore", "drop", "from_a_file")
	require.Equal(d, 0, s.code, s.err)

	// Through a pipe nobody can type the confirmation, unless there is a terminal.
	if _, err := os.Open("/dev/tty"); err != nil {
		data, err := os.Open(file)
		require.NoError(d, err)
		defer data.Close()
		s = d.answer(data, "restore", "--archive", "-", "--on", "orders")
		require.Equal(d, 2, s.code)
		require.Contains(d, s.err, "where you would type the confirmation")
	}
}

func wrongArchives(d *desk, file string) {
	whole, err := os.ReadFile(file)
	require.NoError(d, err)
	before, runs := d.objects(), d.run("jobs").out
	for name, c := range map[string]struct {
		data []byte
		say  string
	}{
		"cut":   {whole[:len(whole)/2], "is damaged"},
		"text":  {[]byte("no archive"), "is no archive of mongodump"},
		"empty": {nil, "is empty"},
	} {
		bad := filepath.Join(filepath.Dir(file), name)
		require.NoError(d, os.WriteFile(bad, c.data, 0o600))
		s := d.run("restore", "--archive", bad, "--on", "orders")
		require.NotZero(d, s.code)
		require.Contains(d, s.err, c.say)
	}
	s := d.run("restore", "--archive", filepath.Join(filepath.Dir(file), "missing"), "--on", "orders")
	require.Equal(d, 1, s.code)
	require.Contains(d, s.err, "cannot be opened")

	// One that changes between the plan and its approval is refused.
	changing := filepath.Join(filepath.Dir(file), "changing")
	require.NoError(d, os.WriteFile(changing, whole, 0o600))
	s = d.exchange(func(string) (string, error) {
		require.Equal(d, 0, d.run("backup", "export", "cache", "--plain", "--to", changing, "--force").code)
		return "changed\n", nil
	}, "restore", "--archive", changing, "--on", "orders", "--to", "changed")
	require.Equal(d, 1, s.code)
	require.Contains(d, s.err, "its content has changed. Nothing was written.")
	require.Equal(d, before, d.objects())
	require.NotEqual(d, runs, d.run("jobs").out, "the refusal is on record")
}

func pruneIt(d *desk, _ string) {
	d.fails(2, []string{"backup", "prune"}, "nothing to remove", "all 1 stay")
	require.Equal(d, 0, d.run("backup", "now", "cache").code)
	s := d.run("backup", "prune", "--dry-run")
	require.Equal(d, 0, s.code, s.err)
	require.Contains(d, s.out, "REMOVE  cache-")
	require.Contains(d, s.out, "Nothing was removed.")
	before := len(d.objects())
	s = d.answer(strings.NewReader("remove 1\n"), "backup", "prune", "cache")
	require.Equal(d, 0, s.code, s.err)
	require.Contains(d, s.out, "1 backup removed")
	require.Less(d, len(d.objects()), before)
	d.fails(2, []string{"backup", "prune", "cahce"}, "Did you mean `cache`?")
}

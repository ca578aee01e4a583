package commands

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
)

// What App Home shows at most of each kind, so that it stays within Slack's 100 blocks and can be read at a glance.
const (
	homeDecisions = 5
	homeRuns      = 8
	homeDatabases = 60
	homeUpcoming  = 5
	homeEvents    = 8
)

// Home is what App Home shows: what asks for something comes first.
func Home(p Parts) bot.Home {
	h := &home{Parts: p}
	return bot.Home{Stamp: h.stamp, Sections: []bot.Section{
		{Name: "opsbot", Draw: h.actions},
		{Name: "Needs a decision", Draw: h.decisions},
		{Name: "Health", Draw: h.health},
		{Name: "Incidents", Draw: h.incidents},
		{Name: "Checklists", Draw: h.checklists},
		{Name: "Running", Draw: h.running},
		{Name: "Backups", Draw: h.backups},
		{Name: "Coming up", Draw: h.upcoming},
		{Name: "Lately", Draw: h.lately},
	}}
}

// home draws the sections. The backups are read from the store again when runs have changed, and once a minute.
type home struct {
	Parts

	mu       sync.Mutex
	happened int64 // the newest event that was seen
	stale    bool
	read     time.Time
	entries  []backups.Entry
}

// stamp changes with every event, with the progress of every run and with how checks stand.
func (h *home) stamp(ctx context.Context) (string, error) {
	last, err := h.Events.Query(ctx, events.Filter{Limit: 1})
	if err != nil {
		return "", err
	}
	active, err := h.Runner.Active(ctx)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, e := range last {
		fmt.Fprint(&b, e.Seq)
		h.mu.Lock()
		h.happened, h.stale = e.Seq, h.stale || e.Seq != h.happened
		h.mu.Unlock()
	}
	for _, run := range active {
		fmt.Fprint(&b, " ", run.ID, run.Status, run.Cancel != nil, h.Runner.HowFar(run))
		if run.Plan != nil {
			fmt.Fprint(&b, len(run.Plan.Approvals))
		}
	}
	stand, err := h.healthStamp(ctx)
	return b.String() + stand, err
}

// actions are the common things, as far as the person may do them.
func (h *home) actions(_ context.Context, v bot.Viewer) ([]chat.Part, error) {
	row := chat.Actions{}
	if v.May(bot.Operator) {
		row = append(row,
			chat.Button{Action: "backup.all", Label: "Back up now", Style: chat.Primary, Confirm: &chat.Confirm{
				Title: "Back up now?", Text: "All " + chat.Plural(int64(len(h.Databases)), "database") + " are read and verified.", Yes: "Back up", No: "Back"}},
			chat.Button{Action: "backup.choose", Label: "Choose databases…"},
			chat.Button{Action: "restore.open", Label: "Restore…"})
	}
	if h.Incidents {
		row = append(row, chat.Button{Action: "incident.declare", Label: "Declare an incident"})
	}
	row = append(row, chat.Button{Action: "backup.list", Label: "Backups"}, chat.Button{Action: "jobs.list", Label: "Jobs"},
		chat.Button{Action: "help", Label: "Help"})
	return []chat.Part{row}, nil
}

// decisions are the plans that wait, with buttons for those who may decide.
func (h *home) decisions(ctx context.Context, v bot.Viewer) ([]chat.Part, error) {
	waiting, err := h.active(ctx, func(s jobs.Status) bool { return s == jobs.Proposed })
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	parts := []chat.Part{chat.Header("Needs a decision")}
	for _, run := range waiting[:min(len(waiting), homeDecisions)] {
		text := fmt.Sprintf("📝 *%s* · %s\n%s · asked for by %s · until %s", shorten(run.Title, 300), chat.Literal(run.ID), shorten(run.Plan.Title, 600),
			run.By.Mention(), chat.Time(run.Plan.Expires))
		if run.Plan.Needs > 0 {
			text += fmt.Sprintf(" · %d of %d approvals", len(run.Plan.Approvals), run.Plan.Needs)
		}
		parts = append(parts, chat.Item{Text: text, Beside: chat.Button{Action: "run.show", Value: run.ID, Label: "Show"}})
		if row := h.decide(run, v); len(row) > 0 {
			parts = append(parts, row)
		}
	}
	return more(parts, len(waiting)-homeDecisions, "`/jobs`"), nil
}

// decide are the buttons of a plan for those who may press them: nobody approves what they have proposed.
func (h *home) decide(run jobs.Run, v bot.Viewer) chat.Actions {
	mine := run.By.ID == v.ID
	may := map[string]bool{
		"plan.approve": v.May(bot.Approver) && !mine, "plan.confirm": v.May(bot.Operator) && mine, "plan.decline": v.May(bot.Involved),
	}
	row := chat.Actions{}
	for _, b := range h.Runner.Buttons(run) {
		if may[b.Action] {
			row = append(row, b)
		}
	}
	return row
}

// running is what is under way or waits for its turn.
func (h *home) running(ctx context.Context, _ bot.Viewer) ([]chat.Part, error) {
	active, err := h.active(ctx, func(s jobs.Status) bool { return s != jobs.Proposed })
	if err != nil {
		return nil, err
	}
	if len(active) == 0 {
		return []chat.Part{chat.Header("Running"), chat.Text("Nothing is running.")}, nil
	}
	parts := []chat.Part{chat.Header("Running")}
	for _, run := range active[:min(len(active), homeRuns)] {
		text := shorten(h.runLine(run), 600)
		if far := h.Runner.HowFar(run); far != "" {
			text += " · " + far
		}
		parts = append(parts, chat.Item{Text: text, Beside: chat.Button{Action: "run.show", Value: run.ID, Label: "Show"}})
	}
	return more(parts, len(active)-homeRuns, "`/jobs`"), nil
}

// active answers the runs that have not ended, newest first.
func (h *home) active(ctx context.Context, wanted func(jobs.Status) bool) ([]jobs.Run, error) {
	all, err := h.Runner.Active(ctx)
	if err != nil {
		return nil, err
	}
	some := []jobs.Run{}
	for _, run := range all {
		if wanted(run.Status) {
			some = append(some, run)
		}
	}
	return some, nil
}

// backups is the newest backup of each database; what does not count comes first.
func (h *home) backups(ctx context.Context, _ bot.Viewer) ([]chat.Part, error) {
	entries, err := h.newest(ctx)
	if err != nil {
		return nil, err
	}
	bad, good := []string{}, []string{}
	for _, db := range h.Databases {
		line := h.newestLine(db.Name, entries)
		if strings.HasPrefix(line, "✅") {
			good = append(good, line)
		} else {
			bad = append(bad, line)
		}
	}
	lines := append(bad, good...)
	parts := []chat.Part{chat.Header("Backups"), chat.Text(strings.Join(lines[:min(len(lines), homeDatabases)], "\n"))}
	return more(parts, len(lines)-homeDatabases, "`/backup`"), nil
}

func (h *home) newest(ctx context.Context) ([]backups.Entry, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	age := time.Since(h.read)
	if h.entries != nil && (age < 5*time.Second || !h.stale && age < time.Minute) {
		return h.entries, nil
	}
	entries, err := h.Catalogue.List(ctx, "")
	if err != nil {
		return nil, err
	}
	h.entries, h.read, h.stale = append([]backups.Entry{}, entries...), time.Now(), false
	return h.entries, nil
}

func (h *home) upcoming(ctx context.Context, _ bot.Viewer) ([]chat.Part, error) {
	lines := h.upcomingLines(ctx)
	if len(lines) == 0 {
		return nil, nil
	}
	parts := []chat.Part{chat.Header("Coming up"), chat.Text(shorten(strings.Join(lines[:min(len(lines), homeUpcoming)], "\n"), 2500))}
	return more(parts, len(lines)-homeUpcoming, "`/jobs`"), nil
}

// lately is what happened; what was merely asked for is left out.
func (h *home) lately(ctx context.Context, _ bot.Viewer) ([]chat.Part, error) {
	found, err := h.Events.Query(ctx, events.Filter{Limit: 10 * homeEvents})
	if err != nil {
		return nil, err
	}
	lines := []string{}
	for _, e := range found {
		if e.What != "command" && len(lines) < homeEvents {
			lines = append(lines, chat.Time(e.At)+" · "+shorten(e.Text, 280))
		}
	}
	if len(lines) == 0 {
		return nil, nil
	}
	return []chat.Part{chat.Header("Lately"), chat.Text(strings.Join(lines, "\n"))}, nil
}

// more adds how many are not shown, and where they are.
func more(parts []chat.Part, left int, where string) []chat.Part {
	if left <= 0 {
		return parts
	}
	return append(parts, chat.Note(fmt.Sprintf("…and %d more: %s", left, where)))
}

// shorten cuts a text to n characters, at a space before a token that would be broken.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	s = string(r[:n])
	if i := strings.LastIndexByte(s, '<'); i >= 0 && !strings.Contains(s[i:], ">") {
		s = s[:i]
	}
	return s + "…"
}

package commands

import (
	"context"
	"fmt"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// homeChecks is how many checks in trouble App Home shows.
const homeChecks = 5

// health is how all checks stand, and those in trouble one by one, the worst first.
func (h *home) health(ctx context.Context, v bot.Viewer) ([]chat.Part, error) {
	if h.Health == nil || len(h.Health.Rules().Checks) == 0 {
		return nil, nil
	}
	w, err := h.ward(ctx)
	if err != nil {
		return nil, err
	}
	all := w.byRank()
	parts := []chat.Part{chat.Header("Health"), chat.Item{Text: w.title(all), Beside: chat.Button{Action: "health.list", Label: "Show"}}}
	sick := 0
	for r, names := range all {
		if rank(r) == isUp {
			continue
		}
		for _, name := range names {
			if sick++; sick > homeChecks {
				continue
			}
			one, open := w.alerts[name]
			if open && one.CausedBy == "" && one.Acked.At.IsZero() && v.May(bot.Operator) {
				parts = append(parts, chat.Item{Text: shorten(w.line(name), 600), Beside: chat.Button{Action: "health.ack", Value: one.ID, Label: "Acknowledge"}})
			} else {
				parts = append(parts, chat.Text(shorten(w.line(name), 600)))
			}
		}
	}
	return more(parts, sick-homeChecks, "`/health`"), nil
}

// healthStamp changes when a check stands differently. Its newest answers are read when something else draws the page.
func (h *home) healthStamp(ctx context.Context) (string, error) {
	if h.Health == nil {
		return "", nil
	}
	stand, err := h.Health.Standings(ctx)
	if err != nil {
		return "", err
	}
	text := ""
	for _, name := range h.Health.Rules().Names() {
		s := stand[name]
		text += fmt.Sprint(" ", s.Status, s.Wavers(), s.Mute.Holds(h.Now()))
	}
	return text, nil
}

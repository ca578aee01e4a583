package commands

import (
	"context"
	"fmt"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

// homeIncidents is how many open incidents App Home shows.
const homeIncidents = 6

// incidents are the open ones, worst first. Private ones are shown to those only who declared them or have a role in
// them: who is in their channels is not asked for a page that is drawn this often.
func (h *home) incidents(ctx context.Context, v bot.Viewer) ([]chat.Part, error) {
	if h.Desk == nil {
		return nil, nil
	}
	all, err := h.Desk.Open(ctx)
	if err != nil {
		return nil, err
	}
	open := []incidents.Incident{}
	for _, i := range all {
		if !i.Private || i.Involves(v.ID) {
			open = append(open, i)
		}
	}
	parts := []chat.Part{chat.Header("Incidents")}
	if len(open) == 0 {
		parts = append(parts, chat.Text("Nothing is open. Declare one with `/incident`."))
	}
	for _, i := range open[:min(len(open), homeIncidents)] {
		parts = append(parts, chat.Item{Text: shorten(h.incidentLine(i), 600),
			Beside: chat.Button{Action: "incident.show", Value: fmt.Sprint(i.Number), Label: "Show"}})
	}
	parts = more(parts, len(open)-homeIncidents, "`/incident list`")
	actions, err := h.openActions(ctx, v)
	if err != nil || actions == "" {
		return parts, err
	}
	return append(parts, chat.Text(actions)), nil
}

// openActions counts what is still to be done after incidents; "" if that is nothing.
func (h *home) openActions(ctx context.Context, v bot.Viewer) (string, error) {
	with, err := h.Desk.WithOpenActions(ctx)
	if err != nil {
		return "", err
	}
	open, overdue, mine := 0, 0, 0
	for _, i := range with {
		if i.Private && !i.Involves(v.ID) {
			continue
		}
		for _, a := range i.OpenActions() {
			open++
			if !a.Due.IsZero() && a.Due.Before(h.Now()) {
				overdue++
			}
			if a.Who.ID == v.ID {
				mine++
			}
		}
	}
	if open == 0 {
		return "", nil
	}
	line := fmt.Sprintf("📌 %s to be done after incidents", chat.Plural(int64(open), "action"))
	if overdue > 0 {
		line += fmt.Sprintf(", *%d overdue*", overdue)
	}
	if mine > 0 {
		line += fmt.Sprintf(", %d yours", mine)
	}
	return line + ": `/incident actions`", nil
}

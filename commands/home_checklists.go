package commands

import (
	"context"
	"strconv"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// homeLists is how many open checklists App Home shows.
const homeLists = 5

// checklists are the open ones, with what is left of each.
func (h *home) checklists(ctx context.Context, _ bot.Viewer) ([]chat.Part, error) {
	if h.Lists == nil {
		return nil, nil
	}
	open, err := h.Lists.Open(ctx)
	if err != nil {
		return nil, err
	}
	parts := []chat.Part{chat.Header("Checklists")}
	if len(open) == 0 {
		parts = append(parts, chat.Text("None is open. `/checklist` starts one."))
	}
	for _, l := range open[:min(len(open), homeLists)] {
		parts = append(parts, chat.Item{Text: shorten(h.listLine(l), 600), Beside: chat.Button{Action: "checklist.show", Value: strconv.Itoa(l.Number), Label: "Show"}})
	}
	return more(parts, len(open)-homeLists, "`/checklist`"), nil
}

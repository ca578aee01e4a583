package incidents

import (
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// mostOpen is how many open actions a card names; `/incident actions` shows the others.
const mostOpen = 5

// actionParts are what is still to be done afterwards, and what keeps the post-mortem from being true.
func (r Rules) actionParts(i Incident) []chat.Part {
	var parts []chat.Part
	if open := i.OpenActions(); len(open) > 0 {
		lines := []string{"*Still to be done*"}
		for _, a := range open[:min(len(open), mostOpen)] {
			lines = append(lines, r.actionLine(a, time.Time{}))
		}
		if more := len(open) - mostOpen; more > 0 {
			lines = append(lines, fmt.Sprintf("and %d more: `/incident actions %s`", more, i.Name()))
		}
		parts = append(parts, chat.Text(strings.Join(lines, "\n")))
	}
	if i.PostMortem.Exists() && i.PostMortem.Fault != "" {
		parts = append(parts, chat.Note("⏳ The post-mortem is not up to date: "+i.PostMortem.Fault))
	}
	return parts
}

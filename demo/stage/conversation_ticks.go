package stage

import (
	"encoding/json"
	"fmt"
	"slices"
)

// checkboxes are a group as it stands in a message.
type checkboxes struct {
	Type     string   `json:"type"`
	ActionID string   `json:"action_id"`
	Options  []option `json:"options"`
	Initial  []option `json:"initial_options"`
}

type option struct {
	Text  struct{ Text string } `json:"text"`
	Value string                `json:"value"`
}

// Ticks presses a checkbox of the newest message that the person sees and that has it; it must be empty, or ticked.
func (c *Conversation) Ticks(user, label string, empty bool) error {
	verb := map[bool]string{true: "ticks", false: "unticks"}[empty]
	return c.act(fmt.Sprintf("\n%s %s %q", c.Name(user), verb, label), func() error {
		for _, m := range slices.Backward(c.Slack.Messages(c.Ops)) {
			if m.Ephemeral && m.EphemeralTo != user || m.Deleted {
				continue
			}
			group, value, err := groupWith(m.Blocks, label)
			if err != nil {
				return err
			}
			if value == "" {
				continue
			}
			var chosen []string
			for _, o := range group.Initial {
				chosen = append(chosen, o.Value)
			}
			if slices.Contains(chosen, value) == empty {
				return fmt.Errorf("%q is not to be pressed so: %v are ticked", label, chosen)
			}
			if empty {
				chosen = append(chosen, value)
			} else {
				chosen = slices.DeleteFunc(chosen, func(v string) bool { return v == value })
			}
			return c.Slack.As(user).Choose(c.Ops, m.TS, group.ActionID, chosen...)
		}
		return fmt.Errorf("no message has a checkbox %q", label)
	})
}

// groupWith finds the group in which a checkbox stands, and the value of that; "" if there is none.
func groupWith(blocks json.RawMessage, label string) (checkboxes, string, error) {
	var all []struct {
		Elements []json.RawMessage `json:"elements"`
	}
	if len(blocks) == 0 {
		return checkboxes{}, "", nil
	}
	if err := json.Unmarshal(blocks, &all); err != nil {
		return checkboxes{}, "", fmt.Errorf("stage: read blocks: %w", err)
	}
	for _, block := range all {
		for _, raw := range block.Elements {
			var kind struct{ Type string }
			var group checkboxes
			if json.Unmarshal(raw, &kind) != nil || kind.Type != "checkboxes" {
				continue
			}
			if err := json.Unmarshal(raw, &group); err != nil {
				return group, "", fmt.Errorf("stage: read checkboxes: %w", err)
			}
			for _, o := range group.Options {
				if o.Text.Text == label {
					return group, o.Value, nil
				}
			}
		}
	}
	return checkboxes{}, "", nil
}

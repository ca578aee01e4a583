package checklists

import (
	"context"
	"errors"
	"slices"
)

// Asked says that a template asks a person, or has an item that they look after: by themselves, or as a member of a user
// group. An error means that a group could not be read and that nothing else names them.
func (d *Desk) Asked(ctx context.Context, t Template, userID string) (bool, error) {
	asks := slices.Clone(t.Asks)
	for _, item := range t.Items {
		asks = append(asks, item.Owner)
	}
	if slices.Contains(asks, userID) {
		return true, nil
	}
	var faults []error
	for _, id := range asks {
		if id == "" || id[0] != 'S' {
			continue
		}
		members, err := d.o.Slack.UserGroupMembers(ctx, id)
		if slices.Contains(members, userID) {
			return true, nil
		}
		faults = append(faults, err)
	}
	return false, errors.Join(faults...)
}

// ScheduleName is what the schedule that opens a template's lists is called.
func ScheduleName(template string) string { return "Checklist " + template }

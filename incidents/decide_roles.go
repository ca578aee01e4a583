package incidents

import (
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Take gives a role to a person. Whoever has it now must be the person with the ID over, or the one who decides: so of
// two people who press the same button at once only the first one takes it. over is "" for a vacant role.
func (i *Incident) Take(act Act, role Role, who chat.User, over string) error {
	if err := checkRole(role); err != nil {
		return err
	}
	before, had := i.Roles[role]
	switch {
	case i.Status == Closed:
		return i.closed()
	case had && before.ID == who.ID:
		return &chat.Problem{Say: fmt.Sprintf("%s is %s of %s already.", who.Mention(), role, i.Name())}
	case had && before.ID != over && before.ID != act.By.ID:
		return &chat.Problem{Say: fmt.Sprintf("%s is %s of %s already.", before.Mention(), role, i.Name()),
			Try:    "Take it over if that is agreed.",
			Follow: []chat.Button{i.TakeButton(role)}}
	}
	text := fmt.Sprintf("%s took the role of *%s*.", who.Mention(), role)
	switch {
	case had && who.ID == act.By.ID:
		text = fmt.Sprintf("%s took the role of *%s* over from %s.", who.Mention(), role, before.Mention())
	case had && before.ID == act.By.ID:
		text = fmt.Sprintf("%s handed the role of *%s* over to %s.", before.Mention(), role, who.Mention())
	case had:
		text = fmt.Sprintf("%s made %s *%s* in the place of %s.", act.By.Mention(), who.Mention(), role, before.Mention())
	case who.ID != act.By.ID:
		text = fmt.Sprintf("%s made %s *%s*.", act.By.Mention(), who.Mention(), role)
	}
	if i.Roles == nil {
		i.Roles = map[Role]chat.User{}
	}
	i.Roles[role] = who
	i.note(act, "role", text)
	i.reach(Acknowledged, act, fmt.Sprintf("%s became %s", who.Mention(), role))
	return nil
}

// TakeButton takes a role, from whom has it now if anybody has.
func (i Incident) TakeButton(role Role) chat.Button {
	value := fmt.Sprintf("%d %s", i.Number, role)
	if before, had := i.Roles[role]; had {
		return chat.Button{Action: "incident.take", Value: value + " " + before.ID, Label: "Take over as " + string(role)}
	}
	return chat.Button{Action: "incident.take", Value: value, Label: "Take " + string(role)}
}

// Drop gives a role up.
func (i *Incident) Drop(act Act, role Role) error {
	if err := checkRole(role); err != nil {
		return err
	}
	before, had := i.Roles[role]
	switch {
	case i.Status == Closed:
		return i.closed()
	case !had:
		return &chat.Problem{Say: fmt.Sprintf("Nobody is %s of %s.", role, i.Name())}
	}
	delete(i.Roles, role)
	text := fmt.Sprintf("%s gave the role of *%s* up.", before.Mention(), role)
	if before.ID != act.By.ID {
		text = fmt.Sprintf("%s took the role of *%s* from %s.", act.By.Mention(), role, before.Mention())
	}
	i.note(act, "role", text)
	return nil
}

func checkRole(role Role) error {
	names := []string{}
	for _, r := range Roles() {
		names = append(names, string(r))
	}
	if !slices.Contains(names, string(role)) {
		return chat.Unknown("role", string(role), names)
	}
	return nil
}

// Acknowledge notes that a person has seen it.
func (i *Incident) Acknowledge(act Act) error {
	if i.Status == Closed {
		return i.closed()
	}
	if mark, known := i.Milestones[Acknowledged]; known {
		return &chat.Problem{Say: fmt.Sprintf("%s is acknowledged already, since %s (%s).", i.Called(), chat.Time(mark.At), mark.Source)}
	}
	i.reach(Acknowledged, act, act.By.Mention()+" pressed Acknowledge")
	i.note(act, "acknowledged", act.By.Mention()+" acknowledged the "+i.Kind()+".")
	return nil
}

// Tick marks one of the first steps, by its place from 0, as done, or takes that back.
func (i *Incident) Tick(act Act, n int, done bool) error {
	if i.Status == Closed {
		return i.closed()
	}
	if n < 0 || n >= len(i.Response) {
		return &chat.Problem{Say: fmt.Sprintf("%s has no first step %d.", i.Called(), n+1)}
	}
	step := &i.Response[n]
	text := chat.Escape(step.Text)
	switch {
	case done && step.Done():
		return &chat.Problem{Say: fmt.Sprintf("“%s” was done already, by %s, %s.", text, step.By.Mention(), chat.Time(step.At))}
	case !done && !step.Done():
		return &chat.Problem{Say: fmt.Sprintf("“%s” is not ticked.", text)}
	case done:
		step.By, step.At = act.By, act.At
		i.note(act, "response", fmt.Sprintf("%s: done by %s.", text, act.By.Mention()))
		i.reach(Acknowledged, act, act.By.Mention()+" did a first step")
	default:
		step.By, step.At = chat.User{}, time.Time{}
		i.note(act, "response", fmt.Sprintf("%s took back: %s", act.By.Mention(), text))
	}
	return nil
}

package bot

import (
	"fmt"
	"strconv"
	"strings"

	slackgo "github.com/slack-go/slack"

	"github.com/kampyn/opsbot/chat"
)

// linkAction is the action of buttons that only open an address. An action may be followed by a suffix and a number,
// which tells those of one block apart, because Slack wants them to be unique, and by another and the value of what is
// no button, for which Slack has no other place.
const (
	linkAction   = "link"
	actionSuffix = "#"
)

// maxPickValue is what is left of an action's ID for the value of a Pick.
const maxPickValue = 200

// actionID puts together what an element carries; action takes it apart.
func actionID(b chat.Button, n int) string {
	switch {
	case b.Pick != nil && b.Value != "":
		return fmt.Sprint(b.Action, actionSuffix, n, actionSuffix, b.Value)
	case n > 1:
		return fmt.Sprint(b.Action, actionSuffix, n)
	case b.URL != "":
		return orElse(b.Action, linkAction)
	}
	return b.Action
}

func (p pressed) action() (name, value string) {
	name, rest, _ := strings.Cut(p.ActionID, actionSuffix)
	_, value, _ = strings.Cut(rest, actionSuffix)
	if p.Type == "button" {
		value = p.Value
	}
	return name, value
}

// drawElements draws the parts that hold elements, with their size in characters; others are left to the painter.
func drawElements(part chat.Part) ([]slackgo.Block, int, error) {
	switch part := part.(type) {
	case chat.Actions:
		blocks, err := drawActions(part)
		size := 0
		for _, b := range part {
			size += sizeOf(b)
		}
		return blocks, size, err
	case chat.Item:
		e, err := drawElement(part.Beside, 1)
		if err != nil {
			return nil, 0, err
		}
		if _, instant := e.(*slackgo.DateTimePickerBlockElement); instant {
			return nil, 0, fmt.Errorf("bot: the moment %q cannot stand beside a text", part.Beside.Label)
		}
		text := cut(part.Text, maxSection)
		return []slackgo.Block{slackgo.NewSectionBlock(mrkdwn(text), nil, slackgo.NewAccessory(e))}, length(text) + sizeOf(part.Beside), nil
	}
	return nil, 0, nil
}

// drawActions draws a row of elements, as several blocks when there are more than 25.
func drawActions(all chat.Actions) ([]slackgo.Block, error) {
	var rows []slackgo.Block
	for start := 0; start < len(all); start += maxElements {
		var elements []slackgo.BlockElement
		seen := map[string]int{}
		for _, b := range all[start:min(start+maxElements, len(all))] {
			seen[orElse(b.Action, linkAction)]++
			e, err := drawElement(b, seen[orElse(b.Action, linkAction)])
			if err != nil {
				return nil, err
			}
			if _, list := e.(*slackgo.MultiSelectBlockElement); list {
				return nil, fmt.Errorf("bot: %q is a choice of several, which can only stand beside a text", b.Label)
			}
			elements = append(elements, e)
		}
		rows = append(rows, slackgo.NewActionBlock("", elements...))
	}
	return rows, nil
}

// drawElement draws the n-th element of an action in its block.
func drawElement(b chat.Button, n int) (slackgo.BlockElement, error) {
	id := actionID(b, n)
	limit := maxValue
	if b.Pick != nil {
		limit = maxPickValue
	}
	switch {
	case id == "" || length(id) > maxActionID || strings.Contains(b.Action, actionSuffix):
		return nil, fmt.Errorf("bot: the button %q has the action %q, which Slack can't carry", b.Label, b.Action)
	case length(b.Value) > limit:
		return nil, fmt.Errorf("bot: the value of the button %q is longer than %d characters", b.Label, limit)
	case length(b.URL) > maxURL:
		return nil, fmt.Errorf("bot: the address of the button %q is longer than %d characters", b.Label, maxURL)
	case b.Label == "":
		return nil, fmt.Errorf("bot: the button for %q has no label", b.Action)
	}
	if b.Pick != nil {
		return drawPick(b, id)
	}
	e := slackgo.NewButtonBlockElement(id, b.Value, plain(b.Label, maxButton))
	e.URL = b.URL
	e.Style = slackgo.Style(b.Style)
	e.Confirm = confirmation(b)
	return e, nil
}

func confirmation(b chat.Button) *slackgo.ConfirmationBlockObject {
	c := b.Confirm
	if c == nil {
		return nil
	}
	drawn := slackgo.NewConfirmationBlockObject(plain(orElse(c.Title, "Sure?"), 100), mrkdwn(cut(orElse(c.Text, b.Label+"?"), 300)),
		plain(orElse(c.Yes, "Yes"), 30), plain(orElse(c.No, "No"), 30))
	drawn.Style = slackgo.Style(b.Style)
	return drawn
}

func drawPick(b chat.Button, id string) (slackgo.BlockElement, error) {
	in := chat.Input{ID: id, Label: b.Label, Kind: b.Pick.Kind, Options: b.Pick.Options, Initial: b.Pick.Initial}
	e, err := drawKind(in, plain(b.Label, maxPlaceholder))
	if err != nil {
		return nil, err
	}
	confirm := confirmation(b)
	switch e := e.(type) {
	case *slackgo.SelectBlockElement:
		e.Confirm = confirm
	case *slackgo.MultiSelectBlockElement:
		e.Confirm = confirm
	case *slackgo.CheckboxGroupsBlockElement:
		e.Confirm = confirm
	case *slackgo.RadioButtonsBlockElement:
		e.Confirm = confirm
	case *slackgo.OverflowBlockElement:
		e.Confirm = confirm
	case *slackgo.DatePickerBlockElement:
		e.Confirm = confirm
	case *slackgo.TimePickerBlockElement:
		e.Confirm = confirm
	case *slackgo.DateTimePickerBlockElement:
		e.Confirm = confirm
	default:
		return nil, fmt.Errorf("bot: %q is of the kind %q, which only a form can ask for", b.Label, b.Pick.Kind)
	}
	return e, nil
}

// drawKind draws the element that an input is asked for with.
func drawKind(in chat.Input, placeholder *slackgo.TextBlockObject) (slackgo.BlockElement, error) {
	initial := firstOf(in.Initial)
	switch in.Kind {
	case chat.TextLine, chat.TextArea, "":
		e := slackgo.NewPlainTextInputBlockElement(placeholder, in.ID)
		e.Multiline = in.Kind == chat.TextArea
		e.InitialValue = cut(initial, maxInitial)
		return e, nil
	case chat.Number:
		e := slackgo.NewNumberInputBlockElement(placeholder, in.ID, false)
		e.InitialValue = initial
		return e, nil
	case chat.Email:
		e := slackgo.NewEmailTextInputBlockElement(placeholder, in.ID)
		e.InitialValue = initial
		return e, nil
	case chat.Link:
		e := slackgo.NewURLTextInputBlockElement(placeholder, in.ID)
		e.InitialValue = initial
		return e, nil
	case chat.Date:
		e := slackgo.NewDatePickerBlockElement(in.ID)
		e.Placeholder, e.InitialDate = placeholder, initial
		return e, nil
	case chat.Clock24:
		e := slackgo.NewTimePickerBlockElement(in.ID)
		e.Placeholder, e.InitialTime = placeholder, initial
		return e, nil
	case chat.Instant:
		e := slackgo.NewDateTimePickerBlockElement(in.ID)
		if initial != "" {
			var err error
			if e.InitialDateTime, err = strconv.ParseInt(initial, 10, 64); err != nil {
				return nil, fmt.Errorf("bot: the input %s begins with %q, which is no number of seconds", in.ID, initial)
			}
		}
		return e, nil
	case chat.Person, chat.People, chat.Channel, chat.Channels:
		return drawNamed(in, placeholder), nil
	}
	return drawChoice(in, placeholder)
}

// drawNamed draws a choice of people or channels, which Slack offers by itself.
func drawNamed(in chat.Input, placeholder *slackgo.TextBlockObject) slackgo.BlockElement {
	channels := &slackgo.SelectBlockElementFilter{Include: []string{"public", "private"}, ExcludeExternalSharedChannels: true}
	switch in.Kind {
	case chat.Person:
		e := slackgo.NewOptionsSelectBlockElement(slackgo.OptTypeUser, placeholder, in.ID)
		e.InitialUser = firstOf(in.Initial)
		return e
	case chat.People:
		e := slackgo.NewOptionsMultiSelectBlockElement(slackgo.MultiOptTypeUser, placeholder, in.ID)
		e.InitialUsers = in.Initial
		return e
	case chat.Channel:
		e := slackgo.NewOptionsSelectBlockElement(slackgo.OptTypeConversations, placeholder, in.ID)
		e.Filter, e.InitialConversation = channels, firstOf(in.Initial)
		return e
	}
	e := slackgo.NewOptionsMultiSelectBlockElement(slackgo.MultiOptTypeConversations, placeholder, in.ID)
	e.Filter, e.InitialConversations = channels, in.Initial
	return e
}

// drawChoice draws an input with options. Slack answers an initial option that is not among the options with an error,
// so those are left out.
func drawChoice(in chat.Input, placeholder *slackgo.TextBlockObject) (slackgo.BlockElement, error) {
	options, err := drawOptions(in)
	if err != nil {
		return nil, err
	}
	initial := chosen(options, in.Initial)
	few := len(options) <= maxChoices
	switch {
	case in.Kind == chat.Menu && len(options) <= maxMenu:
		return slackgo.NewOverflowBlockElement(in.ID, options...), nil
	case in.Kind == chat.Menu:
		return nil, fmt.Errorf("bot: the menu %s has %d options, Slack shows %d", in.ID, len(options), maxMenu)
	case in.Kind == chat.Checkboxes && few:
		e := slackgo.NewCheckboxGroupsBlockElement(in.ID, options...)
		e.InitialOptions = initial
		return e, nil
	case in.Kind == chat.Radio && few:
		e := slackgo.NewRadioButtonsBlockElement(in.ID, options...)
		e.InitialOption = firstOf(initial)
		return e, nil
	case in.Kind == chat.MultiSelect || in.Kind == chat.Checkboxes:
		e := slackgo.NewOptionsMultiSelectBlockElement(slackgo.MultiOptTypeStatic, placeholder, in.ID)
		e.Options, e.OptionGroups = grouped(options)
		e.InitialOptions = initial
		return e, nil
	case in.Kind == chat.Select || in.Kind == chat.Radio:
		e := slackgo.NewOptionsSelectBlockElement(slackgo.OptTypeStatic, placeholder, in.ID)
		e.Options, e.OptionGroups = grouped(options)
		e.InitialOption = firstOf(initial)
		return e, nil
	}
	return nil, fmt.Errorf("bot: the input %s is of the unknown kind %q", in.ID, in.Kind)
}

func drawOptions(in chat.Input) ([]*slackgo.OptionBlockObject, error) {
	var all []*slackgo.OptionBlockObject
	for _, o := range in.Options {
		if o.Value == "" || length(o.Value) > maxOptionValue {
			return nil, fmt.Errorf("bot: the input %s has an option of %d characters, Slack carries 1 to %d", in.ID, length(o.Value), maxOptionValue)
		}
		var hint *slackgo.TextBlockObject
		if o.Hint != "" {
			hint = plain(o.Hint, maxOption)
		}
		all = append(all, slackgo.NewOptionBlockObject(o.Value, plain(orElse(o.Label, o.Value), maxOption), hint))
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("bot: the input %s offers nothing to choose from", in.ID)
	}
	return all, nil
}

func chosen(options []*slackgo.OptionBlockObject, values []string) []*slackgo.OptionBlockObject {
	var some []*slackgo.OptionBlockObject
	for _, o := range options {
		for _, v := range values {
			if o.Value == v {
				some = append(some, o)
				break
			}
		}
	}
	return some
}

func grouped(all []*slackgo.OptionBlockObject) ([]*slackgo.OptionBlockObject, []*slackgo.OptionGroupBlockObject) {
	if len(all) <= maxOptions {
		return all, nil
	}
	all = all[:min(len(all), maxOptions*maxGroups)]
	var groups []*slackgo.OptionGroupBlockObject
	for start := 0; start < len(all); start += maxOptions {
		end := min(start+maxOptions, len(all))
		groups = append(groups, slackgo.NewOptionGroupBlockElement(plain(fmt.Sprintf("%d to %d", start+1, end), maxOption), all[start:end]...))
	}
	return nil, groups
}

func firstOf[T any](all []T) (first T) {
	if len(all) > 0 {
		first = all[0]
	}
	return first
}

func sizeOf(b chat.Button) int {
	size := min(length(b.Label), maxButton)
	if b.Confirm != nil {
		size += 100 + min(length(b.Confirm.Text), 300)
	}
	if b.Pick != nil {
		for _, o := range b.Pick.Options {
			size += min(length(o.Label), maxOption) + min(length(o.Hint), maxOption)
		}
	}
	return size
}

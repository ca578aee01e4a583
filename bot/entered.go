package bot

import (
	"strconv"

	slackgo "github.com/slack-go/slack"
)

// entered is what one element of a form, or an element that was used, holds.
// https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
type entered struct {
	Type          string   `json:"type"`
	Value         string   `json:"value"`
	Option        *option  `json:"selected_option"`
	Options       []option `json:"selected_options"`
	Date          string   `json:"selected_date"`
	Clock         string   `json:"selected_time"`
	Instant       int64    `json:"selected_date_time"`
	User          string   `json:"selected_user"`
	Users         []string `json:"selected_users"`
	Channel       string   `json:"selected_channel"`
	Channels      []string `json:"selected_channels"`
	Conversation  string   `json:"selected_conversation"`
	Conversations []string `json:"selected_conversations"`
}

type option struct {
	Value string `json:"value"`
}

// values are what was entered or chosen; an element is of one type, so at most one of the fields holds something.
func (e entered) values() []string {
	var all []string
	for _, one := range []string{e.Value, e.Date, e.Clock, e.User, e.Channel, e.Conversation} {
		if one != "" {
			all = append(all, one)
		}
	}
	if e.Option != nil {
		all = append(all, e.Option.Value)
	}
	for _, o := range e.Options {
		all = append(all, o.Value)
	}
	if e.Instant != 0 {
		all = append(all, strconv.FormatInt(e.Instant, 10))
	}
	all = append(all, e.Users...)
	all = append(all, e.Channels...)
	return append(all, e.Conversations...)
}

// refill puts what was entered back into an element that is shown again.
func refill(element slackgo.BlockElement, values map[string][]string) {
	switch e := element.(type) {
	case *slackgo.PlainTextInputBlockElement:
		e.InitialValue = firstOf(values[e.ActionID])
	case *slackgo.NumberInputBlockElement:
		e.InitialValue = firstOf(values[e.ActionID])
	case *slackgo.EmailTextInputBlockElement:
		e.InitialValue = firstOf(values[e.ActionID])
	case *slackgo.URLTextInputBlockElement:
		e.InitialValue = firstOf(values[e.ActionID])
	case *slackgo.DatePickerBlockElement:
		e.InitialDate = firstOf(values[e.ActionID])
	case *slackgo.TimePickerBlockElement:
		e.InitialTime = firstOf(values[e.ActionID])
	case *slackgo.DateTimePickerBlockElement:
		e.InitialDateTime, _ = strconv.ParseInt(firstOf(values[e.ActionID]), 10, 64) // what Slack sent is a number, or nothing
	case *slackgo.SelectBlockElement:
		refillSelect(e, values[e.ActionID])
	case *slackgo.MultiSelectBlockElement:
		refillMultiSelect(e, values[e.ActionID])
	case *slackgo.CheckboxGroupsBlockElement:
		e.InitialOptions = chosen(e.Options, values[e.ActionID])
	case *slackgo.RadioButtonsBlockElement:
		e.InitialOption = firstOf(chosen(e.Options, values[e.ActionID]))
	}
}

func refillSelect(e *slackgo.SelectBlockElement, values []string) {
	switch e.Type {
	case slackgo.OptTypeUser:
		e.InitialUser = firstOf(values)
	case slackgo.OptTypeConversations:
		e.InitialConversation = firstOf(values)
	default:
		e.InitialOption = firstOf(chosen(flat(e.Options, e.OptionGroups), values))
	}
}

func refillMultiSelect(e *slackgo.MultiSelectBlockElement, values []string) {
	switch e.Type {
	case slackgo.MultiOptTypeUser:
		e.InitialUsers = values
	case slackgo.MultiOptTypeConversations:
		e.InitialConversations = values
	default:
		e.InitialOptions = chosen(flat(e.Options, e.OptionGroups), values)
	}
}

func flat(options []*slackgo.OptionBlockObject, groups []*slackgo.OptionGroupBlockObject) []*slackgo.OptionBlockObject {
	for _, g := range groups {
		options = append(options, g.Options...)
	}
	return options
}

package slack_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/slack"
)

func repeat(n int, format string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = strings.ReplaceAll(format, "%", fmt.Sprint(i))
	}
	return strings.Join(parts, ",")
}

func TestBlocksAreHeldToBlockKit(t *testing.T) {
	w := open(t, slack.Options{})
	long := func(n int) string { return strings.Repeat("x", n) }
	text := func(n int) string { return `{"type":"plain_text","text":"` + long(n) + `"}` }
	button := `{"type":"button","text":` + text(3) + `,"action_id":"%"}`
	option := `{"text":` + text(3) + `,"value":"%"}`
	for blocks, wrong := range map[string]string{
		`{"type":"song"}`:                                                                                                             "unsupported type: song [json-pointer:/blocks/0/type]",
		`{"type":"divider","colour":"red"}`:                                                                                           "invalid additional property: colour [json-pointer:/blocks/0]",
		`{"type":"section"}`:                                                                                                          "missing required field: text [json-pointer:/blocks/0]",
		`{"type":"section","text":{"type":"mrkdwn","text":""}}`:                                                                       "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
		`{"type":"section","text":` + text(3001) + `}`:                                                                                "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
		`{"type":"section","fields":[` + repeat(11, text(1)) + `]}`:                                                                   "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
		`{"type":"section","fields":[` + text(2001) + `]}`:                                                                            "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
		`{"type":"header","text":` + text(151) + `}`:                                                                                  "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
		`{"type":"header","text":{"type":"mrkdwn","text":"x"}}`:                                                                       "must be one of: plain_text [json-pointer:/blocks/0/text/type]",
		`{"type":"context","elements":[` + repeat(11, text(1)) + `]}`:                                                                 "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
		`{"type":"actions","elements":[]}`:                                                                                            "no less than 1 items allowed [json-pointer:/blocks/0/elements]",
		`{"type":"actions","elements":[` + repeat(26, button) + `]}`:                                                                  "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
		`{"type":"actions","elements":[{"type":"button","text":` + text(76) + `}]}`:                                                   "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
		`{"type":"actions","elements":[{"type":"button","text":` + text(1) + `,"value":"` + long(2001) + `"}]}`:                       "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
		`{"type":"actions","elements":[{"type":"button","text":` + text(1) + `,"action_id":"` + long(256) + `"}]}`:                    "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
		`{"type":"actions","elements":[{"type":"button","text":` + text(1) + `,"style":"pink"}]}`:                                     "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]",
		`{"type":"actions","elements":[` + repeat(2, strings.ReplaceAll(button, "%", "same")) + `]}`:                                  "`action_id` `same` is already in use [json-pointer:/blocks/0/elements/1/action_id]",
		`{"type":"actions","elements":[{"type":"plain_text_input"}]}`:                                                                 "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
		repeat(2, `{"type":"divider","block_id":"b"}`):                                                                                "`block_id` `b` is already in use [json-pointer:/blocks/1/block_id]",
		repeat(51, `{"type":"divider"}`):                                                                                              "no more than 50 items allowed [json-pointer:/blocks]",
		`{"type":"actions","elements":[{"type":"static_select","options":[` + repeat(101, option) + `]}]}`:                            "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
		`{"type":"actions","elements":[{"type":"static_select","options":[{"text":` + text(1) + `,"value":"` + long(151) + `"}]}]}`:   "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
		`{"type":"actions","elements":[{"type":"static_select"}]}`:                                                                    "must provide either options or option_groups [json-pointer:/blocks/0/elements/0]",
		`{"type":"actions","elements":[{"type":"checkboxes","options":[` + repeat(11, option) + `]}]}`:                                "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
		`{"type":"section","text":` + text(1) + `,"accessory":{"type":"overflow","options":[` + repeat(6, option) + `]}}`:             "no more than 5 items allowed [json-pointer:/blocks/0/accessory/options]",
		`{"type":"image","image_url":"https://x","slack_file":{"id":"F1"},"alt_text":"x"}`:                                            "must provide either image_url or slack_file [json-pointer:/blocks/0]",
		`{"type":"section","text":` + text(1) + `,"accessory":{"type":"datetimepicker"}}`:                                             "unsupported type: datetimepicker [json-pointer:/blocks/0/accessory/type]",
		`{"type":"actions","elements":[{"type":"datepicker","initial_date":"1.2.2026"}]}`:                                             "must be in the format YYYY-MM-DD [json-pointer:/blocks/0/elements/0/initial_date]",
		`{"type":"actions","elements":[{"type":"timepicker","initial_time":"25:00"}]}`:                                                "must be in the format HH:mm [json-pointer:/blocks/0/elements/0/initial_time]",
		`{"type":"actions","elements":[{"type":"timepicker","timezone":"Mars/Base"}]}`:                                                "must be a valid IANA timezone [json-pointer:/blocks/0/elements/0/timezone]",
		`{"type":"actions","elements":[{"type":"conversations_select","filter":{"include":["rooms"]}}]}`:                              "must be one of: im, mpim, private, public [json-pointer:/blocks/0/elements/0/filter/include/0]",
		`{"type":"input","label":` + text(1) + `,"element":{"type":"file_input"}}`:                                                    "unsupported type: file_input [json-pointer:/blocks/0/element/type]",
		`{"type":"input","label":` + text(1) + `,"element":{"type":"plain_text_input","min_length":9,"max_length":8}}`:                "min_length must be less than or equal to max_length [json-pointer:/blocks/0/element]",
		`{"type":"file","external_id":"x","source":"remote"}`:                                                                         "unsupported type: file [json-pointer:/blocks/0/type]",
		`{"type":"table","rows":[[{"type":"raw_text","text":"x"},{"type":"image"}]]}`:                                                 "must be one of: raw_text, raw_number, rich_text [json-pointer:/blocks/0/rows/0/1/type]",
		`{"type":"markdown","text":"` + long(7000) + `"},{"type":"markdown","text":"` + long(5001) + `"}`:                             "markdown blocks must be less than 12001 characters together [json-pointer:/blocks]",
		`{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text"}]}]}`:                                 "missing required field: text [json-pointer:/blocks/0/elements/0/elements/0]",
		`{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[],"style":"bullet"}]}`:                                  "no less than 1 items allowed [json-pointer:/blocks/0/elements/0/elements]",
		`{"type":"context_actions","elements":[{"type":"button","text":` + text(1) + `}]}`:                                            "unsupported type: button [json-pointer:/blocks/0/elements/0/type]",
		`{"type":"actions","elements":[{"type":"static_select","options":[{"text":` + text(1) + `,"value":"v","url":"https://x"}]}]}`: "invalid additional property: url [json-pointer:/blocks/0/elements/0/options/0]",
		`{"type":"image","image_url":"javascript:x","alt_text":"x"}`:                                                                  "must be a valid URL [json-pointer:/blocks/0/image_url]",
	} {
		answer, _ := w.call(w.BotToken(), "chat.postMessage", url.Values{"channel": {w.ops}, "blocks": {"[" + blocks + "]"}})
		require.Equal(t, "invalid_blocks", answer["error"], blocks)
		require.Contains(t, answer["response_metadata"].(map[string]any)["messages"], "[ERROR] "+wrong, blocks)
		require.Contains(t, answer["errors"], wrong)
	}
	require.Empty(t, w.Messages(w.ops))

	good := `[{"type":"header","text":` + text(150) + `},{"type":"actions","elements":[` + repeat(25, button) + `]},
		{"type":"actions","elements":[{"type":"static_select","options":[` + repeat(100, option) + `]}]},` + repeat(47, `{"type":"divider"}`) + `]`
	answer, _ := w.call(w.BotToken(), "chat.postMessage", url.Values{"channel": {w.ops}, "blocks": {good}})
	require.Equal(t, true, answer["ok"], answer)
	var kept []map[string]any
	require.NoError(t, json.Unmarshal(w.Messages(w.ops)[0].Blocks, &kept))
	ids := map[any]bool{}
	for _, b := range kept {
		require.NotEmpty(t, b["block_id"])
		ids[b["block_id"]] = true
	}
	require.Len(t, ids, 50, "every block gets an id of its own")
}

func TestViewsAreHeldToTheirShape(t *testing.T) {
	w := open(t, slack.Options{})
	text := func(n int) string { return `{"type":"plain_text","text":"` + strings.Repeat("x", n) + `"}` }
	input := `{"type":"input","label":` + text(1) + `,"element":{"type":"plain_text_input"}}`
	for view, wrong := range map[string]string{
		`{"type":"modal"}`:                                                   "missing required field: title [json-pointer:/view]",
		`{"type":"home","blocks":[]}`:                                        "failed to match all allowed schemas [json-pointer:/view]",
		`{"type":"modal","title":` + text(25) + `,"blocks":[]}`:              "must be less than 25 characters [json-pointer:/view/title/text]",
		`{"type":"modal","title":` + text(24) + `,"blocks":[` + input + `]}`: "missing required field: submit [json-pointer:/view]",
		`{"type":"modal","title":` + text(24) + `,"blocks":[],"private_metadata":"` + strings.Repeat("x", 3001) + `"}`: "must be less than 3001 characters [json-pointer:/view/private_metadata]",
		`{"type":"modal","title":` + text(24) + `,"blocks":[` + repeat(101, `{"type":"divider"}`) + `]}`:               "no more than 100 items allowed [json-pointer:/view/blocks]",
		`{"type":"modal","title":` + text(24) + `,"blocks":[],"submit_disabled":true}`:                                 "invalid additional property: submit_disabled [json-pointer:/view]",
	} {
		trigger := w.trigger()
		answer, _ := w.call(w.BotToken(), "views.open", url.Values{"trigger_id": {trigger}, "view": {view}})
		require.Equal(t, "invalid_arguments", answer["error"], view)
		require.Contains(t, answer["errors"], wrong, view)
		answer, _ = w.call(w.BotToken(), "views.open", url.Values{"trigger_id": {trigger},
			"view": {`{"type":"modal","title":` + text(24) + `,"submit":` + text(24) + `,"blocks":[` + input + `]}`}})
		require.Equal(t, true, answer["ok"], "a refused view does not use the trigger up")
	}
}

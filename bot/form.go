package bot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	slackgo "github.com/slack-go/slack"

	"github.com/kampyn/opsbot/chat"
)

// place is where a form was asked for; it travels in the form's metadata, because a submission has no channel.
type place struct{ Channel, Thread string }

// formPrefix and closePrefix name the actions of a form's submission and dismissal, shortcutPrefix those of shortcuts;
// errorBlock begins the IDs of the blocks with what was wrong with the last submission.
const (
	formPrefix  = "form:"
	closePrefix = "close:"
	errorBlock  = "opsbot.error"

	shortcutPrefix = "shortcut:"
)

// renderForm draws a form with the commands as the workspace has them.
func (s *Slack) renderForm(f chat.Form, at place, notifyClose bool) (slackgo.ModalViewRequest, error) {
	return renderForm(s.wording().form(f), at, notifyClose)
}

// renderForm draws a form within Slack's limits. A choice of more than 100 options is drawn in groups of 100, more
// than 10 check boxes or radio buttons as a list. An error means that the form cannot be drawn as it is meant.
func renderForm(f chat.Form, at place, notifyClose bool) (slackgo.ModalViewRequest, error) {
	meta := at.Channel + "|" + at.Thread + "|" + f.Meta
	if length(meta) > maxMeta {
		return slackgo.ModalViewRequest{}, fmt.Errorf("bot: the form %s carries more than %d characters of metadata", f.ID, maxMeta)
	}
	var blocks []slackgo.Block
	if f.Error != "" {
		blocks = append(blocks, drawError("", f.Error))
	}
	if len(f.Intro) > 0 {
		p := painter{room: room{maxViewBlocks - len(f.Inputs) - 1, 10 * maxTotal}}
		if err := p.draw(f.Intro); err != nil {
			return slackgo.ModalViewRequest{}, err
		}
		blocks = append(blocks, p.blocks...)
	}
	reloads := false
	for _, in := range f.Inputs {
		reloads = reloads || in.Reload
	}
	for _, in := range f.Inputs {
		block, err := drawInput(in, reloads)
		if err != nil {
			return slackgo.ModalViewRequest{}, err
		}
		blocks = append(blocks, block)
	}
	view := slackgo.ModalViewRequest{
		Type: slackgo.VTModal, CallbackID: f.ID, PrivateMetadata: meta, NotifyOnClose: notifyClose,
		Title: plain(orElse(f.Title, "opsbot"), maxViewTitle), Close: plain("Cancel", maxViewTitle),
		Blocks: slackgo.Blocks{BlockSet: blocks},
	}
	if len(f.Inputs) > 0 || f.Submit != "" {
		view.Submit = plain(orElse(f.Submit, "Submit"), maxViewTitle)
	}
	return view, nil
}

// drawError draws what was wrong with the last submission: above the input of that ID, or at the top.
func drawError(input, text string) slackgo.Block {
	b := slackgo.NewSectionBlock(mrkdwn(cut(":warning: "+text, maxSection)), nil, nil)
	b.BlockID = errorBlock + actionSuffix + input
	return b
}

func drawInput(in chat.Input, reloads bool) (slackgo.Block, error) {
	if in.ID == "" || length(in.ID) > maxActionID-8 || strings.Contains(in.ID, actionSuffix) {
		return nil, fmt.Errorf("bot: an input has the ID %q, which Slack can't carry", in.ID)
	}
	var hint, placeholder *slackgo.TextBlockObject
	if in.Hint != "" {
		hint = plain(in.Hint, maxInputLabel)
	}
	if in.Placeholder != "" {
		placeholder = plain(in.Placeholder, maxPlaceholder)
	}
	label := plain(orElse(in.Label, in.ID), maxInputLabel)
	if hasOptions(in.Kind) && len(in.Options) == 0 {
		return section("*" + chat.Escape(orElse(in.Label, in.ID)) + "*\n_There is nothing to choose from._"), nil
	}
	blockID := in.ID
	if reloads && len(in.Options) > 0 {
		// Slack keeps the choice of a block that it knows, even when the options are new; a new block has no past.
		blockID += actionSuffix + digest(in.Options)
	}
	element, err := drawKind(in, placeholder)
	if err != nil {
		return nil, err
	}
	if most := maxOptions * maxGroups; len(in.Options) > most {
		hint = plain(fmt.Sprintf("Only the first %d of %d are shown. %s", most, len(in.Options), in.Hint), maxInputLabel)
	}
	return inputBlock(in, blockID, label, hint, element), nil
}

func hasOptions(k chat.InputKind) bool {
	return k == chat.Select || k == chat.MultiSelect || k == chat.Checkboxes || k == chat.Radio
}

func inputBlock(in chat.Input, id string, label, hint *slackgo.TextBlockObject, e slackgo.BlockElement) slackgo.Block {
	b := slackgo.NewInputBlock(id, label, hint, e)
	b.Optional = in.Optional
	b.DispatchAction = in.Reload
	return b
}

func digest(options []chat.Option) string {
	h := sha256.New()
	for _, o := range options {
		fmt.Fprintf(h, "%q%q", o.Value, o.Label) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil)[:3])
}

// view is what Slack says about a form that was submitted, closed, or in which something was pressed.
type view struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	CallbackID string          `json:"callback_id"`
	Metadata   string          `json:"private_metadata"`
	Blocks     json.RawMessage `json:"blocks"`
	Title      text            `json:"title"`
	Submit     text            `json:"submit"`
	State      struct {
		Values blockValues `json:"values"`
	} `json:"state"`
}

// blockValues are by block ID and action ID. Where there are none Slack may send an empty list instead.
type blockValues map[string]map[string]entered

func (v *blockValues) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '[' {
		return nil
	}
	return json.Unmarshal(data, (*map[string]map[string]entered)(v))
}

type text struct {
	Text string `json:"text"`
}

func (v *view) place() (place, string) {
	fields := strings.SplitN(v.Metadata, "|", 3)
	if len(fields) != 3 {
		return place{}, v.Metadata
	}
	return place{Channel: fields[0], Thread: fields[1]}, fields[2]
}

// values answers what was entered, by input ID. Inputs that were left empty are missing.
func (v *view) values() map[string][]string {
	all := map[string][]string{}
	for _, block := range v.State.Values {
		for action, e := range block {
			if some := e.values(); len(some) > 0 {
				all[action] = some
			}
		}
	}
	return all
}

// firstInput answers the block ID of the first input, to which an error can be attached, or "".
func (v *view) firstInput() string {
	var blocks []struct {
		Type    string `json:"type"`
		BlockID string `json:"block_id"`
	}
	if json.Unmarshal(v.Blocks, &blocks) != nil {
		return "" // then the whole form is replaced
	}
	for _, b := range blocks {
		if b.Type == "input" {
			return b.BlockID
		}
	}
	return ""
}

// again draws the form as it was submitted, with what was entered, with the error on top, and those of single inputs,
// by their IDs, above them. Slack has a place of its own for those, but only in the acknowledgement.
func (v *view) again(problem string, wrong map[string]string, notifyClose bool) (slackgo.ModalViewRequest, error) {
	var blocks slackgo.Blocks
	if err := json.Unmarshal(v.Blocks, &blocks); err != nil {
		return slackgo.ModalViewRequest{}, fmt.Errorf("bot: read the form %s: %w", v.CallbackID, err)
	}
	shown := []slackgo.Block{drawError("", problem)}
	values := v.values()
	for _, b := range blocks.BlockSet {
		if in, ok := b.(*slackgo.InputBlock); ok {
			refill(in.Element, values)
			id, _, _ := strings.Cut(in.BlockID, actionSuffix)
			if text, bad := wrong[id]; bad {
				shown = append(shown, drawError(id, text))
			}
		}
		if s, ok := b.(*slackgo.SectionBlock); ok && strings.HasPrefix(s.BlockID, errorBlock) {
			continue
		}
		shown = append(shown, b)
	}
	return slackgo.ModalViewRequest{
		Type: slackgo.VTModal, CallbackID: v.CallbackID, PrivateMetadata: v.Metadata, NotifyOnClose: notifyClose,
		Title: plain(orElse(v.Title.Text, "opsbot"), maxViewTitle), Close: plain("Cancel", maxViewTitle),
		Submit: plain(orElse(v.Submit.Text, "Submit"), maxViewTitle), Blocks: slackgo.Blocks{BlockSet: shown},
	}, nil
}

// notice draws a form that only says something, in the place of the one that was submitted.
func (s *Slack) notice(v *view, parts ...chat.Part) (slackgo.ModalViewRequest, error) {
	blocks, err := renderView(s.wording().message(chat.Message{Parts: parts}))
	if err != nil {
		return slackgo.ModalViewRequest{}, err
	}
	return slackgo.ModalViewRequest{
		Type: slackgo.VTModal, CallbackID: v.CallbackID, PrivateMetadata: v.Metadata,
		Title: plain(orElse(v.Title.Text, "opsbot"), maxViewTitle), Close: plain("Close", maxViewTitle),
		Blocks: slackgo.Blocks{BlockSet: blocks},
	}, nil
}

package bot

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/kampyn/opsbot/chat"
)

// responseLife is how long a response URL is used. Slack takes answers there for 30 min.
// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
const responseLife = 25 * time.Minute

// answer shows the person what came of a request: the problem, or all of the reply. An error means that it could not
// be shown in any way.
func (b *Bot) answer(ctx context.Context, r Request, reply Reply, problem *chat.Problem) error {
	if r.origin.again {
		b.removeButton(ctx, r)
	}
	if problem != nil {
		return b.explain(ctx, r, problem)
	}
	var faults []error
	if reply.Update != nil {
		faults = append(faults, b.replace(ctx, r, *reply.Update))
	}
	switch {
	case reply.Load != nil:
		faults = append(faults, b.loadForm(ctx, r, b.showing(r, reply.Stack), reply.Load))
	case reply.Form != nil:
		faults = append(faults, b.openForm(ctx, r, b.showing(r, reply.Stack), *reply.Form))
	}
	if reply.Message != nil {
		faults = append(faults, b.say(ctx, r, *reply.Message))
	}
	if r.origin.submitted && reply.Form == nil && reply.Load == nil {
		b.finishForm(ctx, r, reply)
	}
	return errors.Join(faults...)
}

// problemMessage draws a problem for the person alone.
func problemMessage(p *chat.Problem) chat.Message {
	text := p.Say
	if p.Try != "" {
		text += "\n" + p.Try
	}
	m := chat.Message{Summary: p.Say, Private: true, Parts: []chat.Part{chat.Text(":warning: " + text)}}
	if len(p.Follow) > 0 {
		m.Parts = append(m.Parts, chat.Actions(p.Follow))
	}
	return m
}

// explain shows a problem: in the form that was submitted, with what was entered, or else privately.
func (b *Bot) explain(ctx context.Context, r Request, p *chat.Problem) error {
	if r.origin.submitted && len(p.Follow) == 0 {
		say := p.Say
		if p.Try != "" {
			say += " " + p.Try
		}
		words, wrong := b.slack.wording(), map[string]string{}
		for input, text := range p.Fields {
			wrong[input] = words.text(text)
		}
		view, err := r.origin.view.again(words.text(say), wrong, b.notifies(r.origin.view.CallbackID))
		if err == nil {
			err = b.slack.updateView(ctx, r.origin.view.ID, "", view)
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
		b.log.Info("a form could not be shown again", "id", r.ID, "error", err)
	}
	err := b.whisper(ctx, r, problemMessage(p))
	if r.origin.submitted && len(p.Follow) > 0 {
		b.closeForm(ctx, r, chat.Text(":warning: "+p.Say), chat.Note("I sent you what you can do now."))
	}
	return err
}

func (b *Bot) notifies(formID string) bool {
	_, ok := b.actions[closePrefix+formID]
	return ok
}

// say posts a message where it was asked for, or shows it to the person alone.
func (b *Bot) say(ctx context.Context, r Request, m chat.Message) error {
	if m.Private {
		return b.whisper(ctx, r, m)
	}
	m.Thread = orElse(m.Thread, r.Thread)
	m.Key = orElse(m.Key, "answer/"+r.ID)
	if r.Channel == "" {
		m.Thread = ""
		_, err := b.slack.Direct(ctx, r.User.ID, m)
		return err
	}
	_, err := b.slack.Post(ctx, r.Channel, m)
	if err == nil || ctx.Err() != nil || Code(err) == "" {
		return err
	}
	b.log.Info("an answer could not be posted where it was asked for", "id", r.ID, "error", err)
	if b.respondable(r) && b.slack.respond(ctx, r.origin.responseURL, r.User.ID, m, false) == nil {
		return nil
	}
	m.Thread = ""
	_, err = b.slack.Direct(ctx, r.User.ID, m)
	return err
}

// whisper shows a message to the person alone: where it was asked, by the response URL, or in a direct message.
func (b *Bot) whisper(ctx context.Context, r Request, m chat.Message) error {
	m.Private = true
	m.Thread = orElse(m.Thread, r.Thread)
	direct := m
	direct.Key, direct.Thread = orElse(m.Key, "answer/"+r.ID), ""
	if r.Channel != "" {
		var err error
		if r.Channel[0] == 'D' {
			direct.Thread = m.Thread
			_, err = b.slack.Post(ctx, r.Channel, direct)
			direct.Thread = ""
		} else {
			err = b.slack.Whisper(ctx, r.Channel, r.User.ID, m)
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
		b.log.Info("a private answer could not be shown where it was asked for", "id", r.ID, "error", err)
		if b.respondable(r) && b.slack.respond(ctx, r.origin.responseURL, r.User.ID, m, false) == nil {
			return nil
		}
	}
	_, err := b.slack.Direct(ctx, r.User.ID, direct)
	return err
}

func (b *Bot) respondable(r Request) bool {
	return r.origin.responseURL != "" && b.now().Sub(r.origin.received) < responseLife
}

// replace shows m in the place of the message whose button was pressed.
func (b *Bot) replace(ctx context.Context, r Request, m chat.Message) error {
	if !r.origin.ephemeral && !r.Message.IsZero() {
		return b.slack.Edit(ctx, r.Message, m)
	}
	if b.respondable(r) && b.slack.respond(ctx, r.origin.responseURL, r.User.ID, m, true) == nil {
		return nil
	}
	return b.whisper(ctx, r, m)
}

// removeButton takes away the message whose button has done its work.
func (b *Bot) removeButton(ctx context.Context, r Request) {
	if !b.respondable(r) {
		return
	}
	err := b.slack.postURL(ctx, r.origin.responseURL, &slackgo.WebhookMessage{DeleteOriginal: true})
	b.slack.Try(ctx, "remove a button that was used", err)
}

// showing is how a form is shown: in the place of another, or by a trigger, by itself or on top of another.
type showing struct{ inPlace, stacked bool }

func (b *Bot) showing(r Request, stack bool) showing {
	within := r.origin.view != nil && r.origin.view.Type == "modal" && !r.origin.again
	stack = stack && within && !r.origin.submitted
	return showing{inPlace: within && !stack, stacked: stack}
}

// openForm shows a form as it is to be shown or, when the trigger is gone, a button that makes the request anew.
func (b *Bot) openForm(ctx context.Context, r Request, how showing, f chat.Form) error {
	view, err := b.slack.renderForm(f, place{Channel: r.Channel, Thread: r.Thread}, b.notifies(f.ID))
	if err != nil {
		return err
	}
	if how.inPlace {
		err := b.slack.updateView(ctx, r.origin.view.ID, "", view)
		if Code(err) == "" || ctx.Err() != nil {
			return err
		}
		return b.offerForm(ctx, r, f.Title)
	}
	if r.origin.trigger == "" {
		return b.offerForm(ctx, r, f.Title)
	}
	if err = b.slack.openView(ctx, r.origin.trigger, how.stacked, view); isTriggerGone(err) {
		return b.offerForm(ctx, r, f.Title)
	}
	return err
}

// offerForm shows a button that makes the request anew, because a form can only be opened within 3 s of a press.
func (b *Bot) offerForm(ctx context.Context, r Request, title string) error {
	return b.whisper(ctx, r, chat.Message{Summary: "Your form is ready: " + orElse(title, "opsbot"), Parts: []chat.Part{
		chat.Text("Your form is ready."),
		chat.Actions{{Action: againAction, Value: r.ID, Label: "Open the form", Style: chat.Primary}},
	}})
}

func isTriggerGone(err error) bool {
	return slices.Contains([]string{"expired_trigger_id", "invalid_trigger_id", "exchanged_trigger_id", "trigger_expired",
		"trigger_exchanged", "invalid_trigger"}, Code(err))
}

// loadForm opens a loading view at once and replaces it by the form when that is made.
func (b *Bot) loadForm(ctx context.Context, r Request, how showing, load func(context.Context) (chat.Form, error)) error {
	v := r.origin.view
	viewID, externalID := "", ""
	if how.inPlace {
		viewID = v.ID
	} else {
		if r.origin.trigger == "" {
			return b.offerForm(ctx, r, "")
		}
		v = &view{}
		externalID = "load/" + rand.Text()
	}
	loading, err := b.slack.notice(v, chat.Text(":hourglass_flowing_sand: Loading…"))
	if err != nil {
		return err
	}
	loading.ExternalID = externalID
	if how.inPlace {
		err = b.slack.updateView(ctx, viewID, "", loading)
	} else {
		err = b.slack.openView(ctx, r.origin.trigger, how.stacked, loading)
	}
	if isTriggerGone(err) {
		return b.offerForm(ctx, r, "")
	}
	if err != nil {
		return err
	}
	made, err := b.madeForm(ctx, r, v, load)
	if err != nil {
		return err
	}
	made.ExternalID = externalID
	return b.slack.updateView(ctx, viewID, externalID, made)
}

// madeForm draws the form that load makes, or the problem that it met.
func (b *Bot) madeForm(ctx context.Context, r Request, v *view, load func(context.Context) (chat.Form, error)) (slackgo.ModalViewRequest, error) {
	var form chat.Form
	_, err := b.handle(ctx, nil, r, func(ctx context.Context, _ Request) (reply Reply, err error) {
		form, err = load(ctx)
		return reply, err
	})
	if err == nil {
		var view slackgo.ModalViewRequest
		if view, err = b.slack.renderForm(form, place{Channel: r.Channel, Thread: r.Thread}, b.notifies(form.ID)); err == nil {
			return view, nil
		}
	}
	if ctx.Err() != nil {
		return slackgo.ModalViewRequest{}, err
	}
	p := b.speakable(&stored{ID: r.ID}, err)
	return b.slack.notice(v, chat.Text(":warning: "+p.Say), chat.Text(p.Try))
}

// finishForm ends the "Working on it…" of a submitted form.
func (b *Bot) finishForm(ctx context.Context, r Request, reply Reply) {
	parts := []chat.Part{chat.Text(":white_check_mark: Done.")}
	if m := reply.Message; m != nil {
		parts = []chat.Part{chat.Text(":white_check_mark: " + orElse(m.Summary, "Done."))}
		switch {
		case r.Channel != "" && !m.Private:
			parts = append(parts, chat.Note("See <#"+r.Channel+">."))
		default:
			parts = append(parts, chat.Note("I sent it to you."))
		}
	}
	b.closeForm(ctx, r, parts...)
}

// closeForm leaves last words in a form. The person may have closed it, which is fine.
func (b *Bot) closeForm(ctx context.Context, r Request, parts ...chat.Part) {
	view, err := b.slack.notice(r.origin.view, parts...)
	if err == nil {
		err = b.slack.updateView(ctx, r.origin.view.ID, "", view)
	}
	if code := Code(err); code != "not_found" && code != "view_not_found" {
		b.slack.Try(ctx, "show in the form what came of it", err)
	}
}

// respond says m by a response URL, to the person alone if m is Private; or replaces the message that it belongs to.
func (s *Slack) respond(ctx context.Context, url, userID string, m chat.Message, replace bool) error {
	drawn, err := s.render(m, directly)
	if err != nil {
		return err
	}
	kind := slackgo.ResponseTypeInChannel
	if m.Private {
		kind = slackgo.ResponseTypeEphemeral
	}
	err = s.postURL(ctx, url, &slackgo.WebhookMessage{Text: drawn.text, Blocks: &slackgo.Blocks{BlockSet: drawn.blocks},
		ResponseType: kind, ReplaceOriginal: replace, ThreadTimestamp: m.Thread})
	if err == nil {
		s.sendFiles(ctx, userID, m, drawn.files)
	}
	return err
}

// postURL answers at a response URL. slack-go's own sender for these adds empty metadata, which Slack need not accept.
func (s *Slack) postURL(ctx context.Context, url string, m *slackgo.WebhookMessage) error {
	return s.call(ctx, "response_url", "", func(ctx context.Context) error {
		return slackgo.PostWebhookCustomHTTPContext(ctx, url, s.o.HTTPClient, m)
	})
}

// openView opens a form by a trigger, by itself or on top of the one that the trigger comes from. When the answer to an attempt was lost and Slack then says that the trigger was
// used, the form is open.
func (s *Slack) openView(ctx context.Context, trigger string, stacked bool, view slackgo.ModalViewRequest) error {
	method, open := "views.open", s.api.OpenViewContext
	if stacked {
		method, open = "views.push", s.api.PushViewContext
	}
	doubtful := false
	return s.call(ctx, method, "", func(ctx context.Context) error {
		_, err := open(ctx, trigger, view)
		if doubtful && slices.Contains([]string{"exchanged_trigger_id", "trigger_exchanged", "duplicate_external_id"}, Code(err)) {
			return nil
		}
		doubtful = doubtful || err != nil && !unsent(err)
		return err
	})
}

// updateView replaces an open form, given by either of its IDs.
func (s *Slack) updateView(ctx context.Context, viewID, externalID string, view slackgo.ModalViewRequest) error {
	return s.call(ctx, "views.update", "", func(ctx context.Context) error {
		_, err := s.api.UpdateViewContext(ctx, view, externalID, "", viewID)
		if err != nil {
			return fmt.Errorf("show a form: %w", err)
		}
		return nil
	})
}

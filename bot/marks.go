package bot

import (
	"context"
	"slices"

	slackgo "github.com/slack-go/slack"

	"github.com/kampyn/opsbot/chat"
)

// Pin pins a message to its channel. One that is pinned already is fine, also when the answer to an attempt was lost.
func (s *Slack) Pin(ctx context.Context, at chat.Ref) error {
	return s.mark(ctx, "pins.add", at, s.api.AddPinContext, "already_pinned")
}

// Unpin takes a pin away; one that is not there is fine.
func (s *Slack) Unpin(ctx context.Context, at chat.Ref) error {
	return s.mark(ctx, "pins.remove", at, s.api.RemovePinContext, "no_pin", "not_pinned")
}

// React adds the bot's reaction, named without colons; one that is there already is fine.
func (s *Slack) React(ctx context.Context, at chat.Ref, emoji string) error {
	add := func(ctx context.Context, _ string, item slackgo.ItemRef) error {
		return s.api.AddReactionContext(ctx, emoji, item)
	}
	return s.mark(ctx, "reactions.add", at, add, "already_reacted")
}

// Unreact takes the bot's reaction away; one that is not there is fine.
func (s *Slack) Unreact(ctx context.Context, at chat.Ref, emoji string) error {
	remove := func(ctx context.Context, _ string, item slackgo.ItemRef) error {
		return s.api.RemoveReactionContext(ctx, emoji, item)
	}
	return s.mark(ctx, "reactions.remove", at, remove, "no_reaction")
}

// mark changes a mark of a message; the codes say that it is as wished already.
func (s *Slack) mark(ctx context.Context, method string, at chat.Ref, change func(context.Context, string, slackgo.ItemRef) error, fine ...string) error {
	err := s.call(ctx, method, "", func(ctx context.Context) error {
		return change(ctx, at.Channel, slackgo.NewRefToMessage(at.Channel, at.TS))
	})
	if slices.Contains(fine, Code(err)) {
		return nil
	}
	return explain(at.Channel, err)
}

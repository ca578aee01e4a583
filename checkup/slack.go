package checkup

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

const slackTitle = "Slack"

// Slack tries what opsbot needs of a workspace. Its probes share one sign-in.
type Slack struct {
	Client *bot.Slack

	once  sync.Once
	grant bot.Grant
	err   error
}

// signInWithin is short, because the client itself would try again for as long as it may.
const signInWithin = 10 * time.Second

func (s *Slack) signIn(ctx context.Context) (bot.Grant, error) {
	s.once.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, signInWithin)
		defer cancel()
		s.grant, s.err = s.Client.Grant(ctx)
	})
	return s.grant, s.err
}

// signedIn answers who the bot is, or skips the rest of a probe.
func (s *Slack) signedIn(ctx context.Context, found *Rows, name string) (bot.Grant, bool) {
	grant, err := s.signIn(ctx)
	if err != nil {
		found.Skip(name, "because of the bot token")
		return grant, false
	}
	return grant, true
}

// Tokens tries the bot token and the app token.
func (s *Slack) Tokens() Probe {
	return Probe{Section: slackTitle, Run: func(ctx context.Context, found *Rows) {
		grant, err := s.signIn(ctx)
		switch code := bot.Code(err); {
		case err == nil:
			found.OK("bot token", "speaks as %s in the workspace %s", chat.Literal("@"+grant.Name), chat.Literal(grant.TeamName))
		case code != "":
			found.Fail("bot token", "Slack does not accept it ("+chat.Literal(code)+")",
				"Install the app anew and set `slack.bot_token` to its Bot User OAuth Token.")
		default:
			silent(found, "bot token", err)
			found.Skip("app token", "because Slack gave no good answer")
			return
		}
		ctx, cancel := context.WithTimeout(ctx, signInWithin)
		defer cancel()
		err = s.Client.TryApp(ctx)
		switch code := bot.Code(err); {
		case err == nil:
			found.OK("app token", "opens connections (asked for the address of one, did not connect)")
		case code == "missing_scope":
			found.Fail("app token", "lacks the scope `connections:write`",
				"Make a new one with it under Basic Information, App-Level Tokens, and set `slack.app_token`.")
		case code == "connection_disabled", code == "socket_mode_disabled":
			found.Fail("app token", "is fine, but Socket Mode is off", "Switch it on in the app's settings under Socket Mode.")
		case code != "":
			found.Fail("app token", "Slack does not accept it ("+chat.Literal(code)+")",
				"Make one with the scope `connections:write` under Basic Information, App-Level Tokens, and set `slack.app_token`.")
		default:
			silent(found, "app token", err)
		}
	}}
}

// silent is a row for no answer, or for one that is none of Slack's.
func silent(found *Rows, name string, err error) {
	if problem, ok := errors.AsType[*chat.Problem](err); ok {
		found.Fail(name, problem.Say, problem.Try)
		return
	}
	found.Fail(name, "Slack gave no good answer: "+chat.Escape(cut(err.Error(), 200)),
		"Is `slack.api_url` right, and may this machine reach it (proxy, firewall)?")
}

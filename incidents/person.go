package incidents

import (
	"context"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// Person answers who can take a role: a member of the workspace who is still there and no app. A *chat.Problem says why
// somebody cannot.
func (d *Desk) Person(ctx context.Context, id string) (chat.User, error) {
	person, err := d.o.Slack.User(ctx, id)
	who := chat.User{ID: id}.Mention()
	switch {
	case bot.Code(err) == "user_not_found" || bot.Code(err) == "user_not_visible":
		return chat.User{}, &chat.Problem{Say: "I do not know the person " + chat.Literal(id) + ".", Try: "Name somebody of this workspace with @."}
	case err != nil:
		return chat.User{}, err
	case person.Bot:
		return chat.User{}, &chat.Problem{Say: who + " is an app; a role needs a person.", Try: "Name somebody of this workspace with @."}
	case person.Gone:
		return chat.User{}, &chat.Problem{Say: who + " has left the workspace.", Try: "Name somebody else with @."}
	}
	return person.User, nil
}

package slack_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	client "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/kampyn/opsbot/sandbox/slack"
)

// TestManyPagesAtOnce has people and the app speak, react and edit at the same moment while pages follow them: each page
// sees all of it in the end.
func TestManyPagesAtOnce(t *testing.T) {
	w := open(t, slack.Options{})
	const people, each, pages = 4, 20, 3
	var users []string
	for n := range people {
		users = append(users, w.AddUser(fmt.Sprint("p", n)))
	}
	busy := w.AddChannel("busy", users...)
	_, _, _, err := w.api.JoinConversation(busy)
	require.NoError(t, err)

	var all errgroup.Group
	for n := range pages {
		all.Go(func() error {
			return w.follow(func() (done bool, err error) {
				var state struct{ Messages []json.RawMessage }
				err = w.page("state?user="+users[n]+"&channel="+busy, &state)
				said := 0
				for _, m := range state.Messages {
					if strings.Contains(string(m), "said by ") && strings.Contains(string(m), `"eyes"`) {
						said++
					}
				}
				return said == (people+1)*each, err
			})
		})
	}
	for _, user := range users {
		all.Go(func() error { return w.sayAndReact(user, busy, each) })
	}
	all.Go(func() error {
		for n := range each {
			_, ts, err := w.api.PostMessage(busy, client.MsgOptionText("to be edited", false))
			if err == nil {
				err = w.api.AddReaction("eyes", client.NewRefToMessage(busy, ts))
			}
			if err == nil {
				_, _, _, err = w.api.UpdateMessage(busy, ts, client.MsgOptionText(fmt.Sprint("said by the app ", n), false))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, all.Wait())
}

// sayAndReact says so many things and reacts to each on the page.
func (w *workspace) sayAndReact(user, channel string, times int) error {
	for n := range times {
		ts, err := w.As(user).Say(channel, fmt.Sprint("said by ", user, n))
		if err != nil {
			return err
		}
		body := fmt.Sprintf(`{"as":%q,"do":"react","channel":%q,"ts":%q,"emoji":"eyes"}`, user, channel, ts)
		answer, err := http.Post(w.URL()+"/page/act", "application/json", strings.NewReader(body))
		if err != nil {
			return err
		}
		if err := answer.Body.Close(); err != nil {
			return err
		}
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("react: %s", answer.Status)
		}
	}
	return nil
}

// follow looks whenever the server tells pages that something has changed, until it is done.
func (w *workspace) follow(look func() (done bool, err error)) error {
	ask, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.URL()+"/page/changes", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if !strings.HasPrefix(lines.Text(), "data:") {
			continue
		}
		if done, err := look(); done || err != nil {
			return err
		}
	}
	return fmt.Errorf("the changes ended before all was seen: %w", w.ctx.Err())
}

func (w *workspace) page(what string, into any) error {
	answer, err := http.Get(w.URL() + "/page/" + what)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return json.NewDecoder(answer.Body).Decode(into)
}

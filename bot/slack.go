// Package bot is the edge to Slack and the only importer of its client. Slack speaks: it posts and edits messages in
// order and obeys Slack's limits. Bot listens: it stores what people ask for, acknowledges it, checks who may, and
// hands it to the handlers.
package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// SlackOptions say how to reach Slack. BotToken, AppToken and Store are needed, all else has a default.
type SlackOptions struct {
	// BotToken (xoxb-…) is for the Web API, AppToken (xapp-…) for Socket Mode.
	BotToken, AppToken string
	// APIURL is the Web API's address with a slash at the end; empty means Slack's own.
	APIURL string
	// Store remembers which messages were posted.
	Store state.Store
	// HTTPClient carries the calls; nil means a client of its own.
	HTTPClient *http.Client
	Log        *slog.Logger
	Now        func() time.Time
	// EditEvery is the shortest time between two edits of one message; 0 means 2 s.
	EditEvery time.Duration
	// CallWithin bounds one attempt of a call; 0 means 10 s. A call is attempted until its context ends.
	CallWithin time.Duration
	// FlushWithin bounds how long the last posts and edits may take at the end of Run; 0 means 5 s.
	FlushWithin time.Duration
	// Called is told of each attempt of a call: "ok", "limited" (429) or "failed"; nil means that nobody counts.
	Called func(method, result string)
	// Report is told once of each optional call that failed, in words for people; nil means that it is only logged.
	Report func(ctx context.Context, text string)
}

// Slack speaks: it posts, edits and reads through the Web API. Posts and edits leave in order per channel while Run is
// running, and wait for it before that.
//
// slack-go's own retries are off: they would repeat a post that Slack may have accepted, ignore the order of a channel
// and give up after a few attempts.
type Slack struct {
	o   SlackOptions
	api *slackgo.Client
	log *slog.Logger
	now func() time.Time

	mu       sync.Mutex
	paused   map[string]time.Time // by method or method and channel: not before
	senders  map[string]*sender   // by channel ID
	running  context.Context      // of the senders while Run is running
	closed   bool
	wg       sync.WaitGroup // senders and reports
	channels map[string]string
	directs  map[string]string
	identity *Identity
	people   cache[Person]
	groups   cache[[]string]
	worded   wording
	pictures chan struct{}   // held by whoever shows one with a key
	tried    map[string]bool // optional calls whose failure was reported
	noFiles  refusal
}

// ErrClosed is the answer to posts and edits after the end of Run.
var ErrClosed = errors.New("bot: the connection to Slack is shut down")

// NewSlack makes the speaking half. Nothing is sent before Run.
func NewSlack(o SlackOptions) *Slack {
	o.APIURL = cmp.Or(o.APIURL, slackgo.APIURL)
	o.EditEvery = cmp.Or(o.EditEvery, 2*time.Second)
	o.CallWithin = cmp.Or(o.CallWithin, 10*time.Second)
	o.FlushWithin = cmp.Or(o.FlushWithin, 5*time.Second)
	if o.HTTPClient == nil {
		o.HTTPClient = &http.Client{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Called == nil {
		o.Called = func(string, string) {}
	}
	return &Slack{
		o: o,
		api: slackgo.New(o.BotToken, slackgo.OptionAPIURL(o.APIURL), slackgo.OptionAppLevelToken(o.AppToken),
			slackgo.OptionHTTPClient(o.HTTPClient)),
		log:      o.Log,
		now:      o.Now,
		paused:   map[string]time.Time{},
		senders:  map[string]*sender{},
		channels: map[string]string{},
		directs:  map[string]string{},
		people:   cache[Person]{now: o.Now, keep: time.Minute},
		groups:   cache[[]string]{now: o.Now, keep: time.Minute},
		pictures: make(chan struct{}, 1),
		tried:    map[string]bool{},
	}
}

// Run sends what is posted and edited until the context ends; then it sends what is waiting, within FlushWithin, and
// answers all else with ErrClosed. It is called once.
func (s *Slack) Run(ctx context.Context) error {
	hard, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	s.start(hard)
	forget := time.NewTicker(time.Hour)
	defer forget.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-forget.C:
			if err := s.forgetPosts(ctx); err != nil {
				s.log.Warn("could not forget old posts", "error", err)
			}
		}
	}
	s.mu.Lock()
	s.closed = true
	for _, c := range s.senders {
		s.nudge(c)
	}
	s.mu.Unlock()
	bound := time.AfterFunc(s.o.FlushWithin, func() { stop(ErrClosed) })
	defer bound.Stop()
	s.wg.Wait()
	return nil
}

// Identity is who the bot is in its workspace.
type Identity struct {
	// Team is the workspace's ID (an organisation's, E…, for an org-wide installation); Enterprise is empty outside
	// Enterprise Grid.
	Team, TeamName, Enterprise string
	// User is the bot's user ID, Bot its bot ID.
	User, Bot, Name string
	// URL is the workspace's address.
	URL string
}

// Identity asks Slack who the bot is, once.
func (s *Slack) Identity(ctx context.Context) (Identity, error) {
	s.mu.Lock()
	known := s.identity
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	grant, err := s.Grant(ctx)
	if err != nil {
		return Identity{}, err
	}
	id := grant.Identity
	if len(grant.Scopes) > 0 && !slices.Contains(grant.Scopes, filesScope) {
		s.refuseFiles(noFilesScope)
	}
	s.mu.Lock()
	s.identity = &id
	s.mu.Unlock()
	return id, nil
}

// Person is what decides whether somebody may ask for anything.
type Person struct {
	chat.User
	// Enterprise and Teams are where a person of an Enterprise Grid organisation belongs.
	Enterprise string
	Teams      []string
	// Bot, Guest, Stranger and Gone exclude the person: an app, a guest, a member of another workspace, deactivated.
	Bot, Guest, Stranger, Gone bool
	// Zone is the person's IANA time zone.
	Zone string
}

// User reads who a user ID is; the answer may be up to 60 s old.
func (s *Slack) User(ctx context.Context, id string) (Person, error) {
	return s.people.get(id, func() (Person, error) {
		var u *slackgo.User
		err := s.call(ctx, "users.info", "", func(ctx context.Context) (err error) {
			u, err = s.api.GetUserInfoContext(ctx, id)
			if err == nil && u.ID == "" {
				err = errEmptyAnswer
			}
			return err
		})
		if err != nil {
			return Person{}, explain("", err)
		}
		name := cmp.Or(u.Profile.DisplayName, u.RealName, u.Profile.RealName, u.Name)
		return Person{
			User:       chat.User{ID: u.ID, Name: name, Team: u.TeamID},
			Enterprise: u.Enterprise.EnterpriseID, Teams: u.Enterprise.Teams,
			Bot:   u.IsBot || u.IsWorkflowBot || u.IsConnectorBot || u.ID == "USLACKBOT",
			Guest: u.IsRestricted || u.IsUltraRestricted, Stranger: u.IsStranger, Gone: u.Deleted, Zone: u.TZ,
		}, nil
	})
}

// UserGroupMembers lists the user IDs in a user group (S…); the answer may be up to 60 s old.
func (s *Slack) UserGroupMembers(ctx context.Context, id string) ([]string, error) {
	return s.groups.get(id, func() (members []string, err error) {
		err = s.call(ctx, "usergroups.users.list", "", func(ctx context.Context) (err error) {
			members, err = s.api.GetUserGroupMembersContext(ctx, id)
			return err
		})
		return members, explain("", err)
	})
}

// Link answers the address of a message for people.
func (s *Slack) Link(ctx context.Context, at chat.Ref) (string, error) {
	var link string
	err := s.call(ctx, "chat.getPermalink", at.Channel, func(ctx context.Context) (err error) {
		link, err = s.api.GetPermalinkContext(ctx, &slackgo.PermalinkParameters{Channel: at.Channel, Ts: at.TS})
		return err
	})
	return link, explain(at.Channel, err)
}

// Home attempts once to show the message's parts, at most 100 blocks, on the person's App Home, in the place of the view
// with that hash ("" means any), and answers the hash of the new one.
func (s *Slack) Home(ctx context.Context, userID, hash string, m chat.Message) (string, error) {
	drawn, err := renderView(s.wording().message(m))
	if err != nil {
		return "", err
	}
	request := slackgo.PublishViewContextRequest{UserID: userID,
		View: slackgo.HomeTabViewRequest{Type: slackgo.VTHomeTab, Blocks: slackgo.Blocks{BlockSet: drawn}}}
	if hash != "" {
		request.Hash = &hash
	}
	err = s.once(ctx, "views.publish", "", func(ctx context.Context) error {
		answer, err := s.api.PublishViewContext(ctx, request)
		if err == nil {
			hash = answer.Hash
		}
		return err
	})
	return hash, explain("", err)
}

// Try notes that an optional call failed: what ("pin the card") is reported once for each cause, in plain words, and
// the work goes on. A nil error and the end of the context are not reported.
func (s *Slack) Try(ctx context.Context, what string, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	code := Code(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tried[what+"/"+code] {
		return
	}
	s.tried[what+"/"+code] = true
	s.log.Warn("an optional call to Slack failed", "what", what, "error", err)
	if s.o.Report == nil || s.running == nil || s.closed {
		return
	}
	text := fmt.Sprintf("I could not %s: %s I go on without it, and won't repeat this.", what, Reason(err))
	running := s.running
	// Report may post to the very channel whose sender is calling, so it must not be waited for here.
	s.wg.Go(func() { s.o.Report(running, text) })
}

// cache keeps answers for a while. The zero time is long ago.
type cache[T any] struct {
	now  func() time.Time
	keep time.Duration
	mu   sync.Mutex
	all  map[string]cached[T]
}

type cached[T any] struct {
	value T
	at    time.Time
}

func (c *cache[T]) get(key string, ask func() (T, error)) (T, error) {
	c.mu.Lock()
	known, ok := c.all[key]
	c.mu.Unlock()
	if ok && c.now().Sub(known.at) < c.keep {
		return known.value, nil
	}
	at := c.now()
	value, err := ask()
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[string]cached[T]{}
	}
	c.all[key] = cached[T]{value, at}
	return value, nil
}

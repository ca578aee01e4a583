package slack

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// object is a JSON object, as it comes in and goes out.
type object = map[string]any

// state is everything that the workspace remembers.
type state struct {
	teamID, teamName string
	apps             []*app
	users            map[string]*user
	userOrder        []string
	channels         map[string]*channel
	channelOrder     []string
	groups           []*userGroup
	files            map[string]*file
	modals           map[string][]*view // by person, the topmost last
	homes            map[string]*view   // by person
	triggers         map[string]*trigger
	scheduled        []*scheduled
	responses        map[string]*responseURL
	responsesMade    int
	pending          map[string]chan json.RawMessage // by envelope id: who waits for its acknowledgement
	commands         []Command
	shortcuts        []Shortcut
	calls            []Call
	limiters         map[string]*rate.Limiter
	ids              uint64
	lastTS           int64 // microseconds
	page             pageMemory
}

func newState() state {
	return state{
		users: map[string]*user{}, channels: map[string]*channel{}, files: map[string]*file{},
		modals: map[string][]*view{}, homes: map[string]*view{}, triggers: map[string]*trigger{},
		limiters: map[string]*rate.Limiter{}, responses: map[string]*responseURL{}, pending: map[string]chan json.RawMessage{},
		page: pageMemory{reads: map[string]string{}, traffic: traffic{changed: make(chan struct{})}},
	}
}

// newID makes an id of Slack's look: the kind's letter and ten letters and digits. Ids repeat from run to run.
func (s *Server) newID(kind string) string {
	s.ids++
	const space = 36 * 36 * 36 * 36 * 36 * 36 * 36 * 36
	// The factor shares no divisor with 36, so that no two ids are alike.
	mixed := strconv.FormatUint(s.ids*1_274_921_637_181%space, 36)
	return kind + "0" + strings.Repeat("0", 8-len(mixed)) + strings.ToUpper(mixed)
}

// newTS answers a message timestamp: seconds and microseconds, later than every one before.
func (s *Server) newTS() string {
	s.lastTS = max(s.lastTS+1, s.now().UnixMicro())
	return fmt.Sprintf("%d.%06d", s.lastTS/1_000_000, s.lastTS%1_000_000)
}

func (s *Server) now() time.Time { return s.opts.Now() }

// secret answers n random letters and digits.
func secret(n int) string { return (rand.Text() + rand.Text())[:n] }

// App is a bot that is installed in the workspace.
type App struct {
	// AppID (A…), UserID (U…) and BotID (B…) name the app, its bot user and its bot.
	AppID, UserID, BotID string
	Name                 string
	// BotToken (xoxb-…) is for the Web API, AppToken (xapp-…) for Socket Mode.
	BotToken, AppToken string
}

// app is an App with its connections.
type app struct {
	App
	scopes  []string // sorted
	granted []string // scopes as installed: what Faults.Reset brings back
	sockets []*socket
	next    int                 // of the sockets, the one that is due for the next envelope
	tickets map[string]struct{} // of the WebSocket addresses that were not used yet
	// noMessages is an app that people cannot talk to directly, noHome one without a home tab, deaf one that is told of
	// nothing that people press.
	noMessages, noHome, deaf bool
	events                   map[string]bool            // it is told of; nil is everything
	heard                    map[string]bool            // it was told of
	raw                      map[string]bool            // commands whose arguments are sent as they were typed, without ids
	used                     map[string]map[string]bool // by scope: the methods and events that it was needed for
}

// AddApp installs another app and answers its ids and tokens. The first is there from the start.
func (s *Server) AddApp(name string) App {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addApp(name).App
}

func (s *Server) addApp(name string) *app {
	a := &app{scopes: allScopes(), granted: allScopes(), tickets: map[string]struct{}{}, used: map[string]map[string]bool{}, heard: map[string]bool{}}
	a.Name, a.AppID, a.BotID = name, s.newID("A"), s.newID("B")
	a.UserID = s.addUser(name, userOptions{bot: true}).id
	s.users[a.UserID].app = a
	a.BotToken = "xoxb-" + s.teamID[1:] + "-" + secret(24)
	a.AppToken = "xapp-1-" + a.AppID + "-" + secret(32)
	s.apps = append(s.apps, a)
	s.touch()
	return a
}

// Command is a slash command of an app, for the page's completion.
type Command struct {
	// Name begins with a slash; Hint shows its arguments.
	Name, Hint, Description string
}

// AddCommands makes commands known. As soon as one is, others are refused as Slack refuses unknown commands;
// before, every command goes to the app.
func (s *Server) AddCommands(commands ...Command) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, commands...)
	s.touch()
}

// Shortcut is an entry of Slack's shortcut menus.
type Shortcut struct {
	CallbackID, Name string
	// OnMessage puts it into the menu of each message instead of the global one.
	OnMessage bool
}

// AddShortcuts makes shortcuts known to the page's menus.
func (s *Server) AddShortcuts(shortcuts ...Shortcut) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shortcuts = append(s.shortcuts, shortcuts...)
	s.touch()
}

package commands_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/sandbox/slack"
)

// usage is what all conversations together asked of Slack, and what their manifests declared.
type usage struct {
	mu               sync.Mutex
	scripts          int
	scopes, events   map[string]bool
	declared, listed map[string]bool
}

// add notes what one conversation used. A call or an event that lacked a scope is an error, unless the method begins with
// taken, which had its scope taken away.
func (u *usage) add(workspace *slack.Server, c *config.Config, taken string) error {
	m, err := app.Manifest(c)
	if err != nil {
		return err
	}
	for _, call := range workspace.Calls() {
		if call.Error == "missing_scope" && (taken == "" || !strings.HasPrefix(call.Method, taken)) {
			return fmt.Errorf("%s lacked a scope that the manifest does not declare", call.Method)
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.scripts++
	note := func(into *map[string]bool, names []string) {
		if *into == nil {
			*into = map[string]bool{}
		}
		for _, name := range names {
			(*into)[name] = true
		}
	}
	used := []string{}
	for scope := range workspace.ScopesUsed() {
		used = append(used, scope)
	}
	note(&u.scopes, used)
	note(&u.events, workspace.EventsHeard())
	note(&u.declared, m.OAuth.Scopes.Bot)
	note(&u.listed, m.Settings.Events.Bot)
	return nil
}

// compare holds the manifest to what was used: the workspace refuses whatever is missing, so this looks for the rest.
func (u *usage) compare(t *testing.T) {
	left := []string{}
	for declared, used := range map[*map[string]bool]map[string]bool{&u.declared: u.scopes, &u.listed: u.events} {
		for name := range *declared {
			if !used[name] {
				left = append(left, name)
			}
		}
	}
	slices.Sort(left)
	require.Empty(t, left, "the manifest declares what no conversation uses")
}

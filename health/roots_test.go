package health

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What depended on a broken part is looked at a little later than that, so it is seen to recover later, too: it has no alert
// of its own, unless it goes on failing.
func TestWhatRecoversLast(t *testing.T) {
	checks := []Check{{Name: "api", FailAfter: 2, RecoverAfter: 2}, {Name: "admin", FailAfter: 2, RecoverAfter: 2, DependsOn: []string{"api"}}}
	stand := map[string]Standing{"api": {}, "admin": {}}
	at := noon
	looks := func(name string, outcome Outcome) role {
		at = at.Add(time.Second)
		s := stand[name]
		s.take(checks[map[string]int{"api": 0, "admin": 1}[name]], Result{At: at, Outcome: outcome}, at, false)
		stand[name] = s
		all, _ := causes(checks, stand)
		return all["admin"].role
	}
	for range 2 {
		looks("api", Failed)
		looks("admin", Failed)
	}
	require.Equal(t, affected, looks("api", OK))
	require.Equal(t, Down, stand["api"].Status)
	require.Equal(t, affected, looks("admin", Failed))
	require.Equal(t, waiting, looks("api", OK))
	require.Equal(t, Up, stand["api"].Status)
	require.Equal(t, waiting, looks("admin", OK))
	looks("api", OK)
	require.Equal(t, calm, looks("admin", OK))

	for range 2 {
		looks("api", Failed)
		looks("admin", Failed)
	}
	looks("api", OK)
	looks("api", OK)
	require.Equal(t, waiting, looks("admin", Failed))
	require.Equal(t, root, looks("admin", Failed), "it is down by itself")
}

package bot

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

func TestBelongs(t *testing.T) {
	single, grid, whole := Identity{Team: "T1"}, Identity{Team: "T1", Enterprise: "E1"}, Identity{Team: "E1", Enterprise: "E1"}
	person := func(team, enterprise string, teams ...string) Person {
		return Person{User: chat.User{ID: "U1", Team: team}, Enterprise: enterprise, Teams: teams}
	}
	for _, c := range []struct {
		name string
		self Identity
		p    Person
		team string // that came with the request
		want bool
	}{
		{"member", single, person("T1", ""), "T1", true},
		{"member, no team in the request", single, person("T1", ""), "", true},
		{"member, foreign request", single, person("T1", ""), "T2", false},
		{"other workspace", single, person("T2", ""), "T2", false},
		{"stranger", single, Person{User: chat.User{ID: "U1", Team: "T1"}, Stranger: true}, "T1", false},
		{"unknown team", single, person("", ""), "", false},
		{"unknown self", Identity{}, person("", ""), "", false},
		{"grid member", grid, person("T1", "E1", "T1", "T3"), "T1", true},
		{"grid member of another home", grid, person("T3", "E1", "T1", "T3"), "T3", true},
		{"grid member, request by the organisation", grid, person("T3", "E1", "T1", "T3"), "E1", true},
		{"same organisation, other workspace", grid, person("T3", "E1", "T3"), "T3", false},
		{"org-wide installation", whole, person("T3", "E1", "T3"), "T3", true},
		{"org-wide, other organisation", whole, person("T9", "E9", "T9"), "T9", false},
	} {
		got := belongs(c.p, c.self) && (c.team == "" || sameTeam(c.team, c.p, c.self))
		require.Equal(t, c.want, got, c.name)
	}
}

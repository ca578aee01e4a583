package incidents

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

func TestRolesAreTakenOnce(t *testing.T) {
	i := declared(t, "sev2")
	chitra := chat.User{ID: "U0CHITRA"}
	take := func(act Act, who chat.User, over string) func(*Incident) error {
		return func(i *Incident) error { return i.Take(act, Commander, who, over) }
	}
	require.NoError(t, take(by(anna, 1), anna, "")(i))
	require.Equal(t, "<@U0ANNA> took the role of *commander*.", newest(t, i).Text)
	require.Equal(t, "<@U0ANNA> became commander", i.Milestones[Acknowledged].Source)

	refused(t, i, "<@U0ANNA> is commander of #12 already", take(by(anna, 2), anna, ""))
	refused(t, i, "<@U0ANNA> is commander of #12 already. Take it over", take(by(ben, 2), ben, ""))
	refused(t, i, "<@U0ANNA> is commander of #12 already. Take it over", take(by(ben, 2), ben, "U0CHITRA"))

	require.NoError(t, take(by(ben, 3), ben, "U0ANNA")(i))
	require.Equal(t, "<@U0BEN> took the role of *commander* over from <@U0ANNA>.", newest(t, i).Text)
	refused(t, i, "<@U0BEN> is commander", take(by(chitra, 3), chitra, "U0ANNA"))
	require.NoError(t, take(by(ben, 4), chitra, "")(i))
	require.Equal(t, "<@U0BEN> handed the role of *commander* over to <@U0CHITRA>.", newest(t, i).Text)
	require.NoError(t, take(by(anna, 5), ben, "U0CHITRA")(i))
	require.Equal(t, "<@U0ANNA> made <@U0BEN> *commander* in the place of <@U0CHITRA>.", newest(t, i).Text)
	require.NoError(t, i.Take(by(anna, 6), Scribe, ben, ""))
	require.Equal(t, "<@U0ANNA> made <@U0BEN> *scribe*.", newest(t, i).Text)
	require.Equal(t, map[Role]chat.User{Commander: ben, Scribe: ben}, i.Roles)
	require.Equal(t, by(anna, 1).At, i.Milestones[Acknowledged].At)

	refused(t, i, "I don't know the role", func(i *Incident) error { return i.Take(by(anna, 7), "boss", anna, "") })
	refused(t, i, "Did you mean `scribe`", func(i *Incident) error { return i.Drop(by(anna, 7), "scrib") })
	refused(t, i, "Nobody is communications", func(i *Incident) error { return i.Drop(by(anna, 7), Communications) })
	require.NoError(t, i.Drop(by(ben, 8), Commander))
	require.Equal(t, "<@U0BEN> gave the role of *commander* up.", newest(t, i).Text)
	require.NoError(t, i.Drop(by(anna, 9), Scribe))
	require.Equal(t, "<@U0ANNA> took the role of *scribe* from <@U0BEN>.", newest(t, i).Text)
	require.Empty(t, i.Roles)
}

func TestTakeButtonNamesWhoIsReplaced(t *testing.T) {
	i := declared(t, "sev2")
	require.Equal(t, "12 commander", i.TakeButton(Commander).Value)
	require.NoError(t, i.Take(by(anna, 1), Commander, anna, ""))
	require.Equal(t, "12 commander U0ANNA", i.TakeButton(Commander).Value)
}

func TestClosedTakesNothing(t *testing.T) {
	r := someRules()
	i := declared(t, "sev2")
	require.NoError(t, i.Advance(r, by(anna, 1), Resolved, ""))
	require.NoError(t, i.Advance(r, by(anna, 2), Closed, ""))
	for name, decide := range map[string]func(*Incident) error{
		"take":        func(i *Incident) error { return i.Take(by(ben, 3), Commander, ben, "") },
		"drop":        func(i *Incident) error { return i.Drop(by(ben, 3), Commander) },
		"acknowledge": func(i *Incident) error { return i.Acknowledge(by(ben, 3)) },
		"tick":        func(i *Incident) error { return i.Tick(by(ben, 3), 0, true) },
		"say":         func(i *Incident) error { return i.Say(r, by(ben, 3), "all is well") },
		"snooze":      func(i *Incident) error { return i.Snooze(by(ben, 3), noon, 0) },
	} {
		t.Run(name, func(t *testing.T) { refused(t, i, "was closed", decide) })
	}
	require.ErrorContains(t, i.Acknowledge(by(ben, 3)), "by <@U0ANNA>")
}

func TestAcknowledging(t *testing.T) {
	i := declared(t, "sev2")
	require.NoError(t, i.Acknowledge(by(ben, 3)))
	require.Equal(t, Mark{At: by(ben, 3).At, Source: "<@U0BEN> pressed Acknowledge"}, i.Milestones[Acknowledged])
	refused(t, i, "acknowledged already, since <!date", func(i *Incident) error { return i.Acknowledge(by(anna, 4)) })
	require.ErrorContains(t, i.Acknowledge(by(anna, 4)), "(<@U0BEN> pressed Acknowledge)")
}

func TestTicking(t *testing.T) {
	i := declared(t, "sev2")
	tick := func(act Act, n int, done bool) func(*Incident) error {
		return func(i *Incident) error { return i.Tick(act, n, done) }
	}
	refused(t, i, "has no first step 3", tick(by(ben, 1), 2, true))
	refused(t, i, "has no first step 0", tick(by(ben, 1), -1, true))
	refused(t, i, "is not ticked", tick(by(ben, 1), 0, false))
	require.NoError(t, tick(by(ben, 1), 0, true)(i))
	require.True(t, i.Response[0].Done())
	require.Equal(t, "Triage &amp; tell: done by <@U0BEN>.", newest(t, i).Text)
	require.Contains(t, i.Milestones, Acknowledged)
	refused(t, i, "was done already, by <@U0BEN>,", tick(by(anna, 2), 0, true))
	require.NoError(t, tick(by(anna, 3), 0, false)(i))
	require.Equal(t, Step{Text: "Triage & tell"}, i.Response[0])
}

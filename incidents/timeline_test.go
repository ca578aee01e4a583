package incidents

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

func TestTheTimelineIsOrderedByWhenItHappened(t *testing.T) {
	d, i := aDesk(t)
	for n, at := range []time.Duration{3, 1, 2} {
		e := Entry{ID: fmt.Sprintf("event/%d", n), Incident: i.Number, At: noon.Add(at * time.Minute), Source: FromRecord, Text: fmt.Sprint(int(at))}
		require.NoError(t, d.Enter(t.Context(), e))
		require.NoError(t, d.Enter(t.Context(), e), "the same thing is entered once")
	}
	all, err := d.Timeline(t.Context(), i.Number, 0)
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2", "3"}, texts(all))
	newest, err := d.Timeline(t.Context(), i.Number, 2)
	require.NoError(t, err)
	require.Equal(t, []string{"2", "3"}, texts(newest))
}

func TestPagesLeadThroughATimeline(t *testing.T) {
	d, i := aDesk(t)
	for n := range 10 {
		require.NoError(t, d.Enter(t.Context(), Entry{ID: fmt.Sprintf("event/%d", n), Incident: i.Number, At: noon.Add(time.Duration(n/2) * time.Minute), Text: fmt.Sprint(n)}))
	}
	require.NoError(t, d.Enter(t.Context(), Entry{ID: "event/1", Incident: i.Number + 1, At: noon, Text: "of another"}))
	page, older, newer, err := d.Page(t.Context(), i.Number, "", "", 4)
	require.NoError(t, err)
	require.Equal(t, []string{"6", "7", "8", "9"}, texts(page))
	require.True(t, older)
	require.False(t, newer)
	page, older, newer, err = d.Page(t.Context(), i.Number, page[0].Mark(), "", 4)
	require.NoError(t, err)
	require.Equal(t, []string{"2", "3", "4", "5"}, texts(page))
	require.True(t, older && newer)
	first, older, newer, err := d.Page(t.Context(), i.Number, page[0].Mark(), "", 4)
	require.NoError(t, err)
	require.Equal(t, []string{"0", "1"}, texts(first))
	require.True(t, !older && newer)
	back, older, newer, err := d.Page(t.Context(), i.Number, "", first[1].Mark(), 4)
	require.NoError(t, err)
	require.Equal(t, page, back)
	require.True(t, older && newer)
	_, _, newer, err = d.Page(t.Context(), i.Number, "", page[3].Mark(), 4)
	require.NoError(t, err)
	require.False(t, newer)
}

func TestNotes(t *testing.T) {
	d, i := aDesk(t)
	act := Act{Request: "n1", By: ben, At: noon.Add(time.Hour)}
	e, err := d.Note(t.Context(), i.Number, act, noon.Add(5*time.Minute), " Ben <!channel> saw <@U1>, password=hunter2 ")
	require.NoError(t, err)
	require.Equal(t, "Ben &lt;!channel&gt; saw <@U1>, password=•••", e.Text)
	_, err = d.Note(t.Context(), i.Number, act, noon.Add(5*time.Minute), "the same request again")
	require.NoError(t, err)
	all, err := d.Timeline(t.Context(), i.Number, 0)
	require.NoError(t, err)
	require.Equal(t, []string{e.Text}, texts(all))

	_, err = d.Retime(t.Context(), i.Number, act, e.ID, noon.Add(2*time.Minute))
	require.NoError(t, err)
	again, err := d.Entry(t.Context(), i.Number, e.ID)
	require.NoError(t, err)
	require.True(t, again.At.Equal(noon.Add(2*time.Minute)))
	_, err = d.TakeBack(t.Context(), i.Number, e.ID)
	require.NoError(t, err)
	all, err = d.Timeline(t.Context(), i.Number, 0)
	require.NoError(t, err)
	require.Empty(t, all)

	require.NoError(t, d.Enter(t.Context(), Entry{ID: "moment/1", Incident: i.Number, At: noon, Source: FromDecision, Text: "decided"}))
	for name, try := range map[string]func() error{
		"empty": func() error { _, err := d.Note(t.Context(), i.Number, act, noon, " "); return err },
		"too long": func() error {
			_, err := d.Note(t.Context(), i.Number, act, noon, string(make([]byte, 2001)))
			return err
		},
		"in the future": func() error { _, err := d.Note(t.Context(), i.Number, act, act.At.Add(2*time.Minute), "x"); return err },
		"too long ago":  func() error { _, err := d.Note(t.Context(), i.Number, act, noon.AddDate(0, -2, 0), "x"); return err },
		"no incident":   func() error { _, err := d.Note(t.Context(), 99, act, noon, "x"); return err },
		"taken twice":   func() error { _, err := d.TakeBack(t.Context(), i.Number, e.ID); return err },
		"a decision":    func() error { _, err := d.TakeBack(t.Context(), i.Number, "moment/1"); return err },
		"no entry":      func() error { _, err := d.TakeBack(t.Context(), i.Number, "note/x"); return err },
		"to the future": func() error {
			_, err := d.Retime(t.Context(), i.Number, act, "moment/1", act.At.Add(time.Hour))
			return err
		},
		"a decision's at": func() error { _, err := d.Retime(t.Context(), i.Number, act, "moment/1", noon); return err },
	} {
		var problem *chat.Problem
		require.ErrorAs(t, try(), &problem, name)
	}
}

func TestAnAddedMessageKeepsWhatAPersonSaid(t *testing.T) {
	c := newCaptures(t)
	at := c.say(c.ben, "it is the queue")
	e := Entry{Incident: c.number, Message: at, By: c.ben, At: noon}
	act := Act{Request: "add", By: c.anna, At: noon.Add(time.Hour)}
	_, err := c.desk.Add(t.Context(), act, e, "it is the queue", "", noon.Add(time.Minute))
	require.NoError(t, err)
	all := c.follow()
	require.Len(t, all, 1, "without a pin")
	require.True(t, all[0].At.Equal(noon.Add(time.Minute)))
	require.Equal(t, "it is the queue", all[0].Text)
	require.NotEmpty(t, all[0].Link)

	require.NoError(t, c.server.As(c.ben.ID).Edit(c.channel, at.TS, "it is the cache"))
	c.pin(c.ben, at)
	c.unpin(c.ben, at)
	all = c.follow()
	require.Equal(t, "it is the cache", all[0].Text, "the message's own words follow it")
	require.True(t, all[0].At.Equal(noon.Add(time.Minute)), "the time that a person gave stays")

	_, err = c.desk.Add(t.Context(), act, e, "it is the queue", "In my words", time.Time{})
	require.NoError(t, err)
	require.NoError(t, c.server.As(c.ben.ID).Delete(c.channel, at.TS))
	require.NoError(t, c.desk.Look(t.Context(), at, false))
	all = c.follow()
	require.Equal(t, "In my words", all[0].Text, "a person's own words stay")
	require.Empty(t, all[0].Link)
}

func TestATakenBackMessageStaysAwayUntilItIsPinnedAnew(t *testing.T) {
	c := newCaptures(t)
	at := c.say(c.ben, "it is the queue")
	c.pin(c.anna, at)
	require.Len(t, c.follow(), 1)
	_, err := c.desk.TakeBack(t.Context(), c.number, messageID(at))
	require.NoError(t, err)
	require.Empty(t, c.follow())
	require.False(t, c.receipted(at))
	require.NoError(t, c.server.As(c.ben.ID).Edit(c.channel, at.TS, "edited"))
	require.NoError(t, c.desk.Look(t.Context(), at, true))
	require.Empty(t, c.follow(), "the old pin does not bring it back")
	c.unpin(c.anna, at)
	require.Empty(t, c.follow())
	c.pin(c.anna, at)
	require.Len(t, c.follow(), 1)
}

// BenchmarkPage is one page of a timeline of 1,000 entries.
func BenchmarkPage(b *testing.B) {
	d, i := aDesk(b)
	for n := range 1000 {
		require.NoError(b, d.Enter(b.Context(), Entry{ID: fmt.Sprintf("event/%d", n), Incident: i.Number, At: noon.Add(time.Duration(n) * time.Second), Text: "it is the queue"}))
	}
	for b.Loop() {
		_, _, _, err := d.Page(b.Context(), i.Number, "", "", 12)
		require.NoError(b, err)
	}
}

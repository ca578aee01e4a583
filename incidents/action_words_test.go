package incidents

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReadAction(t *testing.T) {
	r := someRules()
	saturday := noon // 14 March 2026
	for typed, want := range map[string]struct{ who, day, text, wrong string }{
		"<@U0BEN|ben> by friday alert on it": {who: "U0BEN", day: "2026-03-20", text: "alert on it"},
		"by tomorrow <@U0BEN> alert on it":   {who: "U0BEN", day: "2026-03-15", text: "alert on it"},
		"by saturday alert":                  {day: "2026-03-14", text: "alert"},
		"by Mon alert":                       {day: "2026-03-16", text: "alert"},
		"alert on it by 2026-12-01":          {day: "2026-12-01", text: "alert on it"},
		"alert on what stands by me":         {text: "alert on what stands by me"},
		"alert":                              {text: "alert"},
		"stand by":                           {text: "stand by"},
		"by fridy alert":                     {wrong: "Did you mean `friday`"},
		"alert on it by fridy":               {wrong: "Did you mean `friday`"},
		"by 2026-02-30 alert":                {wrong: "The nearest is `2026-02-28`"},
		"by 2026-13-01 alert":                {wrong: "The nearest is `2026-12-01`"},
		"alert by 2026-03-13":                {wrong: "The nearest is today, `2026-03-14`"},
		"by 2029-01-01 alert":                {wrong: "The last that is taken is `2028-03-14`"},
		"by christmas alert":                 {wrong: "A date works, too, as 2026-03-21"},
		"@ben alert":                         {wrong: "I do not know who `@ben` is"},
	} {
		t.Run(typed, func(t *testing.T) {
			got, err := r.ReadAction(strings.Fields(typed), saturday)
			if want.wrong != "" {
				require.ErrorContains(t, err, want.wrong)
				return
			}
			require.NoError(t, err)
			require.Equal(t, want.text, got.Text)
			require.Equal(t, want.who, got.Who)
			day := ""
			if !got.Due.IsZero() {
				day = got.Due.Format(time.DateOnly)
				require.Equal(t, "23:59:59", got.Due.Format(time.TimeOnly))
			}
			require.Equal(t, want.day, day)
		})
	}
}

func TestActionsAreDoneOnce(t *testing.T) {
	i := declared(t, "sev1")
	_, err := i.AddAction(by(anna, 1), "Alert", ben, time.Time{})
	require.NoError(t, err)
	require.ErrorContains(t, i.DoAction(by(ben, 2), 7), "The nearest is action 1")
	require.NoError(t, i.DoAction(by(ben, 2), 1))
	require.ErrorContains(t, i.DoAction(by(anna, 3), 1), "is done already")
	require.ErrorContains(t, i.DropAction(by(anna, 3), 1), "is done already")
	require.NoError(t, i.UndoAction(by(anna, 4), 1))
	require.NoError(t, someRules().PostponeAction(i, by(anna, 5), 1))
	require.Equal(t, "2026-03-21", i.Actions[0].Due.Format(time.DateOnly))
	require.NoError(t, someRules().PostponeAction(i, by(anna, 6), 1), "a week from the day that is still to come")
	require.Equal(t, "2026-03-28", i.Actions[0].Due.Format(time.DateOnly))
	require.NoError(t, i.DropAction(by(anna, 7), 1))
	require.ErrorContains(t, i.DoAction(by(ben, 8), 1), "was dropped")
	require.Empty(t, i.OpenActions())
}

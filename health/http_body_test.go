package health_test

import (
	"testing"
	"time"

	"github.com/kampyn/opsbot/health"
	"github.com/stretchr/testify/require"
)

func TestHTTPBody(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	const body = `{"status":"DEGRADED","queue":120,"ratio":0.5,"up":true,"none":null,"version":"2.3.1","long":"` +
		`0123456789012345678901234567890123456789012345","items":[{"id":3},{"id":4,"tags":["a"]}],"grid":[[1,2],[3,4]],
		"timestamp":"2026-03-04T05:05:07Z","zoneless":"2026-03-04 05:05:07.5","seconds":1772600767,"millis":1772600707000,"ahead":"2026-03-04T09:06:07Z"}`
	h := asked(answering(t, 200, body))
	h.Now = func() time.Time { return now }
	for _, test := range []struct {
		path  string
		op    health.Op
		value string
		want  string // "" means that it holds
	}{
		{"status", health.Is, "DEGRADED", ""},
		{"status", health.Is, "OK", "`status` is `DEGRADED` instead of `OK`"},
		{"status", health.Not, "DOWN", ""},
		{"status", health.Not, "DEGRADED", "`status` is `DEGRADED`"},
		{"queue", health.Is, "120.0", ""},
		{"queue", health.Below, "121", ""},
		{"queue", health.Below, "100", "`queue` is `120`, not below 100"},
		{"queue", health.Below, "120", "`queue` is `120`, not below 120"},
		{"ratio", health.Above, "0.4", ""},
		{"ratio", health.Above, "0.5", "`ratio` is `0.5`, not above 0.5"},
		{"status", health.Above, "1", "`status` is `DEGRADED`, which is no number"},
		{"up", health.Is, "true", ""},
		{"none", health.Is, "null", ""},
		{"version", health.Matches, `^2\.`, ""},
		{"version", health.Matches, `^3\.`, "`version` is `2.3.1`, which does not match `^3\\.`"},
		{"version", health.Contains, ".3.", ""},
		{"version", health.Contains, "rc", "`version` is `2.3.1`, without `rc`"},
		{"long", health.Is, "x", "`long` is `012345678901234567890123456789012345678…` instead of `x`"},
		{"items[0].id", health.Not, "3", "`items[0].id` is `3`"},
		{"items[1].tags[0]", health.Is, "a", ""},
		{"grid[1][0]", health.Is, "3", ""},
		{"items[2].id", health.Is, "3", "`items[2].id` is missing"},
		{"status.deep", health.Is, "3", "`status.deep` is missing"},
		{"queue[0]", health.Is, "3", "`queue[0]` is missing"},
		{"gone", health.Is, "3", "`gone` is missing"},
		{"items", health.Is, "3", "`items` is a list or an object, not a single value"},
		{"timestamp", health.Fresh, "2m", ""},
		{"timestamp", health.Fresh, "59s", "`timestamp` is 1 min old, more than 59 s"},
		{"zoneless", health.Fresh, "1m", ""},
		{"seconds", health.Fresh, "1s", ""},
		{"millis", health.Fresh, "30s", "`millis` is 1 min old, more than 30 s"},
		{"ahead", health.Fresh, "2m", "`ahead` is 4 h in the future"},
		{"version", health.Fresh, "2m", "`version` is `2.3.1`, which is no time"},
	} {
		h.Wants = []health.Want{{Path: test.path, Tests: []health.Test{{Op: test.op, Value: test.value}}}}
		r := look(t, h.Look, time.Minute)
		if test.want == "" {
			require.Equal(t, health.OK, r.Outcome, "%+v: %s", test, r.Say)
		} else {
			require.Equal(t, test.want, r.Say)
			require.Equal(t, health.Failed, r.Outcome)
		}
	}
	h.Wants = []health.Want{
		{Path: "status", Tests: []health.Test{{Op: health.Is, Value: "OK"}}},
		{Path: "queue", Tests: []health.Test{{Op: health.Above, Value: "1"}, {Op: health.Below, Value: "100"}}},
	}
	require.Equal(t, "`status` is `DEGRADED` instead of `OK`, `queue` is `120`, not below 100", look(t, h.Look, time.Minute).Say)
}

func TestHTTPBodyThatIsNoJSON(t *testing.T) {
	for _, body := range []string{"", "pong", `{"status":"OK"`, `{"status":"OK"} trailing`} {
		h := asked(answering(t, 200, body))
		h.Wants = []health.Want{{Path: "status", Tests: []health.Test{{Op: health.Is, Value: "OK"}}}}
		require.Equal(t, "the answer is no JSON", look(t, h.Look, time.Minute).Say, body)
	}
	h := asked(answering(t, 200, "ping\npong"))
	h.Text = []health.Test{{Op: health.Matches, Value: `(?m)^pong$`}}
	require.Equal(t, health.OK, look(t, h.Look, time.Minute).Outcome)
	h.Text = []health.Test{{Op: health.Contains, Value: "OK"}}
	require.Equal(t, "the answer is `ping\\npong`, without `OK`", look(t, h.Look, time.Minute).Say)
}

// FuzzHTTPBody holds that no answer, whatever it is, breaks a look or makes more than a line.
func FuzzHTTPBody(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":1}]}`), "a[0].b", "1")
	f.Add([]byte(`[[[]]]`), "[0][0][0]", "x")
	f.Add([]byte("\x00`\n"), "a..b[", "*")
	f.Fuzz(func(t *testing.T, body []byte, path, value string) {
		h := health.HTTP{Now: time.Now, Wants: []health.Want{{Path: path, Tests: []health.Test{
			{Op: health.Is, Value: value}, {Op: health.Matches, Value: value}, {Op: health.Fresh, Value: "1m"}, {Op: health.Below, Value: value},
		}}}}
		r := h.Judge(body)
		require.NotContains(t, r.Say, "\n")
		require.LessOrEqual(t, len([]rune(r.Say)), 200)
	})
}

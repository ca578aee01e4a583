package chat_test

import (
	"math"
	"testing"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/stretchr/testify/require"
)

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1: "1 B", 999: "999 B", -999: "-999 B",
		1000: "1.00 kB", 1234: "1.23 kB", 9994: "9.99 kB", 9995: "10.0 kB", 12_345: "12.3 kB",
		99_949: "99.9 kB", 99_950: "100 kB", 999_499: "999 kB", 999_500: "1.00 MB", 999_999: "1.00 MB",
		1_000_000: "1.00 MB", 61_300_000: "61.3 MB", 1_230_000_000: "1.23 GB", 5_600_000_000_000: "5.60 TB",
		7_000_000_000_000_000: "7.00 PB", 999_999_999_999_999_999: "1.00 EB", math.MaxInt64: "9.22 EB",
		-5_000_000: "-5.00 MB", math.MinInt64: "-9.22 EB",
	} {
		require.Equal(t, want, chat.Bytes(n), "%d", n)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 12: "12", 999: "999", 1000: "1,000", 12_345: "12,345", 123_456: "123,456", 1_234_567: "1,234,567",
		-1: "-1", -12: "-12", -999: "-999", -1000: "-1,000", -12_345: "-12,345", -123_456: "-123,456",
		math.MaxInt64: "9,223,372,036,854,775,807", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		require.Equal(t, want, chat.Count(n))
	}
}

func TestPlural(t *testing.T) {
	for _, c := range []struct {
		n    int64
		noun string
		want string
	}{
		{0, "document", "0 documents"}, {1, "collection", "1 collection"}, {6, "collection", "6 collections"},
		{1234, "index", "1,234 indexes"}, {2, "batch", "2 batches"}, {2, "reply", "2 replies"}, {3, "day", "3 days"},
		{2, "loss", "2 losses"}, {1, "entry", "1 entry"}, {2, "y", "2 ys"},
	} {
		require.Equal(t, c.want, chat.Plural(c.n, c.noun))
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "0 s", 0: "0 s", time.Microsecond: "0 ms", 350 * time.Millisecond: "350 ms",
		time.Second - 1: "999 ms", time.Second: "1 s", 1500 * time.Millisecond: "1.5 s",
		9960 * time.Millisecond: "10 s", 10 * time.Second: "10 s", 42*time.Second + 900*time.Millisecond: "42 s",
		time.Minute: "1 min", 90 * time.Second: "1 min 30 s", time.Hour - 1: "59 min 59 s", time.Hour: "1 h",
		time.Hour + 59*time.Second: "1 h", 2*time.Hour + 5*time.Minute + 7*time.Second: "2 h 5 min",
		24 * time.Hour: "1 d", 49 * time.Hour: "2 d 1 h", 400 * 24 * time.Hour: "400 d",
	} {
		require.Equal(t, want, chat.Span(d), "%d", d)
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		done, total int64
		want        string
	}{
		{0, 0, "░░░░░░░░░░"}, {5, 0, "░░░░░░░░░░"}, {5, -1, "░░░░░░░░░░"}, {-5, 10, "░░░░░░░░░░"}, {0, 10, "░░░░░░░░░░"},
		{9, 100, "░░░░░░░░░░"}, {10, 100, "▓░░░░░░░░░"}, {3, 10, "▓▓▓░░░░░░░"}, {7, 10, "▓▓▓▓▓▓▓░░░"},
		{999, 1000, "▓▓▓▓▓▓▓▓▓░"}, {1000, 1000, "▓▓▓▓▓▓▓▓▓▓"}, {2000, 1000, "▓▓▓▓▓▓▓▓▓▓"},
		{math.MaxInt64 / 2, math.MaxInt64, "▓▓▓▓▓░░░░░"}, {math.MaxInt64, 1, "▓▓▓▓▓▓▓▓▓▓"},
	} {
		require.Equal(t, c.want, chat.Bar(c.done, c.total), "%d of %d", c.done, c.total)
	}
}

func TestEscape(t *testing.T) {
	require.Equal(t, "a &amp;amp; b &lt;!channel&gt; *c*", chat.Escape("a &amp; b <!channel> *c*"))
}

func TestLiteral(t *testing.T) {
	for in, want := range map[string]string{
		"orders":            "`orders`",
		"":                  "`\"\"`",
		"a\nb\r\tc":         "`a\\nb\\r\\tc`",
		"a`b":               "`a'b`",
		"<@U1> & co":        "`&lt;@U1&gt; &amp; co`",
		"दाल मखनी 🍛":        "`दाल मखनी 🍛`",
		"x\x00\u2028\u202e": "`x\\x00\\u2028\\u202e`",
		"bad\xff\xfe":       "`bad\\xff\\xfe`",
		"kept �":            "`kept �`",
	} {
		require.Equal(t, want, chat.Literal(in), "%q", in)
	}
}

func TestTimeShowsEachReaderTheirOwn(t *testing.T) {
	at := time.Date(2026, 3, 1, 18, 30, 5, 0, time.FixedZone("IST", 19_800))
	require.Equal(t, "<!date^1772370005^{date_short_pretty} at {time}|2026-03-01 13:00 UTC>", chat.Time(at))
	require.Equal(t, "<!date^1772370005^{time_secs}|13:00:05 UTC>", chat.Clock(at))
}

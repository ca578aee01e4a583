package chat_test

import (
	"fmt"
	"testing"

	"github.com/kampyn/opsbot/chat"
	"github.com/stretchr/testify/require"
)

func TestNearest(t *testing.T) {
	databases := []string{"users", "orders", "items", "inventory", "accounts", "cache"}
	for _, c := range []struct {
		name, word string
		candidates []string
		want       string
	}{
		{"one letter missing", "ordrs", databases, "orders"},
		{"one letter too many", "itemss", databases, "items"},
		{"another letter", "cachw", databases, "cache"},
		{"neighbours swapped", "ordesr", databases, "orders"},
		{"a swap counts once", "uesr", []string{"user"}, "user"},
		{"two edits of nine", "inventry ", databases, "inventory"},
		{"another case", "ORDERS", databases, "orders"},
		{"the candidate's own case", "orders", []string{"Orders"}, "Orders"},
		{"the exact one before a near one", "item", []string{"items", "item"}, "item"},
		{"the one that begins so before an equally near one", "order", []string{"border", "orders"}, "orders"},
		{"the first of equals", "cat", []string{"bat", "hat"}, "bat"},
		{"the only beginning", "inv", databases, "inventory"},
		{"two beginnings", "ba", []string{"backups", "balance"}, ""},
		{"three beginnings", "ba", []string{"backups", "balance", "barriers"}, ""},
		{"one letter begins nothing", "i", []string{"inventory"}, ""},
		{"too far", "pqrstu", databases, ""},
		{"nothing in common", "x", []string{"y"}, ""},
		{"more than three edits of a long one", "housekeepingxxxx", []string{"housekeeping"}, ""},
		{"three edits of a long one", "housekeepingxxx", []string{"housekeeping"}, "housekeeping"},
		{"letters, not bytes", "मैन", []string{"मेनू"}, ""},
		{"a letter that is three bytes", "मेन", []string{"मेनू"}, "मेनू"},
		{"no word", "", []string{"a", "list"}, ""},
		{"no candidates", "orders", nil, ""},
		{"an empty candidate", "x", []string{""}, ""},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, chat.Nearest(c.word, c.candidates)) })
	}
}

func TestUnknownNamesTheNearest(t *testing.T) {
	p := chat.Unknown("database", "ordrs", []string{"users", "orders"})
	require.Equal(t, "I don't know the database `ordrs`.", p.Say)
	require.Equal(t, "Did you mean `orders`?", p.Try)
	require.EqualError(t, p, "I don't know the database `ordrs`. Did you mean `orders`?")
}

func TestUnknownListsWhatIsValid(t *testing.T) {
	require.Equal(t, "Known: `users`, `orders`.", chat.Unknown("database", "<!here>`", []string{"users", "orders"}).Try)
	require.Equal(t, "I don't know the database `&lt;!here&gt;'`.", chat.Unknown("database", "<!here>`", nil).Say)
	require.Empty(t, chat.Unknown("database", "x", nil).Try)

	var many []string
	for i := range 25 {
		many = append(many, fmt.Sprintf("database%02d", i))
	}
	try := chat.Unknown("database", "zzz", many).Try
	require.Contains(t, try, "`database19`, and 5 more.")
	require.NotContains(t, try, "database20")
}

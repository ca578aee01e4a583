package chat_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

func TestRedact(t *testing.T) {
	for typed, want := range map[string]string{
		"/backup now orders":                            "/backup now orders",
		"/x mongodb://admin:hunter2@db/orders":          "/x mongodb://admin:•••@db/orders",
		"/x token=abc password: hunter2":                "/x token=••• password: •••",
		"/x xoxb-1-abc ghp_abcdef AGE-SECRET-KEY-1ABCD": "/x ••• ••• •••",
	} {
		require.Equal(t, want, chat.Redact(typed))
	}
}

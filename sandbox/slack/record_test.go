package slack_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	client "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/slack"
)

func TestRecordsWhatIsAcceptedOnceAndWithoutTokens(t *testing.T) {
	folder := t.TempDir()
	s, err := slack.Start(slack.Options{Record: folder})
	require.NoError(t, err)
	channel := s.AddChannel("ops")
	api := client.New(s.BotToken(), client.OptionAPIURL(s.APIURL()))
	for range 2 {
		_, _, err = api.PostMessage(channel, client.MsgOptionText("said twice", false))
		require.NoError(t, err)
	}
	_, _, err = api.PostMessage("C0NOTHERE0", client.MsgOptionText("refused", false))
	require.Error(t, err)
	require.NoError(t, s.Close())

	files, err := filepath.Glob(folder + "/*.jsonl")
	require.NoError(t, err)
	require.Len(t, files, 1)
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(text), "said twice"))
	require.Contains(t, string(text), `"method":"chat.postMessage"`)
	require.NotContains(t, string(text), "refused")
	require.NotContains(t, string(text), s.BotToken())
}

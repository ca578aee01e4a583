package objects_test

import (
	"testing"

	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/objects/objectstest"
	"github.com/stretchr/testify/require"
)

func TestFolder(t *testing.T) {
	objectstest.Run(t, func(t *testing.T) objects.Store {
		f, err := objects.NewFolder(t.TempDir())
		require.NoError(t, err)
		return f
	})
}

package backups_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/sandbox/mongo"
)

// content reads an object; replace changes it as nobody should.
func (s *stage) content(key string) []byte {
	s.Helper()
	r, err := s.store.Open(s.Context(), key, 0)
	require.NoError(s, err)
	defer r.Close()
	data, err := io.ReadAll(r)
	require.NoError(s, err)
	return data
}

func (s *stage) replace(key string, data []byte) {
	s.Helper()
	require.NoError(s, os.WriteFile(filepath.Join(s.store.String(), key), data, 0o600))
}

func (s *stage) verify(id string) backups.Verification {
	s.Helper()
	v, err := backups.Verify(s.Context(), s.store, id, nil)
	require.NoError(s, err)
	require.Equal(s, len(v.Faults) == 0, v.OK)
	return v
}

// stored makes a small backup of several collections.
func stored(t *testing.T) (*stage, backups.Manifest) {
	s := setup(t, mongo.Options{})
	for _, name := range []string{"a", "b"} {
		for i := range 3 {
			s.insert("shop", name, bson.D{{Key: "_id", Value: i}, {Key: "text", Value: "some text that zstd finds again and again"}})
		}
	}
	s.run("shop", bson.D{{Key: "create", Value: "empty"}})
	s.run("shop", bson.D{{Key: "create", Value: "v"}, {Key: "viewOn", Value: "a"}, {Key: "pipeline", Value: bson.A{}}})
	return s, s.backup(s.open("shop", "shop"))
}

func TestVerifyFindsEveryFlippedByte(t *testing.T) {
	if testing.Short() {
		t.Skip("the same verification, once for each byte")
	}
	s, m := stored(t)
	for _, key := range []string{backups.Key(m.ID, backups.ManifestName), m.Objects[0].Key} {
		whole := s.content(key)
		for at := range whole {
			damaged := slices.Clone(whole)
			damaged[at] ^= 1 << (at % 8)
			s.replace(key, damaged)
			require.False(t, s.verify(m.ID).OK, "byte %d of %s", at, key)
		}
		s.replace(key, whole)
		require.True(t, s.verify(m.ID).OK)
	}
}

func TestVerifyFindsFlippedBytesOfALargeArchive(t *testing.T) {
	if testing.Short() {
		t.Skip("the same verification, many times")
	}
	s := setup(t, mongo.Options{})
	random := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		var all []any
		for range 100 {
			noise := make([]byte, 400)
			for i := range noise {
				noise[i] = byte(random.Uint32())
			}
			all = append(all, bson.D{{Key: "noise", Value: noise}})
		}
		s.insert("shop", "noise", all...)
	}
	m := s.backup(s.open("shop", "shop"))
	key := m.Objects[0].Key
	whole := s.content(key)
	for range 40 {
		damaged := slices.Clone(whole)
		damaged[random.IntN(len(whole))] ^= byte(1 + random.IntN(255))
		s.replace(key, damaged)
		require.False(t, s.verify(m.ID).OK)
	}
	for _, n := range []int{0, 1, 3, 4, 17, len(whole) / 3, len(whole) / 2, len(whole) - 5, len(whole) - 4, len(whole) - 1} {
		s.replace(key, whole[:n])
		v := s.verify(m.ID)
		require.Contains(t, v.Faults, "The object "+key+" has "+strconv.Itoa(n)+" bytes instead of "+strconv.Itoa(len(whole))+".")
	}
	for _, tail := range [][]byte{{0}, []byte("garbage"), {0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7}, whole} {
		s.replace(key, slices.Concat(whole, tail))
		require.False(t, s.verify(m.ID).OK)
	}
	s.replace(key, whole)
	require.True(t, s.verify(m.ID).OK)
}

func TestVerifyNamesWhatIsWrong(t *testing.T) {
	s, m := stored(t)
	key := m.Objects[0].Key
	whole := s.content(key)

	s.insert("shop", "a", bson.D{{Key: "_id", Value: "one more"}})
	other := s.backup(s.open("shop", "shop"))
	s.replace(key, s.content(other.Objects[0].Key))
	v := s.verify(m.ID)
	require.Contains(t, v.Faults, "shop.a has 4 documents instead of 3.")
	require.Contains(t, v.Faults, "The object "+key+" is not the one that was written: its SHA-256 differs.")

	require.NoError(t, os.Remove(filepath.Join(s.store.String(), key)))
	require.Equal(t, []string{"The object " + key + " is missing."}, s.verify(m.ID).Faults)
	s.replace(key, whole)

	manifest := backups.Key(m.ID, backups.ManifestName)
	mine := s.content(manifest)
	s.replace(manifest, s.content(backups.Key(other.ID, backups.ManifestName)))
	require.Contains(t, s.verify(m.ID).Faults[0], "The manifest is damaged")
	s.replace(manifest, mine)
	require.True(t, s.verify(m.ID).OK)
}

func TestVerifyThatCannotBeCarriedOut(t *testing.T) {
	s, m := stored(t)
	_, err := backups.Verify(t.Context(), s.store, "shop-20200101T000000Z-abcd", nil)
	require.Contains(t, problemOf(t, err).Say, "There is no backup")
	_, err = backups.Verify(t.Context(), s.store, "../etc-20200101T000000Z-abcd", nil)
	require.Error(t, err)

	before := s.content(backups.Key(m.ID, backups.VerificationName))
	for _, c := range []struct {
		err error
		say string
	}{{objects.ErrDenied, "refused access"}, {objects.ErrUnreachable, "can't be reached"}} {
		for _, after := range []int{0, 100} {
			_, err = backups.Verify(t.Context(), &unreadable{Store: s.store, suffix: ".zst", err: c.err, after: after}, m.ID, nil)
			require.Contains(t, problemOf(t, err).Say, c.say, "it is no fault of the backup")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = backups.Verify(ctx, s.store, m.ID, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, before, s.content(backups.Key(m.ID, backups.VerificationName)))
}

// unreadable is a store whose objects fail to be read.
type unreadable struct {
	objects.Store
	suffix string
	err    error
	after  int
}

func (u *unreadable) Open(ctx context.Context, key string, offset int64) (io.ReadCloser, error) {
	r, err := u.Store.Open(ctx, key, offset)
	if err != nil || !bytes.HasSuffix([]byte(key), []byte(u.suffix)) {
		return r, err
	}
	if u.after == 0 {
		return nil, u.err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(r, int64(u.after)), failing{u.err}), r}, nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestVerifyProgress(t *testing.T) {
	s, m := stored(t)
	var last backups.Progress
	v, err := backups.Verify(t.Context(), s.store, m.ID, func(p backups.Progress) { last = p })
	require.NoError(t, err)
	require.Equal(t, backups.Progress{Stage: "verifying", Done: 6, Total: 6, Bytes: m.Bytes}, last)
	require.WithinDuration(t, time.Now(), v.At, time.Minute)
}

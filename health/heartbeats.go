package health

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/state"
)

const (
	// HeartbeatPath is where jobs call, with their token behind it.
	HeartbeatPath = "/heartbeat/"
	// heardAgain is how soon after a call the same one is not stored again: who knows a token cannot fill the disk.
	heardAgain = time.Second
	// mostSent is how much of a call's body is read in bytes; nothing of it is kept.
	mostSent = 64 << 10
)

// Heartbeats hear the calls of others' jobs: any of GET, HEAD and POST to /heartbeat/<token>, when a run has gone well. As
// on https://healthchecks.io/docs/http_api/, …/start says that one begins, …/fail that it failed, and …/<exit status> what
// it ended with.
type Heartbeats struct {
	heard  *state.Collection[Heard]
	tokens []heartbeatToken
	now    func() time.Time
	deaf   func(context.Context) (time.Time, error)
	log    *slog.Logger
}

type heartbeatToken struct {
	check string
	sum   [sha256.Size]byte
}

// NewHeartbeats hears calls with these tokens, by the names of their checks. deaf answers until when opsbot was away last.
func NewHeartbeats(store state.Store, tokens map[string]string, now func() time.Time, deaf func(context.Context) (time.Time, error), log *slog.Logger) *Heartbeats {
	h := &Heartbeats{heard: state.NewCollection[Heard](store, "heartbeat", nil), now: now, deaf: deaf, log: log}
	for check, token := range tokens {
		h.tokens = append(h.tokens, heartbeatToken{check, sha256.Sum256([]byte(token))})
	}
	return h
}

// Heard answers what is known of a check's calls. The first to ask begins the waiting.
func (h *Heartbeats) Heard(ctx context.Context, check string) (Heard, error) {
	heard, _, err := h.heard.Get(ctx, check)
	if errors.Is(err, state.ErrNotFound) {
		heard = Heard{Since: h.now().UTC()}
		if err = h.heard.Insert(ctx, check, heard); errors.Is(err, state.ErrExists) {
			heard, _, err = h.heard.Get(ctx, check)
		}
	}
	if err != nil {
		return Heard{}, fmt.Errorf("health: read the heartbeat of %s: %w", check, err)
	}
	heard.Deaf, err = h.deaf(ctx)
	return heard, err
}

// ServeHTTP answers 204 once a call is stored. A token that there is not is not found, as is any other path.
func (h *Heartbeats) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, mostSent)
	token, said, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, HeartbeatPath), "/")
	check := h.check(token)
	change, known := hears(said)
	switch {
	case check == "" || !known:
		http.NotFound(w, r)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, HEAD, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if err := h.take(r.Context(), check, change); err != nil {
		h.log.Warn("a heartbeat could not be stored", "check", check, "error", err)
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// check finds whose token it is, or "". How long that takes tells nothing about tokens.
func (h *Heartbeats) check(token string) (found string) {
	sum := sha256.Sum256([]byte(token))
	for _, t := range h.tokens {
		if subtle.ConstantTimeCompare(sum[:], t.sum[:]) == 1 {
			found = t.check
		}
	}
	return found
}

// hears answers what a call changes, by what stands behind the token.
func hears(said string) (change func(h *Heard, now time.Time), known bool) {
	end := func(failed bool, exit int) func(*Heard, time.Time) {
		return func(h *Heard, now time.Time) {
			if h.Took = 0; h.Began.After(h.At) {
				h.Took = now.Sub(h.Began)
			}
			h.At, h.Failed, h.Exit = now, failed, exit
		}
	}
	switch said {
	case "":
		return end(false, 0), true
	case "fail":
		return end(true, 0), true
	case "start":
		return func(h *Heard, now time.Time) { h.Began = now }, true
	}
	exit, err := strconv.ParseUint(said, 10, 8)
	return end(exit != 0, int(exit)), err == nil
}

// errHeard says that the same was heard just now.
var errHeard = errors.New("health: heard already")

func (h *Heartbeats) take(ctx context.Context, check string, change func(*Heard, time.Time)) error {
	now := h.now().UTC()
	fresh := Heard{Since: now}
	change(&fresh, now)
	err := h.heard.Insert(ctx, check, fresh)
	if !errors.Is(err, state.ErrExists) {
		return err
	}
	_, err = h.heard.Change(ctx, check, func(old *Heard) error {
		again := *old
		change(&again, now)
		ends := old.Began.After(old.At) && again.At.After(old.At) // the run that had begun
		same := again.Failed == old.Failed && again.Exit == old.Exit
		if same && !ends && again.At.Sub(old.At) < heardAgain && again.Began.Sub(old.Began) < heardAgain {
			return errHeard
		}
		*old = again
		return nil
	})
	if errors.Is(err, errHeard) {
		return nil
	}
	return err
}

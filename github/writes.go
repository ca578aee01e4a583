package github

import (
	"context"
	"net/http"
	"time"
)

// Settle is how long GitHub may still be at work on a request whose answer was lost: it ends each after this time, done
// or not. Whoever asks sooner whether something was made may be told no, and make it twice.
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#timeouts
const Settle = 10 * time.Second

// unsure is an error after which nobody knows whether GitHub has done what it was asked.
type unsure struct {
	err  error
	wait time.Duration
}

func (u *unsure) Error() string { return u.err.Error() }
func (u *unsure) Unwrap() error { return u.err }

// ask makes one request that changes nothing.
func (r *Repo) ask(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	return do(ctx)
}

// write makes one request that changes something: one at a time, with a pause after each.
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests
func (r *Repo) write(ctx context.Context, do func(context.Context) error) error {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if wait := r.pace - time.Since(r.wrote); wait > 0 {
		rest := time.NewTimer(wait)
		defer rest.Stop()
		select {
		case <-rest.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := r.ask(ctx, do)
	r.wrote = time.Now()
	if err == nil || definite(err) {
		return err
	}
	return &unsure{err, r.settle}
}

// definite says that GitHub has refused, so that nothing was done.
func definite(err error) bool {
	_, over := Limited(err)
	status := Status(err)
	return over || refusedHere(err) || status >= 300 && status < 500 && status != http.StatusRequestTimeout
}

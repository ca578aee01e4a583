package slack

import (
	"context"
)

// Sockets answers how many connections the first app has open.
func (f *Faults) Sockets() int {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	return len(f.s.apps[0].sockets)
}

// WaitSockets waits until the first app has at least n connections that work.
func (f *Faults) WaitSockets(ctx context.Context, n int) error {
	return f.s.wait(ctx, func() bool {
		working := 0
		for _, k := range f.s.apps[0].sockets {
			if !k.frozen && !k.retiring {
				working++
			}
		}
		return working >= n
	})
}

// DropSockets cuts n connections without a close frame, all when n is negative, and answers how many it cut.
func (f *Faults) DropSockets(n int) int {
	return f.each(n, func(k *socket) { k.cut() })
}

// CloseSockets closes n connections in an orderly way, all when n is negative, and answers how many.
func (f *Faults) CloseSockets(n int) int {
	return f.each(n, func(k *socket) {
		k.retiring = true
		k.add(frame{})
	})
}

// Disconnect sends `disconnect` with a reason (warning, refresh_requested, link_disabled) to n connections, all when
// n is negative, and answers how many. They are closed 10 s, 1 s and no time later.
func (f *Faults) Disconnect(reason string, n int) int {
	return f.each(n, func(k *socket) { f.s.retire(k, reason) })
}

// HalfOpen lets n connections, all when n is negative, stay open but neither read nor write nor ping any more.
// Envelopes still go to them and are lost.
func (f *Faults) HalfOpen(n int) int {
	return f.each(n, func(k *socket) { k.frozen = true })
}

// each does something to connections of the first app, the oldest first; those that it was done to are not forgotten
// until they are closed.
func (f *Faults) each(n int, do func(*socket)) int {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	done := 0
	for _, k := range f.s.apps[0].sockets {
		if done == n {
			break
		}
		do(k)
		done++
	}
	return done
}

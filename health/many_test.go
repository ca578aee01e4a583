package health

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// crowd are 500 checks: 50 that hang and never end by themselves, 50 that flap, 50 that take half of their interval, five
// of which have nine others behind them that fail with them, and 305 that are well. It notes when each look began.
type crowd struct {
	mu     sync.Mutex
	checks []Check
	began  map[string][]time.Time
	end    chan struct{}
}

const (
	hanging, flapping, slow = 50, 50, 50
	roots, behind           = 5, 9
)

func newCrowd(every time.Duration) *crowd {
	c := &crowd{began: map[string][]time.Time{}, end: make(chan struct{})}
	good := Result{Outcome: OK, Say: "answered 200", Took: time.Millisecond}
	bad := Result{Outcome: Failed, Say: "no answer", Took: time.Millisecond}
	add := func(name string, on []string, look Look) {
		check := Check{Name: name, Kind: "http", Every: every, Jitter: every / 10, Timeout: every * 3 / 4, FailAfter: 2, RecoverAfter: 2, DependsOn: on}
		check.Look = func(ctx context.Context) Result {
			c.mu.Lock()
			c.began[name] = append(c.began[name], time.Now())
			c.mu.Unlock()
			return look(ctx)
		}
		c.checks = append(c.checks, check)
	}
	for n := range hanging {
		add(fmt.Sprint("hanging-", n), nil, func(context.Context) Result { <-c.end; return bad })
	}
	for n := range flapping {
		looks := 0
		add(fmt.Sprint("flapping-", n), nil, func(context.Context) Result {
			looks++
			return map[bool]Result{true: bad, false: good}[looks%4 < 2]
		})
	}
	for n := range slow {
		add(fmt.Sprint("slow-", n), nil, func(ctx context.Context) Result {
			pause(ctx, every/2)
			return good
		})
	}
	for n := range roots {
		root := fmt.Sprint("root-", n)
		add(root, nil, func(context.Context) Result { return bad })
		for m := range behind {
			add(fmt.Sprint("behind-", n, "-", m), []string{root}, func(context.Context) Result { return bad })
		}
	}
	for n := range 500 - len(c.checks) {
		add(fmt.Sprint("well-", n), nil, func(context.Context) Result { return good })
	}
	return c
}

// late answers how late looks began after their moments, in rising order. The first of a check is none: at the start all
// are looked at. Nor are those of roots, which are looked at early for what depends on them.
func (c *crowd) late() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []time.Duration
	for _, check := range c.checks {
		if strings.HasPrefix(check.Name, "root") {
			continue
		}
		for _, at := range c.began[check.Name][min(1, len(c.began[check.Name])):] {
			all = append(all, at.Sub(check.slot(at)))
		}
	}
	slices.Sort(all)
	return all
}

// TestManyChecks holds that checks which hang, flap or are slow keep no other from being looked at at each of its
// moments, that each root has one message, and that neither memory nor goroutines grow.
func TestManyChecks(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute of waiting")
	}
	const every, rounds = 4 * time.Second, 3
	all := newCrowd(every)
	w := newWard(t, func(w *ward) {
		w.o.Now, w.o.Rules.Checks = time.Now, all.checks
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	time.Sleep(rounds * every)
	heap, routines := inUse(), ownGoroutines()
	time.Sleep(rounds * every)
	require.Less(t, inUse(), heap+heap/2+16<<20, "memory grows")
	require.Less(t, ownGoroutines(), routines+slow, "goroutines are left behind")
	require.Eventually(t, func() bool { return len(w.said("ops")) >= hanging+flapping+roots }, 2*time.Minute, 100*time.Millisecond,
		"Slack takes about one message a second for a channel")
	close(all.end)
	stop()
	require.NoError(t, <-ended)

	for _, c := range all.checks {
		looks := all.began[c.Name]
		if strings.HasPrefix(c.Name, "hanging") {
			require.Len(t, looks, 1, "a look that has not come back is not begun again")
			continue
		}
		own := map[time.Time]bool{}
		for _, at := range looks[1:] {
			own[c.slot(at)] = true
		}
		if !strings.HasPrefix(c.Name, "root") { // those are looked at early, too, for what depends on them
			require.Len(t, own, len(looks)-1, "%s was looked at twice for one moment", c.Name)
		}
		first, last := looks[1], looks[len(looks)-1]
		require.Len(t, own, c.slots(c.slot(first).Add(-1), last), "%s was left out", c.Name)
	}
	titles := map[string]int{}
	for _, said := range w.said("ops") {
		title, _, _ := strings.Cut(said, "\n")
		titles[strings.Fields(title)[1]]++
	}
	for name, n := range titles {
		require.Equal(t, 1, n, name)
		require.False(t, strings.HasPrefix(name, "behind") || strings.HasPrefix(name, "well") || strings.HasPrefix(name, "slow"), name)
	}
	for n := range roots {
		require.Contains(t, titles, fmt.Sprint("root-", n))
	}
	require.Len(t, titles, hanging+flapping+roots)
}

// ownGoroutines counts those of this package; the sandbox has some for each event that no app takes from it.
func ownGoroutines() (n int) {
	all := make([]byte, 16<<20)
	for stack := range strings.SplitSeq(string(all[:runtime.Stack(all, true)]), "\n\n") {
		if strings.Contains(stack, "opsbot/health.") {
			n++
		}
	}
	return n
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkLate measures how late looks begin among 500 checks, 50 of which hang until they are cut: the monitor, and
// beside it ten workers that take what is due from a queue, as schedulers of jobs do. Each result is kept by the monitor
// and thrown away by the workers.
func BenchmarkLate(b *testing.B) {
	const every, rounds = 4 * time.Second, 3
	report := func(b *testing.B, all *crowd) {
		late := all.late()
		b.ReportMetric(float64(late[len(late)/2].Microseconds())/1e3, "median-ms")
		b.ReportMetric(float64(late[len(late)*99/100].Microseconds())/1e3, "p99-ms")
		b.ReportMetric(float64(late[len(late)-1].Microseconds())/1e3, "slowest-ms")
		b.ReportMetric(float64(all.checks[0].Jitter.Milliseconds()), "jitter-ms")
		b.ReportMetric(float64(len(late)), "looks")
		b.ReportMetric(0, "ns/op")
	}
	b.Run("monitor", func(b *testing.B) {
		all := newCrowd(every)
		w := newWard(b, func(w *ward) { w.o.Now, w.o.Rules.Checks = time.Now, all.checks })
		ctx, stop := context.WithTimeout(b.Context(), rounds*every)
		defer stop()
		if err := w.Run(ctx); err != nil {
			b.Fatal(err)
		}
		close(all.end)
		report(b, all)
	})
	b.Run("ten workers", func(b *testing.B) {
		all := newCrowd(every)
		ctx, stop := context.WithTimeout(b.Context(), rounds*every)
		defer stop()
		queue := make(chan Check, 10_000)
		var working sync.WaitGroup
		for range 10 {
			working.Go(func() {
				for c := range queue {
					within, cut := context.WithTimeout(ctx, c.Timeout)
					came := make(chan Result, 1)
					go func() { came <- c.Look(within) }()
					select {
					case <-came:
					case <-within.Done():
					}
					cut()
				}
			})
		}
		for due := map[string]time.Time{}; ctx.Err() == nil; pause(ctx, time.Millisecond) {
			for _, c := range all.checks {
				if now := time.Now(); !due[c.Name].After(now) {
					due[c.Name] = c.nextSlot(now)
					queue <- c
				}
			}
		}
		close(queue)
		working.Wait()
		close(all.end)
		report(b, all)
	})
}

package health

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/mem"
	"github.com/shirou/gopsutil/v4/net"

	"github.com/kampyn/opsbot/chat"
)

// Limits are what of this machine may be used; 0 means any amount.
type Limits struct {
	// CPU is in percent of all processors together, on average since the last look; Memory is in percent.
	CPU, Memory float64
	// Disks are looked at in their order.
	Disks []Disk
	// Network is in bytes per second, in or out, of any one interface, on average since the last look.
	Network float64
}

// Disk is a file system by any path in it; Limit is in percent of its space, and of its inodes.
type Disk struct {
	Path  string
	Limit float64
}

// shortestSpan is over what the first averages are taken.
const shortestSpan = time.Second

// Machine looks at the machine that opsbot runs on; in a container that is the host, but for its disks.
type Machine struct {
	limits Limits

	mu      sync.Mutex
	last    *usage
	hanging map[string]bool // disks that have not answered
}

// usage are counters that only grow.
type usage struct {
	at          time.Time
	busy, whole float64             // of the processors, in seconds
	traffic     map[string][2]int64 // by interface: bytes in and out
}

// NewMachine keeps the counters of one look for the next one.
func NewMachine(limits Limits) *Machine { return &Machine{limits: limits, hanging: map[string]bool{}} }

// measure is one thing that was measured: fault is "" when it is within its limit.
type measure struct {
	say, fault string
	figure     Figure
	err        error
}

// Look measures once. The first look takes a second, for averages.
func (m *Machine) Look(ctx context.Context) Result {
	began := time.Now()
	all := m.averages(ctx)
	memory, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		all = append(all, measure{say: "the memory", err: err})
	} else {
		all = append(all, percent("memory", memory.UsedPercent, m.limits.Memory))
	}
	for _, d := range m.limits.Disks {
		all = append(all, m.disk(ctx, d))
	}
	took := time.Since(began)
	r := Result{Outcome: OK, Took: took}
	var said, faults, unknown []string
	for _, one := range all {
		switch {
		case one.err != nil:
			unknown = append(unknown, one.say+" could not be measured: "+chat.Escape(one.err.Error()))
			continue
		case one.fault != "":
			faults = append(faults, one.fault)
		default:
			said = append(said, one.say)
		}
		if one.figure.Name != "" {
			r.Figures = append(r.Figures, one.figure)
		}
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return broken(ctx, ctx.Err(), took, "", nil)
	case len(faults) > 0:
		r.Outcome, r.Say = Failed, sentence(faults...)
	case len(unknown) > 0:
		r.Outcome, r.Say = Unknown, sentence(unknown...)
	default:
		r.Say = sentence(said...)
	}
	return r
}

func percent(what string, value, limit float64) measure {
	one := measure{say: fmt.Sprintf("%s %.0f%%", what, value), figure: Figure{what, value, "%"}}
	if limit > 0 && value > limit {
		one.fault = fmt.Sprintf("%s, more than %g%%", one.say, limit)
	}
	return one
}

// averages are those since the last look.
func (m *Machine) averages(ctx context.Context) []measure {
	before, now, err := m.since(ctx)
	if err != nil {
		return []measure{{say: "CPU and network", err: err}}
	}
	whole := max(now.whole-before.whole, 1e-9)           // two looks within a tick of the counters
	busy := min(max((now.busy-before.busy)/whole, 0), 1) // the counters are floats
	return []measure{percent("CPU", 100*busy, m.limits.CPU), m.network(before, now)}
}

// since answers the counters of the last look, or of a second ago, and those of now.
func (m *Machine) since(ctx context.Context) (before, now *usage, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if before = m.last; before == nil || time.Since(before.at) < shortestSpan {
		if before, err = count(ctx); err != nil {
			return nil, nil, err
		}
		wait := time.NewTimer(shortestSpan)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	if now, err = count(ctx); err != nil {
		return nil, nil, err
	}
	m.last = now
	return before, now, nil
}

func count(ctx context.Context) (*usage, error) {
	u := &usage{at: time.Now(), traffic: map[string][2]int64{}}
	times, err := cpu.TimesWithContext(ctx, false)
	if err != nil {
		return nil, fmt.Errorf("health: count processor time: %w", err)
	}
	for _, t := range times {
		// The time of guests is within that of users. https://man7.org/linux/man-pages/man5/proc_stat.5.html
		busy := t.User + t.Nice + t.System + t.Irq + t.Softirq + t.Steal
		u.busy, u.whole = u.busy+busy, u.whole+busy+t.Idle+t.Iowait
	}
	interfaces, err := net.IOCountersWithContext(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("health: count traffic: %w", err)
	}
	for _, i := range interfaces {
		if i.Name != "lo" && !strings.HasPrefix(i.Name, "lo0") {
			u.traffic[i.Name] = [2]int64{int64(i.BytesRecv), int64(i.BytesSent)}
		}
	}
	return u, nil
}

// network is about the busiest interface.
func (m *Machine) network(before, now *usage) measure {
	name, most, direction := "", -1.0, ""
	for i, bytes := range now.traffic {
		for j, way := range []string{"in", "out"} {
			old, known := before.traffic[i]
			rate := float64(bytes[j]-old[j]) / now.at.Sub(before.at).Seconds()
			if known && (rate > most || rate == most && i < name) {
				name, most, direction = i, rate, way
			}
		}
	}
	if name == "" {
		return measure{say: "no network"}
	}
	one := measure{say: "network " + chat.Bytes(int64(most)) + "/s", figure: Figure{"network", most, "bytes/s"}}
	if m.limits.Network > 0 && most > m.limits.Network {
		one.fault = fmt.Sprintf("%s %s on %s, more than %s/s", one.say, direction, chat.Literal(name), chat.Bytes(int64(m.limits.Network)))
	}
	return one
}

// disk asks in a goroutine of its own, which a dead network disk can hold for ever: one for each disk at most.
func (m *Machine) disk(ctx context.Context, d Disk) measure {
	type answer struct {
		usage *disk.UsageStat
		err   error
	}
	what, asked := "disk "+chat.Literal(d.Path), make(chan answer, 1)
	m.mu.Lock()
	hangs := m.hanging[d.Path]
	m.hanging[d.Path] = true
	m.mu.Unlock()
	if !hangs {
		go func() {
			found, err := disk.UsageWithContext(ctx, d.Path)
			m.mu.Lock()
			delete(m.hanging, d.Path)
			m.mu.Unlock()
			asked <- answer{found, err}
		}()
	}
	select {
	case got := <-asked:
		if got.err != nil {
			return measure{fault: what + ": " + chat.Escape(got.err.Error())}
		}
		one := percent(what, got.usage.UsedPercent, d.Limit)
		if inodes := got.usage.InodesUsedPercent; one.fault == "" && d.Limit > 0 && inodes > d.Limit {
			one.fault = fmt.Sprintf("%s has %.0f%% of its inodes used, more than %g%%", what, inodes, d.Limit)
		}
		return one
	case <-ctx.Done():
		return measure{fault: what + " does not answer"}
	}
}

package mongo

import (
	"net"
	"strings"
	"sync"
	"time"
)

// Faults makes the server misbehave as a test demands. Commands are named as clients name them, without regard to case. Its methods may
// be called at any time from any goroutine.
type Faults struct {
	srv *Server

	mu        sync.Mutex
	rules     []*rule
	counts    map[string]int
	log       []Seen
	secondary bool
	counter   int64         // of the topology version
	changed   chan struct{} // closed when the topology changes
	cache     int64
	dirty     int64
	members   []Member
}

// Member is another member of the replica set, of which only replSetGetStatus tells.
type Member struct {
	Name  string        // host:port
	State int           // https://www.mongodb.com/docs/manual/reference/replica-states/
	Str   string        // the state as it is called: SECONDARY
	Lag   time.Duration // how far it is behind this server
}

// Seen is one command that the server got.
type Seen struct {
	Name string // as the client sent it
	DB   string
	On   string // the collection, for commands that have one
	Conn int64  // number of the connection, from 1
}

// rule is one misbehaviour: what happens to some messages of a command.
type rule struct {
	command string
	skip    int // messages that pass before
	times   int // messages that it happens to; below 0: all
	plan    plan
}

// plan is what happens to one message.
type plan struct {
	delay    time.Duration
	cut      bool
	cutReply int
	fail     *Error
	then     func()
}

// maxSeen is how many commands the log keeps.
const maxSeen = 100000

func newFaults(s *Server) *Faults {
	return &Faults{srv: s, counts: map[string]int{}, counter: 6, changed: make(chan struct{})}
}

func (f *Faults) add(command string, n, times int, p plan) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append(f.rules, &rule{command: strings.ToLower(command), skip: max(0, n-1), times: times, plan: p})
}

// CloseAt cuts the connection when the nth message of the command from now on comes in (1 is the next), before anything is done.
func (f *Faults) CloseAt(command string, n int) { f.add(command, n, 1, plan{cut: true}) }

// Fail answers the command's next times messages with err, without doing anything; all messages when times is below 0.
func (f *Faults) Fail(command string, times int, err Error) {
	f.add(command, 1, times, plan{fail: &err})
}

// FailAt answers the nth message of the command from now on with err.
func (f *Faults) FailAt(command string, n int, err Error) { f.add(command, n, 1, plan{fail: &err}) }

// Delay holds the command's messages back for d before they are looked at, until Reset.
func (f *Faults) Delay(command string, d time.Duration) { f.add(command, 1, -1, plan{delay: d}) }

// CutReply executes the nth message of the command from now on, sends at most the first bytes of its reply and cuts the connection.
func (f *Faults) CutReply(command string, n, bytes int) {
	f.add(command, n, 1, plan{cutReply: max(1, bytes)})
}

// DropAfter drops the collection ns ("database.collection") when the nth message of the command from now on has been executed, so that
// cursors open on it end with QueryPlanKilled.
func (f *Faults) DropAfter(command string, n int, ns string) {
	f.Do(command, n, func() { f.srv.dropNow(ns) })
}

// Do calls then when the nth message of the command from now on has been executed, before its reply is sent.
func (f *Faults) Do(command string, n int, then func()) { f.add(command, n, 1, plan{then: then}) }

// Reset ends all misbehaviour and makes the server a primary again. What was counted stays.
func (f *Faults) Reset() error {
	f.mu.Lock()
	f.rules, f.cache, f.dirty = nil, 0, 0
	f.mu.Unlock()
	f.SetSecondary(false)
	f.HoldMajority(false)
	return f.Reachable()
}

// Unreachable cuts all connections and takes no new ones until Reachable.
func (f *Faults) Unreachable() error {
	s := f.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.listener != nil {
		err = s.listener.Close()
		s.listener = nil
	}
	s.cutLocked()
	return err
}

// Reachable listens again on the same address.
func (f *Faults) Reachable() error {
	s := f.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil || s.closed {
		return nil
	}
	l, err := net.Listen("tcp", s.host)
	if err != nil {
		return err
	}
	s.listener = l
	s.work.Go(func() { s.accept(l) })
	return nil
}

// CutConnections cuts all connections; new ones are taken.
func (f *Faults) CutConnections() {
	f.srv.mu.Lock()
	defer f.srv.mu.Unlock()
	f.srv.cutLocked()
}

// SetSecondary makes the server a secondary, which refuses writes, or the primary again.
func (f *Faults) SetSecondary(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.secondary == on {
		return
	}
	f.secondary = on
	f.counter++
	close(f.changed)
	f.changed = make(chan struct{})
}

// HoldMajority keeps the majority commit point where it is while on: hello and reads with read concern majority stay behind.
func (f *Faults) HoldMajority(on bool) {
	if o := f.srv.oplog; o != nil {
		if on && !o.held.Load() {
			o.majority.Store(o.lastTS())
		}
		o.held.Store(on)
	}
}

// SetCache makes serverStatus report that many bytes in the cache and that many dirty ones, of 1 GiB.
func (f *Faults) SetCache(bytes, dirty int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cache, f.dirty = bytes, dirty
}

// SetMembers makes replSetGetStatus tell of further members.
func (f *Faults) SetMembers(members ...Member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members = members
}

// Commands answers how often each command was seen, by the name that the clients sent.
func (f *Faults) Commands() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[string]int, len(f.counts))
	for name, n := range f.counts {
		out[name] = n
	}
	return out
}

// Log answers the commands seen, in order; only the last 100,000 are kept.
func (f *Faults) Log() []Seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Seen(nil), f.log...)
}

// seen counts a command and answers what is to happen to it.
func (f *Faults) seen(c *call) plan {
	on := text(c.arg(c.name))
	if c.name == "getMore" {
		on = text(c.arg("collection"))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	name := strings.Clone(c.name)
	f.counts[name]++
	if len(f.log) >= maxSeen {
		f.log = append(f.log[:0], f.log[maxSeen/2:]...)
	}
	f.log = append(f.log, Seen{Name: name, DB: strings.Clone(c.db), On: strings.Clone(on), Conn: c.conn.id})
	var out plan
	for _, r := range f.rules {
		if r.command != strings.ToLower(c.name) || r.times == 0 {
			continue
		}
		if r.skip > 0 {
			r.skip--
			continue
		}
		if r.times > 0 {
			r.times--
		}
		out.merge(r.plan)
	}
	return out
}

func (p *plan) merge(o plan) {
	p.delay += o.delay
	p.cut = p.cut || o.cut
	p.cutReply = max(p.cutReply, o.cutReply)
	if o.fail != nil {
		p.fail = o.fail
	}
	if o.then != nil {
		p.then = o.then
	}
}

func (f *Faults) isSecondary() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.secondary
}

func (f *Faults) others() []Member {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.members
}

func (f *Faults) topology() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counter
}

func (f *Faults) topologyChange() (<-chan struct{}, int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed, f.counter
}

func (f *Faults) cacheBytes() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cache
}

func (f *Faults) dirtyBytes() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dirty
}

// dropNow drops a collection as if somebody had sent the command.
func (s *Server) dropNow(ns string) {
	db, name, err := splitNS(ns)
	if err != nil {
		s.opts.Log.Error("cannot drop a collection", "namespace", ns, "error", err)
		return
	}
	s.cat.mu.Lock()
	defer s.cat.mu.Unlock()
	if col := s.cat.collection(db, name); col != nil {
		s.dropCollection(col)
	}
}

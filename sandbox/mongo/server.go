// Package mongo is a MongoDB server for tests and demonstrations: the wire protocol, a replica set of one member with an oplog, and
// collections in memory. It keeps every document as the bytes it came in and answers as a MongoDB 4.4.6 does, whose recorded replies
// in testdata it is held to. It has no disk, no sharding, no server-side JavaScript and no change streams.
package mongo

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/bson/primitive"
)

// Options say what server to start. The zero value is a replica set rs0 on a free port of 127.0.0.1, without authentication.
type Options struct {
	Addr       string           // host:port to listen on; default 127.0.0.1:0
	ReplicaSet string           // name of the replica set; default "rs0"; "-" for a standalone server without an oplog
	Version    string           // version to report; default "4.4.6"
	OplogBytes int64            // size of the oplog, whose oldest entries go when it is full; default 256 MiB
	Now        func() time.Time // the clock; default time.Now
	TTL        time.Duration    // how often expired documents are removed; default 0: never
	Log        *slog.Logger     // default: nothing is logged
	Username   string           // with Password: SCRAM-SHA-256 against the database admin is required
	Password   string
	Roles      []string // built-in roles of that user on admin; default: root
}

// Server is a running server. Its methods may be called from several goroutines.
type Server struct {
	opts    Options
	host    string // as the replica set knows this member
	started time.Time
	process primitive.ObjectID
	setID   primitive.ObjectID
	faults  *Faults
	cat     *catalog
	oplog   *oplog // nil for a standalone server
	cursors cursors
	sess    sessions
	scram   *scramUser
	params  parameters

	done    chan struct{} // closed by Close
	work    sync.WaitGroup
	connIDs atomic.Int64
	count   opCounters

	mu       sync.Mutex
	listener net.Listener
	conns    map[*conn]struct{}
	closed   bool
}

// Start listens and serves until Close. It fails when the address cannot be listened on or the options contradict each other.
func Start(o Options) (*Server, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("start the MongoDB double: %w", err)
	}
	s := &Server{opts: o, host: l.Addr().String(), started: o.Now(), process: primitive.NewObjectID(), setID: primitive.NewObjectID(),
		done: make(chan struct{}), listener: l, conns: map[*conn]struct{}{}}
	s.cat = newCatalog()
	s.faults = newFaults(s)
	s.sess.init()
	s.cursors.init()
	s.params.init()
	if o.Username != "" {
		if s.scram, err = newScramUser(o.Username, o.Password); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	if err := s.seed(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s.work.Go(func() { s.accept(l) })
	if o.TTL > 0 {
		s.work.Go(s.expire)
	}
	return s, nil
}

func (o *Options) fill() error {
	if (o.Username == "") != (o.Password == "") {
		return errors.New("start the MongoDB double: a user name needs a password, and a password a name")
	}
	if err := checkRoles(o.Roles); err != nil {
		return fmt.Errorf("start the MongoDB double: %w", err)
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.ReplicaSet == "" {
		o.ReplicaSet = "rs0"
	}
	if o.Version == "" {
		o.Version = "4.4.6"
	}
	if o.OplogBytes == 0 {
		o.OplogBytes = 256 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Close cuts every connection and waits for all that the server does.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.done)
	var err error
	if s.listener != nil {
		err = s.listener.Close()
	}
	s.cutLocked()
	s.mu.Unlock()
	s.work.Wait()
	return err
}

// Addr answers host:port of the server.
func (s *Server) Addr() string { return s.host }

// URI answers a connection string with the database db as its path ("" for none), with user and password if the server wants them.
func (s *Server) URI(db string) string {
	query, user := "replicaSet="+s.opts.ReplicaSet, ""
	if s.opts.ReplicaSet == "-" {
		query = "directConnection=true"
	}
	if s.scram != nil {
		user = s.opts.Username + ":" + s.opts.Password + "@"
		query += "&authSource=admin"
	}
	return "mongodb://" + user + s.host + "/" + db + "?" + query
}

// Faults answers the switchboard by which tests make the server misbehave.
func (s *Server) Faults() *Faults { return s.faults }

func (s *Server) replicated() bool { return s.oplog != nil }

func (s *Server) accept(l net.Listener) {
	for {
		nc, err := l.Accept()
		if err != nil {
			return // closed by Close or by a fault
		}
		c := &conn{srv: s, net: nc, id: s.connIDs.Add(1)}
		s.mu.Lock()
		if s.closed || s.listener != l {
			s.mu.Unlock()
			c.cut()
			continue
		}
		s.conns[c] = struct{}{}
		s.work.Go(c.serve)
		s.mu.Unlock()
	}
}

// cutLocked closes every connection. s.mu is held.
func (s *Server) cutLocked() {
	for c := range s.conns {
		c.cut()
	}
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

func (s *Server) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

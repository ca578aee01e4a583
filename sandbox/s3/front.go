package s3

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
)

// front takes connections and passes their bytes on to the gateway's socket. The gateway cannot tell its port when it
// chooses one, and when it stops it waits ten seconds for connections that have been opened and not used; the front
// knows the one and closes the other.
type front struct {
	net.Listener
	dir string // with the socket in it

	mu    sync.Mutex
	open  map[net.Conn]bool
	ended bool
	wg    sync.WaitGroup
}

// newFront listens on addr. The gateway is to listen on socket() before serve is called.
func newFront(addr string) (*front, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox/s3: %w", err)
	}
	// In the system's own folder: the path of a socket may have hardly more than 100 bytes.
	dir, err := os.MkdirTemp("", "s3-")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sandbox/s3: %w", err), listener.Close())
	}
	return &front{Listener: listener, dir: dir, open: map[net.Conn]bool{}}, nil
}

func (f *front) socket() string { return filepath.Join(f.dir, "gateway") }

// serve accepts until close.
func (f *front) serve() {
	f.wg.Go(func() {
		for {
			client, err := f.Accept()
			if err != nil {
				return
			}
			f.wg.Go(func() { f.pass(client) })
		}
	})
}

// pass copies both ways until both sides are done.
func (f *front) pass(client net.Conn) {
	gateway, err := net.Dial("unix", f.socket())
	if err != nil {
		client.Close()
		return
	}
	if !f.keep(client, gateway) {
		return
	}
	defer f.drop(client, gateway)
	var back sync.WaitGroup
	back.Go(func() { oneWay(client, gateway) })
	oneWay(gateway, client)
	back.Wait()
}

// oneWay copies from one side until it ends, and tells the other.
func oneWay(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		from.Close()
		return
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		// A side that is gone already needs no word of it.
		_ = half.CloseWrite()
	}
}

func (f *front) keep(conns ...net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range conns {
		if f.ended {
			c.Close()
		}
		f.open[c] = true
	}
	return !f.ended
}

func (f *front) drop(conns ...net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(f.open, c)
	}
}

// close cuts every connection and waits for the goroutines.
func (f *front) close() error {
	err := f.Close()
	f.mu.Lock()
	f.ended = true
	for c := range f.open {
		c.Close()
	}
	f.mu.Unlock()
	f.wg.Wait()
	return errors.Join(err, os.RemoveAll(f.dir))
}

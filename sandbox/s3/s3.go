// Package s3 is an S3 server to try and test against: the Versity gateway over a folder, in this process. It checks
// signatures and checksums as a real store does. Proxy stands in front of it and misbehaves on demand.
package s3

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"
)

// Region is the only one that the server accepts in signatures.
const Region = "us-east-1"

// Options say where the server keeps its objects and who may use it.
type Options struct {
	// Dir is made if it is missing. Objects are files under Dir/data/<bucket>/<key>, what S3 knows of them beyond
	// their bytes is under Dir/meta. A server started again on the same Dir has the same objects.
	Dir string
	// Addr is host:port; port 0 or an empty Addr takes a free port of 127.0.0.1.
	Addr string
	// AccessKey and SecretKey are the only credentials; both are needed.
	AccessKey, SecretKey string
	// Buckets are made if they are missing.
	Buckets []string
}

// Server is a running gateway.
type Server struct {
	front  *front
	cancel context.CancelFunc
	done   chan error
	close  func() error
}

// startTimeout bounds how long the gateway may take to listen; it takes milliseconds.
const startTimeout = 20 * time.Second

// Start serves until Close. The gateway keeps process-wide variables, so a process can have one Server at a time:
// a second Start answers an error. For a moment Start moves the working directory of the process.
func Start(o Options) (*Server, error) {
	backend, err := openBackend(o.Dir, o.Buckets)
	if err != nil {
		return nil, err
	}
	front, err := newFront(o.Addr)
	if err != nil {
		backend.Shutdown()
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{front: front, cancel: cancel, done: make(chan error, 1)}
	s.close = sync.OnceValue(s.stop)
	listening := make(chan struct{})
	config := &embedgw.Config{
		RootUserAccess: o.AccessKey, RootUserSecret: o.SecretKey, Region: Region,
		IAMService:     onlyRoot(o.AccessKey, o.SecretKey),
		Ports:          []string{front.socket()},
		MaxConnections: 4096, MaxRequests: 1024, MultipartMaxParts: 10_000,
		KeepAlive: true, Quiet: true,
		S3Options: []s3api.Option{s3api.WithOnListen(sync.OnceFunc(func() { close(listening) }))},
	}
	go func() { s.done <- embedgw.RunVersityGW(ctx, backend, config) }()
	select {
	case <-listening:
		front.serve()
		return s, nil
	case err = <-s.done:
		s.done <- nil
	case <-time.After(startTimeout):
		err = errors.New("it does not listen")
	}
	return nil, fmt.Errorf("sandbox/s3: start the gateway: %w", errors.Join(err, s.Close()))
}

// Endpoint is the URL to give to clients, with path style: "http://127.0.0.1:35123".
func (s *Server) Endpoint() string { return "http://" + s.front.Addr().String() }

// Close cuts all connections, stops the server and waits for it. Objects stay in the folder.
func (s *Server) Close() error { return s.close() }

func (s *Server) stop() error {
	err := s.front.close()
	s.cancel()
	if ended := <-s.done; ended != nil && !errors.Is(ended, context.Canceled) {
		err = errors.Join(err, fmt.Errorf("sandbox/s3: %w", ended))
	}
	return err
}

// root is the gateway's service with a single account, which answers a wrong access key with a 404, mended.
type root struct {
	auth.IAMService
	access string
}

func onlyRoot(access, secret string) root {
	single := auth.NewIAMServiceSingle(auth.Account{Access: access, Secret: secret, Role: auth.RoleAdmin})
	return root{single, access}
}

func (r root) GetUserAccount(access string) (auth.Account, error) {
	if access != r.access {
		return auth.Account{}, auth.ErrNoSuchUser
	}
	return r.IAMService.GetUserAccount(access)
}

// openBackend opens the folder and makes the buckets in it.
func openBackend(dir string, buckets []string) (*rooted, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("sandbox/s3: %w", err)
	}
	data, metadata := filepath.Join(dir, "data"), filepath.Join(dir, "meta")
	for _, d := range []string{data, metadata} {
		if err := os.MkdirAll(d, 0o750); err != nil {
			return nil, fmt.Errorf("sandbox/s3: make the folder: %w", err)
		}
	}
	for _, bucket := range buckets {
		if bucket == "" || bucket != filepath.Base(bucket) {
			return nil, fmt.Errorf("sandbox/s3: %q cannot be a bucket's name", bucket)
		}
		if err := os.MkdirAll(filepath.Join(data, bucket), 0o750); err != nil {
			return nil, fmt.Errorf("sandbox/s3: make the bucket: %w", err)
		}
	}
	sidecar, err := meta.NewSideCar(metadata)
	if err != nil {
		return nil, fmt.Errorf("sandbox/s3: %w", err)
	}
	before, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("sandbox/s3: %w", err)
	}
	inner, err := posix.New(data, byBucket{sidecar}, posix.PosixOpts{CopyObjectThreshold: 5 << 30})
	if err != nil {
		return nil, fmt.Errorf("sandbox/s3: open the folder: %w", err)
	}
	// posix.New moves the process into the folder; rooted makes that unnecessary.
	if err := os.Chdir(before); err != nil {
		inner.Shutdown()
		return nil, fmt.Errorf("sandbox/s3: go back to the working directory: %w", err)
	}
	return &rooted{posix: inner, dir: data}, nil
}

package objects

import (
	"context"
	"net"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// patience is how long a connection may stand still before it is given up. Servers that put a large upload together
// may think for minutes before they answer.
const patience = 5 * time.Minute

// impatientClient is the SDK's HTTP client with connections that give up when nothing moves.
func impatientClient() *awshttp.BuildableClient {
	dialer := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &impatientConn{Conn: conn, patience: patience}, nil
		}
		t.ForceAttemptHTTP2 = false // one connection for all parts would be slower
		t.DisableCompression = true
		t.MaxIdleConnsPerHost = 16
		t.WriteBufferSize, t.ReadBufferSize = 64<<10, 64<<10
	})
}

// impatientConn fails a read or a write that takes longer than its patience.
type impatientConn struct {
	net.Conn
	patience time.Duration
}

func (c *impatientConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write also moves the deadline of a pending read, which waits for the answer to what is being written.
func (c *impatientConn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

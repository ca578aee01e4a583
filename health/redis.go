package health

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/kampyn/opsbot/chat"
)

// Redis asks a Redis server, over a connection of its own for each look.
type Redis struct {
	// Address is host:port.
	Address string
	// Username and Password may be "".
	Username, Password string
	// Secure asks for TLS; TLS then says how its certificate is looked at.
	Secure bool
	TLS    TLS
	// Memory is the most of maxmemory that may be used, in percent, or of the machine's where there is no maxmemory; 0
	// means any.
	Memory float64
	// Now is for certificates.
	Now func() time.Time
}

// Look signs in, pings and asks for the memory.
func (p Redis) Look(ctx context.Context) Result {
	watch, seen := newStopwatch(), certificates{}
	hide := secrets{}
	hide.add(p.Password)
	memory, err := p.ask(ctx, watch, &seen)
	phases, took, hung := watch.done()
	if err != nil {
		r := broken(ctx, err, took, hung, hide)
		if say := redisReason(err); say != "" && ctx.Err() == nil {
			r.Say = say
		}
		r.Phases = phases
		return r
	}
	r := Result{Outcome: OK, Took: took, Phases: phases}
	good, fault, figures := seen.found(p.TLS, p.Now())
	say, over := memory.judge(p.Memory)
	r.Figures = append(memory.figures(), figures...)
	var faults []string
	if over {
		faults = append(faults, say)
	}
	if fault != "" {
		faults = append(faults, fault)
	}
	if len(faults) > 0 {
		r.Outcome, r.Say = Failed, sentence(faults...)
		return r
	}
	r.Say = sentence("answered after "+chat.Span(took), say)
	if good != "" {
		r.Say = sentence(r.Say, good)
	}
	return r
}

// ask connects by itself, because the client would try again and write to a log of its own.
func (p Redis) ask(ctx context.Context, watch *stopwatch, seen *certificates) (memory redisMemory, err error) {
	conn, err := dial(ctx, p.Address, watch)
	if err != nil {
		return memory, err
	}
	defer func() { _ = conn.Close() }() // the client has closed it before, if it took it
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	stream := conn
	if p.Secure {
		if stream, err = secure(ctx, conn, p.TLS.config(hostOf(p.Address), p.Now()), watch, seen); err != nil {
			return memory, err
		}
	}
	taken := false
	client := redis.NewClient(&redis.Options{
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			if taken {
				return nil, net.ErrClosed
			}
			taken = true
			return stream, nil
		},
		Username: p.Username, Password: p.Password, Protocol: 2, DisableIdentity: true,
		MaxRetries: -1, DialerRetries: 1, PoolSize: 1, ReadTimeout: -1, WriteTimeout: -1, ContextTimeoutEnabled: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	defer func() { _ = client.Close() }() // only asked
	watch.begin("answer")
	if err := client.Ping(ctx).Err(); err != nil {
		return memory, fmt.Errorf("health: ping Redis: %w", err)
	}
	info, err := client.Info(ctx, "memory").Result()
	if _, refused := errors.AsType[redis.Error](err); refused && ctx.Err() == nil {
		memory.refused = true
	} else if err != nil {
		return memory, fmt.Errorf("health: ask Redis for its memory: %w", err)
	}
	watch.end("answer")
	memory.read(info)
	return memory, nil
}

// redisReason says in plain words what the server refused; "" when it refused nothing.
// https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
func redisReason(err error) string {
	refusal, ok := errors.AsType[redis.Error](err)
	if !ok {
		return ""
	}
	code, _, _ := strings.Cut(refusal.Error(), " ")
	switch {
	case code == "WRONGPASS" || strings.Contains(refusal.Error(), "invalid password"):
		return "the user name or the password is refused"
	case code == "NOAUTH":
		return "it asks for a password, and there is none in the configuration"
	case strings.Contains(refusal.Error(), "without any password configured"), strings.Contains(refusal.Error(), "no password is set"):
		return "it knows no password, and there is one in the configuration"
	case code == "NOPERM":
		return "the user may not run `PING`"
	case code == "LOADING":
		return "it is still loading its data"
	case code == "MASTERDOWN":
		return "it is a replica whose master is down"
	case code == "DENIED":
		return "it runs in protected mode: it takes no one from outside without a password"
	case strings.Contains(refusal.Error(), "max number of clients"):
		return "it has as many clients as it takes"
	}
	return "it refused: " + chat.Literal(code)
}

// redisMemory is what INFO tells, in bytes. https://redis.io/docs/latest/commands/info/
type redisMemory struct {
	used, most, machine float64
	refused             bool
}

func (m *redisMemory) read(info string) {
	for line := range strings.Lines(info) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), ":")
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			continue // not all of them are numbers
		}
		switch name {
		case "used_memory":
			m.used = value
		case "maxmemory":
			m.most = value
		case "total_system_memory":
			m.machine = value
		}
	}
}

// judge says how much is used, and whether that is more than a limit in percent. A limit that cannot be held fails.
func (m *redisMemory) judge(limit float64) (say string, over bool) {
	of, whole := "its maxmemory", m.most
	if whole == 0 {
		of, whole = "the machine's memory", m.machine
	}
	switch {
	case m.refused:
		return "the user may not run `INFO`, which tells the memory", limit > 0
	case whole == 0:
		return chat.Bytes(int64(m.used)) + " used of a memory that it does not tell", limit > 0
	}
	percent := 100 * m.used / whole
	say = fmt.Sprintf("%.0f%% of %s used", percent, of)
	if limit > 0 && percent > limit {
		return fmt.Sprintf("%s, more than %g%%", say, limit), true
	}
	return say, false
}

func (m *redisMemory) figures() []Figure {
	if m.refused {
		return nil
	}
	figures := []Figure{{"memory", m.used, "bytes"}}
	if m.most > 0 {
		figures = append(figures, Figure{"maxmemory", m.most, "bytes"})
	}
	return figures
}

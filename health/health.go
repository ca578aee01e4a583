// Package health looks at what the team runs, remembers what it found, and alerts.
package health

import (
	"context"
	"time"
)

// Outcome is what a look came to.
type Outcome string

// The outcomes of a look.
const (
	OK     Outcome = "ok"
	Failed Outcome = "failed"
	// Unknown means that it could not be looked at: opsbot's own trouble, a stop, or nothing heard yet. It counts neither
	// as up nor as down.
	Unknown Outcome = "unknown"
)

// Result is what one look found.
type Result struct {
	// At is when the look began; the monitor sets it.
	At time.Time `json:"at"`
	// Took is set by the monitor unless the probe knows better.
	Took    time.Duration `json:"took"`
	Outcome Outcome       `json:"outcome"`
	// Say is one line of mrkdwn in plain words of at most 200 characters, without secrets: "answered 503 instead of 200".
	Say string `json:"say"`
	// Phases are where the time went, in order.
	Phases []Phase `json:"phases,omitempty"`
	// Figures are what was measured.
	Figures []Figure `json:"figures,omitempty"`
}

// Phase is a part of a look's time: DNS, connect, TLS, first byte or body.
type Phase struct {
	Name string        `json:"name"`
	Took time.Duration `json:"took"`
}

// Figure is a number that was measured, as {"lag", 2, "s"} or {"certificate", 12, "days"}.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// Look looks once and returns soon after ctx has ended, as it does with the check's timeout.
type Look func(ctx context.Context) Result

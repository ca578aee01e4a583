package checklists

import (
	"context"

	"github.com/kampyn/opsbot/health"
)

// HTTP passes when a web server answers as is wanted, as a health check would look at it.
type HTTP struct {
	// Ask looks, as (health.HTTP).Look does; Target names what is asked, in mrkdwn and without secrets.
	Ask    health.Look
	Target string
}

// Look implements Probe.
func (p HTTP) Look(ctx context.Context) Evidence {
	r := p.Ask(ctx)
	say := p.Target + ": " + r.Say
	switch r.Outcome {
	case health.OK:
		return Evidence{Outcome: Passed, Say: say}
	case health.Failed:
		return Evidence{Outcome: Failed, Say: say}
	}
	return Evidence{Outcome: Unknown, Say: say}
}

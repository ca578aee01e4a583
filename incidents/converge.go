package incidents

import (
	"context"
	"time"

	"github.com/kampyn/opsbot/converge"
)

// lane is a group of effects of incidents; effect and work are those of package converge, with the desk at hand.
type lane struct {
	name    string
	effects []effect
	next    func(Incident) time.Time
}

type effect struct {
	name     string
	want     func(Incident) string
	do       func(ctx context.Context, w *work) error
	optional string
}

type work struct {
	*converge.Work[Incident]
	d *Desk
}

// converging gives the effects the desk.
func (d *Desk) converging(l lane) converge.Lane[Incident] {
	into := converge.Lane[Incident]{Name: l.name, Next: l.next}
	for _, e := range l.effects {
		into.Effects = append(into.Effects, converge.Effect[Incident]{Name: e.name, Want: e.want, Optional: e.optional,
			Do: func(ctx context.Context, w *converge.Work[Incident]) error { return e.do(ctx, &work{w, d}) }})
	}
	return into
}

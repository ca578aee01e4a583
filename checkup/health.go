package checkup

import (
	"context"
	"sync"
	"time"

	"github.com/kampyn/opsbot/chat"
)

const healthTitle = "Health"

// ToAlerts is the call of those who are mentioned on alerts.
func ToAlerts() Call { return Call{healthTitle, "told", "told", "health.tell", "an alert"} }

// Watch is one health check: what it looks at, and a look at that. A look that has nothing to see answers not known.
type Watch struct {
	Name, Target string
	Within       time.Duration
	Look         func(ctx context.Context) (well, known bool, say string)
}

// atOnce is how many looks are made side by side.
const atOnce = 20

// Watches looks once at all that is looked at all the time. What does not do well is a remark: opsbot is there to tell of
// that, and the configuration may be in order.
func Watches(all []Watch) Probe {
	return Probe{Section: healthTitle, Within: time.Minute, Run: func(ctx context.Context, found *Rows) {
		type seen struct {
			well, known bool
			say         string
		}
		results := make([]seen, len(all))
		free := make(chan struct{}, atOnce)
		var looking sync.WaitGroup
		for i, w := range all {
			free <- struct{}{}
			looking.Go(func() {
				defer func() { <-free }()
				ctx, cancel := context.WithTimeout(ctx, w.Within)
				defer cancel()
				results[i].well, results[i].known, results[i].say = w.Look(ctx)
			})
		}
		looking.Wait()
		for i, w := range all {
			switch r := results[i]; {
			case !r.known:
				found.Skip(w.Name, r.say)
			case r.well:
				found.OK(w.Name, "%s: %s", w.Target, r.say)
			default:
				found.Remark(w.Name, w.Target+": "+r.say, "If that is well as it is, mend "+chat.Literal("health.checks."+w.Name)+"; else look after it.")
			}
		}
	}}
}

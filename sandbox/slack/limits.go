package slack

import (
	"net/http"

	"golang.org/x/time/rate"
)

// postBurst is how many messages may come at once in a channel before the pace of one a second holds.
// Slack promises no number: "short bursts". https://docs.slack.dev/apis/web-api/rate-limits
const postBurst = 5

// beyondTier answers with a 429 when the call comes sooner than its method's tier allows, else with nil.
// The lock is not held.
func (s *Server) beyondTier(c *call) *Trouble {
	m, exists := methods[c.name]
	if !s.opts.Limits || !exists || c.app == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, burst := c.app.AppID+" "+c.name, int(m.tier)
	if m.tier == posting {
		key, burst = key+" "+c.str("channel"), postBurst
	}
	limiter := s.limiters[key]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Limit(float64(m.tier)/60), burst)
		s.limiters[key] = limiter
	}
	now := s.now()
	slot := limiter.ReserveN(now, 1)
	wait := slot.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	slot.CancelAt(now)
	return &Trouble{Status: http.StatusTooManyRequests, RetryAfter: wait}
}

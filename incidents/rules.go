package incidents

import (
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Severity is how bad it is, and what follows from that.
type Severity struct {
	// Name is "sev1"; When says in one sentence when to choose it.
	Name, When string
	// UpdateEvery is the time until the next update is due; 0 asks for none.
	UpdateEvery time.Duration
	// Invite are users (U…, W…) and user groups (S…) beyond those on call.
	Invite []string
	// Security and Stakeholders say which channels are told.
	Security, Stakeholders bool
	// PostMortem says that it cannot be closed without one; Nights, that reminders come in quiet hours, too.
	PostMortem, Nights bool
}

// Quiet is when people sleep: from one time of day to another, as the time since midnight, which may lie in the next
// day. Equal times mean never.
type Quiet struct {
	From, To time.Duration
	Location *time.Location
}

// After answers the first moment from t on that is not quiet.
func (q Quiet) After(t time.Time) time.Time {
	if q.From == q.To || q.Location == nil {
		return t
	}
	local := t.In(q.Location)
	for day := -1; day <= 1; day++ {
		y, m, d := local.Date()
		at := func(days int, since time.Duration) time.Time {
			return time.Date(y, m, d+days, int(since.Hours()), int(since.Minutes())%60, 0, 0, q.Location)
		}
		end := at(day, q.To)
		if q.To < q.From {
			end = at(day+1, q.To)
		}
		if begin := at(day, q.From); !t.Before(begin) && t.Before(end) {
			return end
		}
	}
	return t
}

// Rules are what the configuration decides about incidents.
type Rules struct {
	// Severities are the worst first; there is at least one.
	Severities []Severity
	Services   []string
	// OnCall are users and user groups who are invited to every incident.
	OnCall []string
	// FirstResponse are the first steps, each a line.
	FirstResponse []string
	// Prefix and DrillPrefix begin the names of the channels.
	Prefix, DrillPrefix string
	// Announce, Security and Stakeholders are channels, ids or names; Stakeholders may be "".
	Announce, Security, Stakeholders string
	// LookBack is how far back "what changed" looks.
	LookBack time.Duration
	// ArchiveAfter is how long after its closing an incident's channel is archived; 0 is never.
	ArchiveAfter time.Duration
	Quiet        Quiet
	// Location is the time zone of dates that people type, and of local times in documents.
	Location *time.Location
	// ActionsDaily is how many overdue actions are brought up on one working day at most.
	ActionsDaily int
	// Repository is where post-mortems and actions are filed, "owner/name"; without one post-mortems are files.
	Repository string
}

// Severity finds one by its name, or answers a *chat.Problem with the nearest.
func (r Rules) Severity(name string) (Severity, error) {
	names := []string{}
	for _, s := range r.Severities {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Severity{}, chat.Unknown("severity", name, names)
}

// severityOf is the incident's, also when the configuration does not know it any more: then nothing follows from it.
func (r Rules) severityOf(i Incident) Severity {
	s, err := r.Severity(i.Severity)
	if err != nil {
		return Severity{Name: i.Severity}
	}
	return s
}

// Worse says that severity a is worse than b; one that is not known is the least.
func (r Rules) Worse(a, b string) bool { return r.rank(a) < r.rank(b) }

func (r Rules) rank(name string) int {
	n := slices.IndexFunc(r.Severities, func(s Severity) bool { return s.Name == name })
	if n < 0 {
		return len(r.Severities)
	}
	return n
}

// checkServices answers a *chat.Problem if one of the services is not known. Without a list all are.
func (r Rules) checkServices(services []string) error {
	for _, s := range services {
		if len(r.Services) > 0 && !slices.Contains(r.Services, s) {
			return chat.Unknown("service", s, r.Services)
		}
	}
	return nil
}

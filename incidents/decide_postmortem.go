package incidents

import (
	"fmt"
	"strings"

	"github.com/kampyn/opsbot/chat"
)

// Readers says who may read the post-mortem of a private incident.
type Readers string

// The readers.
const (
	// Undecided is for incidents that are not private, and asks for the others.
	Undecided Readers = ""
	// Repository files it on GitHub, where whoever reads the repository reads it, too.
	Repository Readers = "repository"
	// Channel keeps it as a file for those in the incident's channel.
	Channel Readers = "channel"
)

// FilePostMortem wants the post-mortem to be filed. Asked again while that is not done, it is tried at once.
func (i *Incident) FilePostMortem(r Rules, act Act, readers Readers) error {
	if err := i.CheckFiling(); err != nil {
		return err
	}
	switch {
	case r.mustAsk(*i) && readers == Undecided && !i.PostMortem.Wanted:
		return &chat.Problem{Say: fmt.Sprintf("%s is private, and whoever reads %s would read its post-mortem.", i.Called(), r.Repository),
			Try: "`/incident postmortem` asks where it is to go."}
	case i.PostMortem.Wanted:
		return nil
	}
	i.PostMortem.Wanted = true
	text := act.By.Mention() + " asked for the post-mortem"
	if r.mustAsk(*i) {
		i.Public, i.PostMortem.Here = readers == Repository, readers == Channel
		text += map[Readers]string{Repository: ", for all who read " + chat.Escape(r.Repository), Channel: ", as a file for this channel"}[readers]
	}
	i.note(act, "post-mortem", text+".")
	return nil
}

// CheckFiling says why there can be no post-mortem yet, or why there is nothing to be filed, or nil.
func (i *Incident) CheckFiling() error {
	missing := i.Findings.Missing()
	switch {
	case i.PostMortem.Exists():
		return &chat.Problem{Say: fmt.Sprintf("The post-mortem of %s was filed %s%s.", i.Name(), chat.Time(i.PostMortem.At), i.filedAs()),
			Try: "It follows what is changed here by itself."}
	case !i.Status.Over():
		return &chat.Problem{Say: fmt.Sprintf("%s is %s; its post-mortem is filed once it is resolved.", i.Called(), i.Status), Try: "First `/incident resolve`."}
	case len(missing) > 0:
		return &chat.Problem{Say: "Before the post-mortem is filed, this has to be written down: " + strings.Join(missing, ", ") + ".",
			Try: "`/incident resolve` asks for it. It is then filed by itself if the severity wants one."}
	}
	return nil
}

// AsksForReaders says that somebody has to decide who may read the post-mortem.
func (r Rules) AsksForReaders(i Incident) bool { return r.mustAsk(i) && !i.PostMortem.Wanted }

// mustAsk says that filing it shows what is private to more people.
func (r Rules) mustAsk(i Incident) bool { return i.Private && r.Repository != "" }

// onGitHub says that what belongs to the incident may be filed there.
func (r Rules) onGitHub(i Incident) bool {
	return r.Repository != "" && (!i.Private || i.Public)
}

// settle wants the post-mortem of what has ended, where the severity asks for one and nothing is missing.
func (r Rules) settle(i *Incident) {
	if r.severityOf(*i).PostMortem && i.Status.Over() && len(i.Findings.Missing()) == 0 && !r.mustAsk(*i) && !i.PostMortem.Exists() {
		i.PostMortem.Wanted = true
	}
}

// filedAs leads to it, for the end of a sentence.
func (i Incident) filedAs() string {
	if i.PostMortem.Number > 0 {
		return fmt.Sprintf(" as <%s|#%d>", i.PostMortem.URL, i.PostMortem.Number)
	}
	return ", as a file in its channel"
}

// CheckPostMortem says why the incident cannot be closed yet, or nil. A drill is held to the same.
func (r Rules) CheckPostMortem(i Incident) error {
	if !r.severityOf(i).PostMortem || i.PostMortem.Exists() || !i.PostMortem.At.IsZero() {
		return nil
	}
	p := &chat.Problem{Say: fmt.Sprintf("An incident of %s cannot be closed before its post-mortem is filed.", i.Severity),
		Try: "Press *File post-mortem*, or say `/incident postmortem`."}
	if i.PostMortem.Wanted {
		p.Try = "It is being filed; try again in a moment."
		if i.PostMortem.Fault != "" {
			p.Try = "It could not be filed yet: " + i.PostMortem.Fault + " That is tried again by itself."
		}
	}
	return p
}

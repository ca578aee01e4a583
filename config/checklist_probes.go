package config

import (
	"fmt"
	"slices"
	"time"
)

// ChecklistProbe is what looks at an item: exactly one of its fields is set. A new kind is a field here, its check below, a
// file in checklists/ and a case in app/checklists.go.
type ChecklistProbe struct {
	Backups   *BackupsProbe   `yaml:"backups"`
	Incidents *IncidentsProbe `yaml:"incidents"`
}

// BackupsProbe wants the newest verified backup of each database to be young.
type BackupsProbe struct {
	YoungerThan time.Duration `yaml:"younger_than"`
	// Databases are all if none is named.
	Databases []string `yaml:"databases"`
}

// IncidentsProbe wants no incident to be open.
type IncidentsProbe struct{}

// checklistProbe fills and checks the probe of an item; nil is none.
func (r *reader) checklistProbe(c *Config, path string, p *ChecklistProbe) {
	if p == nil {
		return
	}
	kinds := 0
	if b := p.Backups; b != nil {
		kinds++
		r.backupsProbe(c, path+".backups", b)
	}
	if p.Incidents != nil {
		kinds++
		if c.Incidents == nil {
			r.fault(path+".incidents", "incidents are off", "add a section incidents")
		}
	}
	if kinds != 1 {
		r.fault(path, fmt.Sprintf("there are %d probes", kinds), "write exactly one: backups or incidents")
	}
}

func (r *reader) backupsProbe(c *Config, path string, b *BackupsProbe) {
	if b.YoungerThan == 0 {
		orElse(r, path+".younger_than", &b.YoungerThan, 26*time.Hour)
	}
	r.between(path+".younger_than", b.YoungerThan, time.Minute, 365*24*time.Hour)
	var known []string
	for _, d := range c.Databases {
		known = append(known, d.Name)
	}
	for n, name := range b.Databases {
		if !slices.Contains(known, name) {
			say, try := oneOf(name, known...)
			r.fault(fmt.Sprintf("%s.databases[%d]", path, n), say, try)
		}
	}
}

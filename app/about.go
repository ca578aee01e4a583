package app

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kampyn/opsbot/commands"
	"github.com/kampyn/opsbot/databases"
)

var runID = regexp.MustCompile(`^r-[a-z0-9]{3,}$`)

// AuditWords is how filters of the log of events are read; me is who "me" is.
func (a *App) AuditWords(me string) commands.AuditWords {
	w := commands.AuditWords{Log: a.Events, Commands: commands.Names(), Me: me, Zone: a.Config.Backups.Timezone, Now: a.Now()}
	for _, db := range a.Databases {
		w.Databases = append(w.Databases, db.Name)
	}
	return w
}

// About finds in the words of a request what it is about, for the log of events: databases, backups, and the last run
// that is named.
func (a *App) About(words []string) (on []string, run string) {
	for _, word := range words {
		target := ""
		switch {
		case runID.MatchString(word):
			run = word
		case slices.ContainsFunc(a.Databases, func(db *databases.Database) bool { return db.Name == word }):
			target = "database/" + word
		case slices.ContainsFunc(a.Databases, func(db *databases.Database) bool { return strings.HasPrefix(word, db.Name+"-2") }):
			target = "backup/" + word // its ID begins with the database and the year
		}
		if target != "" && !slices.Contains(on, target) {
			on = append(on, target)
		}
	}
	return on, run
}

package checkup

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
)

// Databases tries the deployments. The probe for twins waits for what the others learn of each server.
type Databases struct {
	All []*databases.Database

	once    sync.Once
	learned map[string]chan databases.Server
}

func (d *Databases) begin() {
	d.once.Do(func() {
		d.learned = map[string]chan databases.Server{}
		for _, db := range d.All {
			d.learned[db.Name] = make(chan databases.Server, 1)
		}
	})
}

// Database tries one deployment: whether it answers, what it is, and what its user may do.
func (d *Databases) Database(db *databases.Database) Probe {
	d.begin()
	return Probe{Section: "Database " + db.Name, Within: 45 * time.Second, Run: func(ctx context.Context, found *Rows) {
		learned := d.learned[db.Name]
		defer close(learned)
		server, err := db.Server(ctx)
		if err != nil {
			found.Error("server", err)
			found.Skip("rights, oplog, clock", "because of the server")
			return
		}
		learned <- server
		found.OK("server", "MongoDB %s, %s%s", chat.Escape(server.Version), kindOf(server), scopeOf(db))
		preferred(ctx, found, db)
		reading(ctx, found, db)
		restoring(ctx, found, db)
		oplog(ctx, found, db, server)
		clock(ctx, found, db)
	}}
}

func kindOf(s databases.Server) string {
	switch {
	case s.Sharded:
		return "sharded cluster"
	case s.ReplicaSet != "":
		return "replica set " + chat.Literal(s.ReplicaSet)
	}
	return "standalone"
}

func scopeOf(db *databases.Database) string {
	if db.Scope() == "" {
		return ", all its databases"
	}
	return ", database " + chat.Literal(db.Scope())
}

// preferred tries whether the read preference finds a member.
func preferred(ctx context.Context, found *Rows, db *databases.Database) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	mode, err := db.Preferred(ctx)
	if err != nil {
		found.Error("read preference", err)
		return
	}
	found.OK("read preference", "%s finds a member", chat.Literal(mode))
}

// skewed is the difference of two clocks from which on it is worth a remark: times in backups and logs are compared by
// people.
const skewed = 5 * time.Second

func clock(ctx context.Context, found *Rows, db *databases.Database) {
	ahead, give, err := db.Clock(ctx)
	if err != nil {
		found.Error("clock", err)
		return
	}
	skew(found, "clock", ahead, give)
}

// skew says how two clocks stand to each other.
func skew(found *Rows, name string, ahead, giveOrTake time.Duration) {
	word, by := "ahead of", ahead
	if ahead < 0 {
		word, by = "behind", -ahead
	}
	if by-giveOrTake > skewed {
		found.Remark(name, fmt.Sprintf("the server is %s %s this machine", chat.Span(by.Round(time.Second)), word),
			"Let both take their time from the network (NTP).")
		return
	}
	found.OK(name, "agrees with this machine's within %s", chat.Span(max(by+giveOrTake, time.Millisecond)))
}

// Twins says which of the configured databases are the same one, and would be backed up twice.
func (d *Databases) Twins() Probe {
	d.begin()
	return Probe{Section: "Databases together", Within: 50 * time.Second, Run: func(ctx context.Context, found *Rows) {
		type known struct {
			db      *databases.Database
			process string
		}
		var all []known
		var unknown []string
		for _, db := range d.All {
			var server databases.Server
			select {
			case server = <-d.learned[db.Name]:
			case <-ctx.Done():
			}
			if server.Process == "" {
				unknown = append(unknown, chat.Literal(db.Name))
				continue
			}
			all = append(all, known{db, server.Process})
		}
		var twins []string
		for i, a := range all {
			for _, b := range all[i+1:] {
				if a.process == b.process && (a.db.Scope() == b.db.Scope() || a.db.Scope() == "" || b.db.Scope() == "") {
					twins = append(twins, chat.Literal(a.db.Name)+" and "+chat.Literal(b.db.Name))
				}
			}
		}
		switch {
		case len(twins) > 0:
			found.Remark("twins", strings.Join(twins, ", ")+" are the same data on the same deployment, so it is backed up twice", "Was a URI copied? Mend or remove one.")
		case len(unknown) > 0:
			found.Skip("twins", "because nothing tells these servers from others: "+some(unknown))
		default:
			found.OK("twins", "no two of the %d are the same", len(d.All))
		}
	}}
}

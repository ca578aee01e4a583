package backups

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/objects"
)

// InPlaceOptions say what a restore in place replaces. Only ID is needed, and Whole or Namespaces.
type InPlaceOptions struct {
	// ID names journal and certificate: the ID of the run.
	ID string
	// Whole restores all of the backup; else Namespaces are the chosen "db.collection", which may be none.
	Whole      bool
	Namespaces []string
	// Remove are collections that an earlier restore made where nothing was; they are taken away if they are still those.
	Remove []Swap
	// Earlier are the swaps of the restore that this one finishes; they stay in the journal.
	Earlier []Swap
	// Before is the backup that was taken first.
	Before string
	// Check is asked when everything lies beside and is proven equal, just before the first replacement. May be nil.
	Check func(context.Context) error
	// Noted is told each state of the journal after it was stored. May be nil.
	Noted func(context.Context, InPlace) error
	// Workers, Progress, Now and Target are as in RestoreOptions.
	Workers  int
	Progress func(Progress)
	Now      func() time.Time
	Target   string
}

// RestoreInPlace replaces collections by those of a verified backup, under the same names on the same deployment. It
// writes them beside first, under names of its own, reads them back, builds their indexes, and replaces nothing unless
// they are proven equal. Then each takes its place: a collection by one renaming; a time series, which the server does
// not rename, by being made anew and compared once more; a view by being made anew. What is not in the backup stays.
//
// The certificate says what came out. With OK false and a zero Placed nothing was replaced. After an error,
// SettleInPlace says what stands where; it has to be called also to remove what lies beside.
func RestoreInPlace(ctx context.Context, store objects.Store, id string, db *databases.Database, o InPlaceOptions) (Certificate, error) {
	o.Workers = cmp.Or(max(o.Workers, 0), 4)
	o.Target = cmp.Or(o.Target, db.Name)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.ID == "" || strings.ContainsAny(o.ID, "/.") {
		return Certificate{}, fmt.Errorf("backups: %q is no ID for a restore", o.ID)
	}
	r := &restore{store: store, db: db.Primary(), o: RestoreOptions{
		CertificateID: o.ID, Namespaces: o.Namespaces, Workers: o.Workers, Progress: o.Progress, Now: o.Now, Target: o.Target,
	}}
	r.load = func(ctx context.Context) (Manifest, error) { return countingManifest(ctx, store, id) }
	r.open = func(ctx context.Context) (*storedArchive, error) { return openArchive(ctx, store, r.manifest) }
	r.cert = Certificate{ID: o.ID, Backup: id, Target: o.Target, Renamed: map[string]string{}, Started: o.Now().UTC()}
	p := &inPlace{restore: r, o: o, journal: InPlace{ID: o.ID, Backup: id, Target: o.Target, Before: o.Before, At: r.cert.Started}}
	if err := p.run(ctx); err != nil {
		return Certificate{}, explain(store, err)
	}
	return r.cert, nil
}

// inPlace is one restore in place while it runs.
type inPlace struct {
	*restore
	o       InPlaceOptions
	journal InPlace
	views   []*restored
	mine    int // where the journal's own swaps begin, after those of an earlier restore
}

func (p *inPlace) run(ctx context.Context) error {
	if err := p.plan(ctx); err != nil {
		return err
	}
	if err := p.note(ctx); err != nil {
		return err
	}
	if err := p.beside(ctx); err != nil {
		return err
	}
	p.journal.Compared = p.o.Now().UTC()
	if err := p.compare(ctx); err != nil {
		return err
	}
	if !p.cert.OK {
		if err := dropStaged(ctx, p.db, p.journal); err != nil {
			return err
		}
		return putSealed(ctx, p.store, certificateKey(p.manifest.ID, p.cert.ID), p.cert, false)
	}
	if p.o.Check != nil {
		if err := p.o.Check(ctx); err != nil {
			return err
		}
	}
	if err := p.swapAll(ctx); err != nil {
		return err
	}
	return p.finish(ctx)
}

// plan finds what is replaced by what, and changes nothing.
func (p *inPlace) plan(ctx context.Context) error {
	var err error
	if p.o.Whole || len(p.o.Namespaces) > 0 {
		err = p.choose(ctx)
	} else {
		p.manifest, err = p.load(ctx)
	}
	if err != nil {
		return err
	}
	marked := func(c *restored) bool { return isMark(c.Name) }
	p.collections = slices.DeleteFunc(p.collections, marked)
	if err := InPlaceTargets(p.db, p.manifest, p.cert.Renamed); err != nil {
		return err
	}
	if p.server, err = p.db.Server(ctx); err != nil {
		return err
	}
	if p.server.Sharded {
		return Sharded(p.db.Name)
	}
	p.views, p.restore.views = p.restore.views, nil
	slices.SortStableFunc(p.collections, func(a, b *restored) int { return cmp.Compare(rank(a), rank(b)) })
	p.journal.Swaps = slices.Clone(p.o.Earlier)
	p.mine = len(p.journal.Swaps)
	for i, c := range slices.Concat(p.collections, p.views) {
		s := Swap{Database: c.target, Name: c.Name, Type: c.Type}
		if c.Type == databases.TypeView {
			s.Options = c.Collection.Options
		} else {
			s.Staged = stagedName(p.journal.ID, i)
			c.as = s.Staged
		}
		if err := p.before(ctx, &s); err != nil {
			return err
		}
		p.journal.Swaps = append(p.journal.Swaps, s)
	}
	for _, s := range p.o.Remove {
		s.Remove, s.Staged, s.State = true, "", StandsOld
		p.journal.Swaps = append(p.journal.Swaps, s)
	}
	return nil
}

// rank puts what takes a moment before what takes longer, so that as much as possible is in its place early.
func rank(c *restored) int {
	if (Swap{Name: c.Name, Type: c.Type}).rewritten() {
		return 1
	}
	return 0
}

// before notes what stands in the place of a swap.
func (p *inPlace) before(ctx context.Context, s *Swap) error {
	now, there, err := look(ctx, p.db, s.Database, s.Name)
	s.State = StandsOld
	if there {
		s.OldType, s.OldUUID = now.Type, now.UUID
	}
	return err
}

// note stores the journal.
func (p *inPlace) note(ctx context.Context) error {
	if err := NoteInPlace(ctx, p.store, p.journal); err != nil {
		return err
	}
	if p.o.Noted == nil {
		return nil
	}
	copied := p.journal
	copied.Swaps = slices.Clone(copied.Swaps)
	return p.o.Noted(ctx, copied)
}

// beside writes everything beside what it will replace, and reads it back before any index can delete of it.
func (p *inPlace) beside(ctx context.Context) error {
	if len(p.collections) == 0 {
		return nil
	}
	if err := p.stages(ctx); err != nil {
		return err
	}
	for i, c := range p.collections {
		n, there, err := look(ctx, p.db, c.target, c.as)
		if err != nil {
			return err
		}
		if s := &p.journal.Swaps[p.mine+i]; there && !s.rewritten() {
			s.UUID = n.UUID
		}
	}
	return nil
}

// compare certifies what lies beside.
func (p *inPlace) compare(ctx context.Context) error {
	found, err := p.listing(ctx)
	if err != nil {
		return err
	}
	return p.rows(ctx, p.collections, found)
}

// listing is what is there now, by namespace.
func (p *inPlace) listing(ctx context.Context) (map[string]databases.Namespace, error) {
	found := map[string]databases.Namespace{}
	for _, target := range p.cert.Renamed {
		now, err := p.db.Collections(ctx, target)
		if err != nil {
			return nil, err
		}
		for _, n := range now {
			found[n.String()] = n
		}
	}
	return found, nil
}

// rows fills in the certificate's rows and verdict.
func (p *inPlace) rows(ctx context.Context, of []*restored, found map[string]databases.Namespace) error {
	p.cert.Rows, p.cert.Remarks = nil, nil
	for _, c := range of {
		row, err := p.row(ctx, c, found)
		if err != nil {
			return err
		}
		p.cert.Rows = append(p.cert.Rows, row)
	}
	slices.SortFunc(p.cert.Rows, func(a, b Comparison) int { return cmp.Compare(a.Expected.Namespace(), b.Expected.Namespace()) })
	p.cert.Failures, p.cert.Samples = p.refused.total, p.refused.samples()
	p.cert.Finished = p.o.Now().UTC()
	p.cert.OK = p.cert.Failures == 0 && !slices.ContainsFunc(p.cert.Rows, func(c Comparison) bool { return len(c.Differences) > 0 })
	return nil
}

// InPlaceTargets refuses a restore in place of a backup whose databases are not those that are configured now: names
// maps them to where they would go.
func InPlaceTargets(db *databases.Database, m Manifest, names map[string]string) error {
	for from := range names {
		switch {
		case slices.Contains(reserved, from):
			return &chat.Problem{Say: chat.Literal(from) + " belongs to the server itself and can't be a target."}
		case db.Scope() != "" && db.Scope() != from:
			return &chat.Problem{
				Say: fmt.Sprintf("The backup %s is of the database %s, and %s is %s now.",
					chat.Literal(m.ID), chat.Literal(from), chat.Literal(db.Name), chat.Literal(db.Scope())),
				Try: "Restore it into a new database, and copy from there what you need.",
			}
		}
	}
	return nil
}

// Sharded is the problem with a restore in place through a router.
func Sharded(name string) error {
	return &chat.Problem{
		Say: chat.Literal(name) + " is reached through a router of a sharded cluster: in place, sharded collections would become plain ones.",
		Try: "Restore into a new database, and copy from there what you need.",
	}
}

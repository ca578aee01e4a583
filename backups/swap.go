package backups

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
)

// swapAll puts everything into its place. Each replacement is in the journal before it is made.
func (p *inPlace) swapAll(ctx context.Context) error {
	all := slices.Concat(p.collections, p.views)
	for i := p.mine; i < len(p.journal.Swaps); i++ {
		if err := context.Cause(ctx); err != nil {
			return fmt.Errorf("backups: stopped between two replacements: %w", err)
		}
		s := &p.journal.Swaps[i]
		p.o.Progress(Progress{Stage: "replacing " + s.Name})
		if err := p.unchanged(ctx, *s); err != nil {
			return err
		}
		s.State = StandsBegun
		if p.journal.Began.IsZero() {
			p.journal.Began = p.o.Now().UTC()
		}
		if err := p.note(ctx); err != nil {
			return err
		}
		var err error
		if s.Remove {
			err = p.remove(ctx, *s)
		} else {
			err = p.swap(ctx, s, all[i-p.mine])
		}
		if err != nil {
			return err
		}
		s.State = StandsRestored
	}
	p.journal.Swapped = p.o.Now().UTC()
	return p.note(ctx)
}

// unchanged holds that what is about to be replaced is still what stood there when it was planned.
func (p *inPlace) unchanged(ctx context.Context, s Swap) error {
	now, there, err := look(ctx, p.db, s.Database, s.Name)
	if err != nil || s.Remove {
		return err
	}
	if there == (s.OldType != "") && (!there || now.Type == s.OldType && now.UUID == s.OldUUID) {
		return nil
	}
	return &chat.Problem{
		Say: fmt.Sprintf("Somebody has made, dropped or replaced %s meanwhile, so I stopped before it.", chat.Literal(s.Namespace())),
		Try: "Find out who writes there and stop it; the card shows what stands where.",
	}
}

func (p *inPlace) swap(ctx context.Context, s *Swap, c *restored) error {
	settled, cancel := settle(ctx)
	defer cancel()
	switch {
	case s.Type == databases.TypeView:
		return p.replaceView(settled, *s, c)
	case s.rewritten():
		return p.rewrite(ctx, s, c)
	}
	replaces := s.OldType == databases.TypeCollection
	if s.OldType != "" && !replaces {
		if err := p.db.DropCollection(settled, s.Database, s.Name); err != nil {
			return err
		}
	}
	err := p.db.Rename(settled, s.Database, s.Staged, s.Name, replaces)
	if replaces && databases.IsNotImplemented(err) { // then it takes two steps
		if err = p.db.DropCollection(settled, s.Database, s.Name); err == nil {
			err = p.db.Rename(settled, s.Database, s.Staged, s.Name, false)
		}
	}
	c.as = c.Name
	return err
}

// replaceView makes a view anew, unless the one that stands there is the same.
func (p *inPlace) replaceView(ctx context.Context, s Swap, c *restored) error {
	now, there, err := look(ctx, p.db, s.Database, s.Name)
	if err != nil {
		return err
	}
	if there && now.Type == databases.TypeView {
		found, err := describe(now, nil)
		if err != nil {
			return err
		}
		if same, err := sameText(found.Options, s.Options); err != nil || same {
			return err
		}
	}
	if there {
		if err := p.db.DropCollection(ctx, s.Database, s.Name); err != nil {
			return err
		}
	}
	return p.createView(ctx, c)
}

// rewrite copies what lies beside into its place, on the server's own word document by document, and compares it there.
func (p *inPlace) rewrite(ctx context.Context, s *Swap, c *restored) error {
	place := *c
	place.as, place.found, place.notes = c.Name, tally{}, nil
	if s.Type != databases.TypeTimeSeries && s.OldType == databases.TypeCollection {
		// What begins with "system." can be emptied, not dropped.
		_, err := p.db.Run(ctx, s.Database, bson.D{{Key: "delete", Value: s.Name}, {Key: "deletes", Value: bson.A{
			bson.D{{Key: "q", Value: bson.D{}}, {Key: "limit", Value: 0}}}}})
		if err != nil {
			return err
		}
	} else {
		if err := p.db.DropCollection(ctx, s.Database, s.Name); err != nil {
			return err
		}
		if err := p.create(ctx, &place); err != nil {
			return err
		}
	}
	if err := p.copy(ctx, c, &place); err != nil {
		return err
	}
	if err := scan(ctx, p.db, place.target, place.written(), &place.found, func(int64, int64) {}); err != nil {
		return err
	}
	specs, err := place.specs()
	if err != nil {
		return err
	}
	specs = slices.DeleteFunc(specs, func(s indexSpec) bool { return s.isID })
	if err := p.build(ctx, &place, specs); err != nil {
		return err
	}
	if err := p.expireAgainOf(ctx, &place); err != nil {
		return err
	}
	if place.found != c.found || p.refused.total > 0 {
		return &chat.Problem{
			Say: fmt.Sprintf("%s was written anew in its place, and is not what lay beside: something else writes there.", chat.Literal(s.Namespace())),
			Try: "Stop the programs that write to it, then finish the restore.",
		}
	}
	n, _, err := look(ctx, p.db, s.Database, s.Name)
	s.UUID = n.UUID
	*c = place
	return err
}

// copy inserts all documents of one collection into another.
func (p *inPlace) copy(ctx context.Context, from, to *restored) (err error) {
	cursor, err := p.db.Scan(ctx, from.target, from.written(), insertDocuments)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cursor.Close()) }()
	for {
		batch, err := cursor.Next(ctx)
		if errors.Is(err, io.EOF) {
			return p.barrier(ctx)
		}
		if err != nil {
			return err
		}
		open := newInsertion(to.target, to.written(), false)
		err = eachDocument(batch, func(doc []byte) error {
			if !open.fits(len(doc)) {
				if err := p.insert(ctx, open); err != nil {
					return err
				}
				open = newInsertion(to.target, to.written(), false)
			}
			copy(open.place(len(doc)), doc)
			open.placed(doc)
			return nil
		})
		if err == nil && open.documents > 0 {
			err = p.insert(ctx, open)
		}
		if err != nil {
			return err
		}
	}
}

// remove takes away what an earlier restore has made, if it is still that.
func (p *inPlace) remove(ctx context.Context, s Swap) error {
	now, there, err := look(ctx, p.db, s.Database, s.Name)
	if err != nil || !there {
		return err
	}
	if now.UUID != s.UUID || s.UUID == "" && now.Type != databases.TypeView {
		return &chat.Problem{
			Say: fmt.Sprintf("%s is no longer the collection that the restore made, so it stays.", chat.Literal(s.Namespace())),
			Try: "Look at it, and drop it yourself if it shall go.",
		}
	}
	return p.db.DropCollection(ctx, s.Database, s.Name)
}

// finish compares what stands there now, and stores the certificate.
func (p *inPlace) finish(ctx context.Context) error {
	p.o.Progress(Progress{Stage: "looking at what stands there"})
	found, err := p.listing(ctx)
	if err != nil {
		return err
	}
	if err := p.rows(ctx, slices.Concat(p.collections, p.views), found); err != nil {
		return err
	}
	for i := range p.cert.Rows {
		row := &p.cert.Rows[i]
		j := slices.IndexFunc(p.journal.Swaps, func(s Swap) bool { return s.Namespace() == row.Expected.Namespace() && !s.Remove })
		if s := p.journal.Swaps[j]; s.UUID != "" && found[s.Namespace()].UUID != s.UUID {
			row.Differences = append(row.Differences, "it is not the collection that was compared: somebody has replaced it since")
			p.cert.OK = false
		}
	}
	if p.o.Whole {
		p.cert.Remarks = append(p.cert.Remarks, p.strangers(found)...)
	}
	p.cert.Placed = &Placed{
		Before: p.journal.Before, Compared: p.journal.Compared, Began: p.journal.Began, Swapped: p.journal.Swapped, Looked: p.o.Now().UTC(),
	}
	if err := dropStaged(ctx, p.db, p.journal); err != nil {
		return err
	}
	p.journal.Done = true
	if err := NoteInPlace(ctx, p.store, p.journal); err != nil {
		return err
	}
	return putSealed(ctx, p.store, certificateKey(p.manifest.ID, p.cert.ID), p.cert, false)
}

// strangers are what the backup does not hold.
func (p *inPlace) strangers(found map[string]databases.Namespace) []string {
	var remarks []string
	for _, name := range slices.Sorted(maps.Keys(found)) {
		known := func(c Collection) bool { return c.Namespace() == name }
		if !slices.ContainsFunc(p.manifest.Collections, known) && !isMark(found[name].Name) {
			remarks = append(remarks, name+" is there too; it is not in the backup, and was left as it is.")
		}
	}
	return remarks
}

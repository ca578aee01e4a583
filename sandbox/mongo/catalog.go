package mongo

import (
	"slices"
	"sort"
	"strings"
	"sync"
)

// catalog holds the databases. Commands that read or change documents hold mu for reading as long as they work, those that change
// the catalog, and those that change several collections at once, for writing.
type catalog struct {
	mu  sync.RWMutex
	dbs map[string]*database
}

type database struct {
	name  string
	cols  map[string]*collection
	order []*collection // as they were created
}

func newCatalog() *catalog { return &catalog{dbs: map[string]*database{}} }

func (c *catalog) collection(db, name string) *collection {
	if d := c.dbs[db]; d != nil {
		return d.cols[name]
	}
	return nil
}

// byUUID answers the collection of that UUID, nil when there is none.
func (c *catalog) byUUID(u [16]byte) *collection {
	for _, d := range c.dbs {
		for _, col := range d.order {
			if col.uuid == u {
				return col
			}
		}
	}
	return nil
}

func (c *catalog) add(col *collection) {
	d := c.dbs[col.db]
	if d == nil {
		d = &database{name: col.db, cols: map[string]*collection{}}
		c.dbs[col.db] = d
	}
	d.cols[col.name] = col
	d.order = append(d.order, col)
}

func (c *catalog) remove(col *collection) {
	d := c.dbs[col.db]
	delete(d.cols, col.name)
	d.order = slices.DeleteFunc(d.order, func(o *collection) bool { return o == col })
	if len(d.cols) == 0 {
		delete(c.dbs, col.db)
	}
}

// names answers the databases in alphabetical order.
func (c *catalog) names() []string {
	var out []string
	for name := range c.dbs {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// view answers the definition of the view db.name, nil when it is none. Views live in db.system.views.
func (c *catalog) view(db, name string) document {
	views := c.collection(db, "system.views")
	if views == nil || strings.HasPrefix(name, "system.") {
		return nil
	}
	views.mu.RLock()
	defer views.mu.RUnlock()
	_, d, _ := views.find(stringValue(db + "." + name))
	return d
}

// views answers the definitions of all views of a database.
func (c *catalog) views(db string) []document {
	views := c.collection(db, "system.views")
	if views == nil {
		return nil
	}
	views.mu.RLock()
	defer views.mu.RUnlock()
	var out []document
	views.recs.ascend(nil, func(_ int64, d document) bool { out = append(out, d); return true })
	return out
}

// checkName tells whether a collection of that name may be created; an empty name is caught before.
func (c *catalog) checkName(db, name string) error {
	ns := db + "." + name
	switch {
	case strings.HasPrefix(name, "."):
		return fail(codeInvalidNamespace, "Collection names cannot start with '.'")
	case strings.Contains(name, "$") || strings.Contains(name, "\x00"):
		return fail(codeInvalidNamespace, "invalid collection name")
	case strings.HasPrefix(name, "system.") && !systemName(db, name):
		return fail(codeInvalidNamespace, "cannot write to '%s'", ns)
	case len(ns) > 255:
		return fail(4862100, "Fully qualified namespace is too long. Namespace: %s Max: 255", ns)
	}
	if c.dbs[db] == nil {
		for have := range c.dbs {
			if strings.EqualFold(have, db) {
				return fail(codeDifferCase, "db already exists with different case already have: [%s] trying to create [%s]", have, db)
			}
		}
	}
	return nil
}

func systemName(db, name string) bool {
	switch name {
	case "system.views", "system.js", "system.profile":
		return true
	}
	return strings.HasPrefix(name, "system.buckets.") || db == "admin" || db == "config" || db == "local"
}

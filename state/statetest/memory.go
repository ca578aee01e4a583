package statetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/kampyn/opsbot/state"
)

// Memory answers a Store that forgets everything with the process. It uses neither files nor goroutines, so it can be
// used under a fake clock.
func Memory() state.Store { return &memory{records: map[key]state.Record{}} }

type key struct{ kind, id string }

type memory struct {
	mu      sync.Mutex
	records map[key]state.Record
}

func (m *memory) Insert(ctx context.Context, records ...state.Record) error {
	if err := cmp.Or(ctx.Err(), state.CheckAll(records)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	added := map[key]state.Record{}
	for _, r := range records {
		at := key{r.Kind, r.ID}
		_, taken := m.records[at]
		if _, twice := added[at]; taken || twice {
			return fmt.Errorf("%w: %s %s", state.ErrExists, r.Kind, r.ID)
		}
		r.Version = 1
		added[at] = clone(r)
	}
	maps.Copy(m.records, added)
	return nil
}

func (m *memory) Get(ctx context.Context, kind, id string) (state.Record, error) {
	if err := ctx.Err(); err != nil {
		return state.Record{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.find(kind, id, 0)
	return clone(r), err
}

func (m *memory) Update(ctx context.Context, r state.Record) error {
	if err := cmp.Or(ctx.Err(), r.Check()); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, err := m.find(r.Kind, r.ID, 0)
	if err != nil {
		return err
	}
	if old.Version != r.Version {
		return fmt.Errorf("%w: %s %s", state.ErrConflict, r.Kind, r.ID)
	}
	r.Version++
	m.records[key{r.Kind, r.ID}] = clone(r)
	return nil
}

func (m *memory) Delete(ctx context.Context, kind, id string, version int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.find(kind, id, version); err != nil {
		return err
	}
	delete(m.records, key{kind, id})
	return nil
}

func (m *memory) find(kind, id string, version int64) (state.Record, error) {
	r, there := m.records[key{kind, id}]
	if !there {
		return state.Record{}, fmt.Errorf("%w: %s %s", state.ErrNotFound, kind, id)
	}
	if version != 0 && version != r.Version {
		return state.Record{}, fmt.Errorf("%w: %s %s", state.ErrConflict, kind, id)
	}
	return r, nil
}

func (m *memory) Query(ctx context.Context, q state.Query) ([]state.Record, error) {
	if err := cmp.Or(ctx.Err(), q.Check()); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []state.Record
	for k, r := range m.records {
		if k.kind == q.Kind && matches(r, q) {
			found = append(found, clone(r))
		}
	}
	slices.SortFunc(found, func(a, b state.Record) int {
		order := cmp.Or(strings.Compare(a.Fields[q.OrderBy], b.Fields[q.OrderBy]), strings.Compare(a.ID, b.ID))
		if q.Descending {
			return -order
		}
		return order
	})
	if q.Limit > 0 && len(found) > q.Limit {
		found = found[:q.Limit]
	}
	return found, nil
}

func matches(r state.Record, q state.Query) bool {
	if _, there := r.Fields[q.OrderBy]; q.OrderBy != "" && !there {
		return false
	}
	for _, c := range q.Where {
		value, there := r.Fields[c.Field]
		order := strings.Compare(value, c.Value)
		holds := map[state.Op]bool{state.Equal: order == 0, state.Less: order < 0, state.LessEqual: order <= 0,
			state.Greater: order > 0, state.GreaterEqual: order >= 0}
		if !there || !holds[c.Op] {
			return false
		}
	}
	return true
}

func clone(r state.Record) state.Record {
	r.Fields, r.Value = maps.Clone(r.Fields), slices.Clone(r.Value)
	return r
}

package mongo

import "strings"

// applier carries one applyOps command.
type applier struct {
	c      *call
	upsert bool
	bypass bool
	copies map[*collection]*collection // of an atomic run
}

// operation is one member of applyOps.
type operation struct {
	d       document
	op, ns  string
	o, o2   document
	ui      value
	b       bool
	command string // the first field of o, for op c
}

const operationFields = " op ns o o2 ui b ts t h v wall lsid txnNumber stmtId prevOpTime fromMigrate preImageOpTime postImageOpTime upsert needsRetryImage destinedRecipient "

func applyOps(c *call) error {
	list := c.arg("applyOps")
	if list.Type != typeArray {
		return fail(codeTypeMismatch, "applyOps has to be an array")
	}
	if mode := c.arg("oplogApplicationMode"); mode.Type != 0 {
		switch text(mode) {
		case "InitialSync", "Secondary", "Recovering", "ApplyOps":
		default:
			return fail(codeFailedToParse, "Could not parse oplogApplicationMode :: caused by :: Invalid oplog application mode provided: %s", text(mode))
		}
	}
	s := c.srv
	s.cat.mu.Lock()
	defer s.cat.mu.Unlock()
	if held, err := c.preCondition(); err != nil || held {
		return err
	}
	a := &applier{c: c, upsert: c.arg("alwaysUpsert").Type == 0 || truth(c.arg("alwaysUpsert")), bypass: truth(c.arg("bypassDocumentValidation"))}
	allowAtomic := c.arg("allowAtomic").Type == 0 || truth(c.arg("allowAtomic"))
	results, atomic, err := a.apply(c.body, list, allowAtomic)
	if results == nil && err != nil {
		return err
	}
	c.w.i32("applied", len(results))
	if err != nil {
		e := asError(err)
		c.w.i32("code", e.Code)
		c.w.str("codeName", codeName(e.Code, e.CodeName))
		c.w.str("errmsg", e.Message)
	}
	c.w.beginArray("results")
	for _, r := range results {
		c.w.add(boolValue(r))
	}
	c.w.end()
	if err != nil {
		c.w.f64("ok", 0)
		c.answered = true
		if e := asError(err); atomic && e.more != nil {
			e.more(c.w)
		}
	}
	return nil
}

// preCondition answers true when a document is not what the command expects; the reply says so.
func (c *call) preCondition() (bool, error) {
	for _, p := range fields(embedded(c.arg("preCondition"))) {
		cond := embedded(p)
		db, name, err := splitNS(text(lookup(cond, "ns")))
		if err != nil {
			return false, err
		}
		fits, err := compileFilter(embedded(lookup(cond, "res")), nil)
		if err != nil {
			return false, err
		}
		got := document{5, 0, 0, 0, 0}
		if col := c.srv.cat.collection(db, name); col != nil {
			found, err := c.matches(col, embedded(lookup(cond, "q")), nil, missing, missing, true)
			if err != nil {
				return false, err
			}
			if len(found) > 0 {
				got = found[0].doc
			}
		}
		if !fits(got) {
			c.w.doc("got", got)
			c.w.doc("whatFailed", cond)
			fail(codeBadValue, "preCondition failed").write(c.w)
			c.answered = true
			return true, nil
		}
	}
	return false, nil
}

// apply runs a list of operations. results has one element for each that was tried, and is nil when the list is malformed.
func (a *applier) apply(command document, list value, allowAtomic bool) (results []bool, atomic bool, err error) {
	var ops []operation
	for i, v := range fields(list.Data) {
		if v.Type != typeObject {
			return nil, false, fail(codeTypeMismatch, "op not an object: %s", i)
		}
		if lookup(v.Data, "ns").Type != typeString {
			return nil, false, fail(codeIllegalOperation, "op does not contain required \"ns\" field: %s", i)
		}
		if text(lookup(v.Data, "op")) != "n" {
			ops = append(ops, newOperation(v.Data))
		}
	}
	atomic = allowAtomic && len(ops) > 0
	for _, op := range ops {
		atomic = atomic && (op.op == "i" || op.op == "u" || op.op == "d") && a.collection(op) != nil && op.check() == nil
	}
	if atomic {
		results, err = a.applyAtomic(command, ops)
		return results, true, err
	}
	results = []bool{}
	for _, op := range ops {
		err := a.applyOne(op)
		results = append(results, err == nil)
		if err != nil {
			return results, false, err
		}
	}
	return results, false, nil
}

func newOperation(d document) operation {
	op := operation{d: d, op: text(lookup(d, "op")), ns: text(lookup(d, "ns")), o: embedded(lookup(d, "o")), o2: embedded(lookup(d, "o2")),
		ui: lookup(d, "ui"), b: truth(lookup(d, "b"))}
	for name := range fields(op.o) {
		op.command = name
		break
	}
	return op
}

func (op *operation) check() error {
	for name := range fields(op.d) {
		if !strings.Contains(operationFields, " "+name+" ") {
			return fail(40415, "BSON field 'OplogEntryBase.%s' is an unknown field.", name)
		}
	}
	if op.ui.Type != 0 && op.ui.Type != typeBinary {
		return fail(codeTypeMismatch, "BSON field 'OplogEntryBase.ui' is the wrong type '%s', expected type 'binData'", typeName(op.ui))
	}
	if len(op.op) != 1 || !strings.Contains("iudcn", op.op) {
		return fail(codeBadValue, "Enumeration value '%s' for field 'OplogEntryBase.op' is not a valid value.", op.op)
	}
	return nil
}

func (op *operation) uuid() (u [16]byte, ok bool) {
	if op.ui.Type != typeBinary || len(op.ui.Data) != 5+16 {
		return u, false
	}
	return [16]byte(op.ui.Data[5:]), true
}

// shown is the operation as messages show it once it has been parsed.
func (op *operation) shown() string {
	return show(build(func(w *builder) {
		w.copy(op.d)
		w.ts("ts", 0)
		w.name(typeDate, "wall")
		w.b = append(w.b, make([]byte, 8)...)
	}))
}

// collection answers what the operation is about: by its UUID if it has one, else by its name; nil when there is none.
func (a *applier) collection(op operation) *collection {
	if u, ok := op.uuid(); ok {
		return a.c.srv.cat.byUUID(u)
	}
	db, name, err := splitNS(op.ns)
	if err != nil {
		return nil
	}
	return a.c.srv.cat.collection(db, name)
}

// applyAtomic makes all changes or none, and logs them as one entry.
func (a *applier) applyAtomic(command document, ops []operation) ([]bool, error) {
	a.copies = map[*collection]*collection{}
	defer func() { a.copies = nil }()
	for i, op := range ops {
		if err := a.applyOne(op); err != nil {
			return make([]bool, i+1), err
		}
	}
	for base, col := range a.copies {
		base.adopt(col)
	}
	a.c.srv.logCommand("admin", nil, build(func(w *builder) {
		for name, v := range fields(command) {
			if name != "applyOps" {
				w.value(name, v)
				continue
			}
			w.beginArray("applyOps")
			for _, op := range ops {
				u := a.collection(op).uuid
				w.beginElement()
				w.copy(without(op.d, "ui"))
				w.binary("ui", 4, u[:])
				w.end()
			}
			w.end()
		}
	}), nil)
	results := make([]bool, len(ops))
	for i := range results {
		results[i] = true
	}
	return results, nil
}

// adopt takes over what a changed copy of the collection holds. The catalog is locked for writing.
func (col *collection) adopt(c *collection) {
	col.mu.Lock()
	defer col.mu.Unlock()
	col.recs, col.next, col.bytes, col.indexes = c.recs, c.next, c.bytes, c.indexes
	if col.grown != nil {
		close(col.grown)
		col.grown = nil
	}
}

func (a *applier) applyOne(op operation) error {
	if err := op.check(); err != nil {
		return err
	}
	if op.op == "c" {
		return a.applyCommand(op)
	}
	col := a.collection(op)
	if _, byUUID := op.uuid(); byUUID && col == nil {
		return fail(codeNamespaceNotFound, "Failed to apply operation due to missing collection (%s): %s", showUUID([16]byte(op.ui.Data[5:])), op.shown())
	}
	if col == nil {
		db, name, err := splitNS(op.ns)
		switch {
		case err != nil:
			return err
		case op.op == "d":
			return nil
		case a.c.srv.cat.view(db, name) != nil:
			return viewNotSupported(op.ns)
		}
		return fail(codeNamespaceNotFound, "cannot apply insert or update operation on a non-existent namespace %s: %s", op.ns, show(op.d))
	}
	w := &writer{srv: a.c.srv, col: col, bypass: a.bypass}
	if a.copies != nil {
		if a.copies[col] == nil {
			a.copies[col] = col.clone()
		}
		w.col, w.as = a.copies[col], func(entry) {}
	} else {
		col.mu.Lock()
		defer col.mu.Unlock()
	}
	switch op.op {
	case "i":
		return op.insert(w)
	case "u":
		return op.update(w, a.upsert)
	}
	return op.delete(w)
}

func (op *operation) insert(w *writer) error {
	id := lookup(op.o, "_id")
	if id.Type == 0 {
		return fail(codeNoSuchKey, "Failed to apply insert due to missing _id: %s", op.shown())
	}
	d, err := w.srv.idFirst(op.o)
	if err != nil {
		return err
	}
	if rec, old, found := w.col.find(id); found {
		return w.update(rec, old, d, d)
	}
	return w.insertReady(d)
}

func (op *operation) update(w *writer, upsert bool) error {
	id := lookup(op.o2, "_id")
	if id.Type == 0 {
		return fail(codeNoSuchKey, "Failed to apply update due to missing _id: %s", op.shown())
	}
	u, err := newUpdater(docValue(op.o), missing, nil)
	if err != nil {
		return err
	}
	u.lenient = true
	rec, old, found := w.col.find(id)
	if !found && !upsert && !op.b {
		return fail(codeUpdateFailed, "Failed to apply update: %s", op.shown())
	}
	if !found {
		old = idDocument(id)
	}
	now, change, err := u.apply(w.srv, old, nil, !found)
	if err != nil {
		return err
	}
	switch {
	case !found && change == nil:
		return w.insertReady(old)
	case !found:
		return w.insertReady(now)
	case change == nil || string(now) == string(old):
		return nil
	}
	return w.update(rec, old, now, change)
}

func (op *operation) delete(w *writer) error {
	id := lookup(op.o, "_id")
	if id.Type == 0 {
		return fail(codeNoSuchKey, "Failed to apply delete due to missing _id: %s", op.shown())
	}
	rec, old, found := w.col.find(id)
	if !found {
		return nil
	}
	if w.col.opts.capped {
		w.log(entry{op: "d", o: idDocument(id)}, old, nil)
		w.col.remove(rec, old)
		return nil
	}
	return w.remove(rec, old)
}

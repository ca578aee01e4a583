package mongo

// applyCommand executes an oplog entry that changes the catalog, as leniently as the server does: what is gone already is no error.
func (a *applier) applyCommand(op operation) error {
	s := a.c.srv
	db, _, err := splitNS(op.ns)
	if err != nil {
		return err
	}
	target := text(lookup(op.o, op.command))
	col := s.cat.collection(db, target)
	switch op.command {
	case "create":
		return a.applyCreate(op, db, target)
	case "drop":
		if col != nil {
			s.dropCollection(col)
			return nil
		}
		_, err := s.dropView(db, target)
		return err
	case "dropDatabase":
		s.dropDatabase(db)
		return nil
	case "renameCollection":
		return a.applyRename(op)
	case "collMod":
		if col != nil {
			return s.modifyCollection(col, op.o, nil)
		}
		return nil
	case "dropIndexes", "deleteIndexes":
		if col == nil {
			return nil
		}
		found, err := indexesToDrop(col, lookup(op.o, "index"))
		if err == nil {
			s.dropIndexes(col, found)
		} else if asError(err).Code != codeIndexNotFound {
			return err
		}
		return nil
	case "convertToCapped":
		return s.copyCapped(db, target, target, lookup(op.o, "size"))
	case "emptycapped":
		if col != nil {
			s.emptyCapped(col)
		}
		return nil
	case "applyOps":
		return a.applyNested(op)
	}
	return refusedCommand(op)
}

func refusedCommand(op operation) error {
	switch op.command {
	case "createIndexes", "startIndexBuild", "commitIndexBuild", "abortIndexBuild":
		return fail(codeNotSupported, "The %s operation is not supported in applyOps mode", op.command)
	case "commitTransaction":
		return fail(50987, "commitTransaction is only used internally by secondaries.")
	case "abortTransaction":
		return fail(50972, "abortTransaction is only used internally by secondaries.")
	case "dbCheck":
		return fail(codeBadValue, "Enumeration value '' for field 'type' is not a valid value.")
	}
	return fail(codeBadValue, "Unknown oplog entry command type: %s Object field: %s", op.command, show(op.o))
}

func (a *applier) applyCreate(op operation, db, name string) error {
	s := a.c.srv
	if lookup(op.o, "viewOn").Type != 0 {
		if s.cat.view(db, name) != nil {
			return nil
		}
		return s.createView(db, name, op.o, nil)
	}
	uuid, chosen := op.uuid()
	if !chosen {
		uuid = newUUID()
	}
	if have := s.cat.collection(db, name); have != nil {
		if !chosen || have.uuid == uuid {
			return nil
		}
		if err := s.rename(have, "tmp"+randomName()+".create", false); err != nil {
			return err
		}
	}
	version := 1
	if n, ok := number(lookup(embedded(lookup(op.o, "idIndex")), "v")); ok {
		version = int(n)
	}
	_, err := s.createCollection(db, name, op.o, uuid, version)
	return err
}

// applyRename renames by UUID or name. A target that is in the way goes only if dropTarget is its UUID, else it is renamed too.
func (a *applier) applyRename(op operation) error {
	s := a.c.srv
	fromDB, from, err := splitNS(text(lookup(op.o, "renameCollection")))
	if err != nil {
		return err
	}
	toDB, to, err := splitNS(text(lookup(op.o, "to")))
	if err != nil {
		return err
	}
	col := s.cat.collection(fromDB, from)
	if u, ok := op.uuid(); ok {
		col = s.cat.byUUID(u)
	}
	if col == nil {
		return nil
	}
	drop := operation{ui: lookup(op.o, "dropTarget")}
	target := s.cat.collection(toDB, to)
	if u, ok := drop.uuid(); target != nil && target != col && (!ok || u != target.uuid) {
		if err := s.rename(target, "tmp"+randomName()+".rename", false); err != nil {
			return err
		}
	}
	if fromDB != toDB {
		return s.renameAcross(col, toDB, to)
	}
	return s.rename(col, to, truth(lookup(op.o, "stayTemp")))
}

func (a *applier) applyNested(op operation) error {
	if lookup(op.o, "partialTxn").Type != 0 {
		return fail(31056, "applyOps command can't have 'partialTxn' field.")
	}
	if lookup(op.o, "prepare").Type != 0 {
		return fail(51145, "prepare applyOps oplog entry is only used internally by secondaries.")
	}
	list := lookup(op.o, "applyOps")
	if list.Type != typeArray {
		return fail(codeTypeMismatch, "applyOps has to be an array")
	}
	_, _, err := a.apply(op.o, list, true)
	return err
}

// emptyCapped removes everything from a capped collection.
func (s *Server) emptyCapped(col *collection) {
	col.mu.Lock()
	defer col.mu.Unlock()
	col.recs, col.bytes = tree[int64, document]{}, 0
	for _, ix := range col.indexes {
		ix.entries = tree[string, int64]{}
	}
	s.logCommand(col.db, &col.uuid, build(func(w *builder) { w.str("emptycapped", col.name) }), nil)
}

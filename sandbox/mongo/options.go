package mongo

import "strings"

// collectionOptions are what a collection was created with.
type collectionOptions struct {
	shown  document // as listCollections shows them
	capped bool
	size   int64
	max    int64
	coll   *collator
	valid  filter // nil: no validator
	strict bool   // documents that were invalid before are checked too
	warn   bool   // invalid documents are let in
	noID   bool   // no index on _id
}

// optionNames are the options of a collection in the order in which the server keeps them; the last ones are of later versions.
var optionNames = []string{"capped", "size", "max", "autoIndexId", "temp", "storageEngine", "indexOptionDefaults", "validator",
	"validationLevel", "validationAction", "collation", "viewOn", "pipeline", "timeseries", "expireAfterSeconds", "clusteredIndex",
	"changeStreamPreAndPostImages", "encryptedFields"}

// createArguments are the fields of the create command.
var createArguments = " " + strings.Join(optionNames, " ") + " idIndex flags recordPreImages writeConcern "

// newOptions reads options from a create command or an oplog entry.
func newOptions(d document) (o collectionOptions, err error) {
	capped, size := truth(lookup(d, "capped")), lookup(d, "size")
	if capped {
		n, ok := number(size)
		if !ok {
			return o, fail(codeInvalidOptions, "the 'size' field is required when 'capped' is true")
		}
		o.capped, o.size = true, max(4096, (n+0xff)&^0xff)
		if n < 4096 {
			o.size = 4096
		}
		o.max, _ = number(lookup(d, "max"))
	}
	if o.coll, err = newCollator(embedded(lookup(d, "collation"))); err != nil {
		return o, err
	}
	o.noID = lookup(d, "autoIndexId").Type != 0 && !truth(lookup(d, "autoIndexId"))
	o.shown = build(func(w *builder) {
		for _, name := range optionNames {
			o.show(w, name, lookup(d, name))
		}
	})
	return o, o.compile()
}

// show writes one option the way it is listed.
func (o *collectionOptions) show(w *builder, name string, v value) {
	switch {
	case name == "capped" && o.capped:
		w.boolean("capped", true)
	case name == "size" && o.capped:
		w.size("size", o.size)
	case name == "max" && o.max > 0:
		w.size("max", o.max)
	case name == "collation" && o.coll != nil:
		w.doc("collation", o.coll.spec)
	case name == "temp" && truth(v):
		w.boolean("temp", true)
	case v.Type == 0 || name == "capped" || name == "size" || name == "max" || name == "collation" || name == "temp" ||
		name == "autoIndexId" && truth(v) || isEmptyDocument(v) && name != "pipeline":
	default:
		w.value(name, v)
	}
}

// compile makes the validator ready.
func (o *collectionOptions) compile() error {
	o.valid, o.strict, o.warn = nil, text(lookup(o.shown, "validationLevel")) != "moderate", text(lookup(o.shown, "validationAction")) == "warn"
	v := embedded(lookup(o.shown, "validator"))
	if len(v) <= 5 || text(lookup(o.shown, "validationLevel")) == "off" {
		return nil
	}
	var err error
	o.valid, err = compileFilter(v, o.coll)
	return err
}

// with answers the options with some fields replaced or added in their order.
func (o collectionOptions) with(changes document) (collectionOptions, error) {
	old := o.shown
	o.shown = build(func(w *builder) {
		for _, name := range optionNames {
			v := lookup(changes, name)
			if v.Type == 0 {
				v = lookup(old, name)
			}
			if v.Type != 0 && (name != "validator" || !isEmptyDocument(v)) {
				w.value(name, v)
			}
		}
	})
	return o, o.compile()
}

func isEmptyDocument(v value) bool { return v.Type == typeObject && len(v.Data) <= 5 }

// check tells whether a document may be stored in the place of old (nil: as a new one).
func (o *collectionOptions) check(d, old document) error {
	if o.valid == nil || o.warn || o.valid(d) || old != nil && !o.strict && !o.valid(old) {
		return nil
	}
	return fail(codeValidationFailure, "Document failed validation")
}

package mongo

import (
	"errors"
	"fmt"
	"strings"
)

// call is one command on its way through the server.
type call struct {
	srv      *Server
	conn     *conn
	w        *builder // the reply
	name     string   // of the command, as it was sent
	db       string
	body     document
	sections []section
	opQuery  bool

	session  *session // nil without an lsid
	stmt     *statement
	txn      *txn // the open transaction that the command belongs to
	answered bool // the handler has written ok itself
}

// command is what the server knows about a command.
type command struct {
	run       func(c *call) error
	adminOnly bool
	write     bool // wants a primary
	read      bool // wants a primary or permission to read from a secondary
	open      bool // needs no authentication
}

func newCall(c *conn, m *message) *call {
	k := &call{srv: c.srv, conn: c, w: &c.out, body: m.body, sections: m.sections, db: m.database, opQuery: m.op == opQuery}
	for name := range fields(m.body) {
		k.name = name
		break
	}
	if !k.opQuery {
		k.db = text(lookup(m.body, "$db"))
	}
	return k
}

// run executes the command and completes the reply, which conn has begun. injected, if any, is answered instead.
func (c *call) run(injected *Error) {
	start := len(c.w.b)
	c.w.begin()
	err := error(nil)
	if injected != nil {
		err = injected
	} else {
		err = c.execute()
	}
	if err != nil {
		c.w.b, c.w.open, c.w.index = c.w.b[:start], c.w.open[:0], c.w.index[:0]
		c.w.begin()
		c.fail(err)
	} else {
		if !c.answered {
			c.w.f64("ok", 1)
		}
		c.times(true)
	}
	c.w.end()
}

func (c *call) fail(err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = fail(1, "%v", err)
	}
	if len(e.Labels) > 0 {
		c.w.beginArray("errorLabels")
		for _, l := range e.Labels {
			c.w.add(stringValue(l))
		}
		c.w.end()
	}
	if e.Code == codeNotPrimary || e.Code == codeNotPrimaryNoSecondary || e.Code == 91 || e.Code == 189 || e.Code == 11600 || e.Code == 11602 {
		c.srv.topologyVersion(c.w)
	}
	if c.srv.replicated() {
		c.w.ts("operationTime", c.srv.oplog.lastTS())
	}
	e.write(c.w)
	c.times(false)
}

// times writes the cluster time, and after it the operation time of a success.
func (c *call) times(operation bool) {
	if !c.srv.replicated() {
		return
	}
	now := c.srv.oplog.lastTS()
	c.w.beginDoc("$clusterTime")
	c.w.ts("clusterTime", now)
	c.w.beginDoc("signature")
	c.w.binary("hash", 0, make([]byte, 20))
	c.w.i64("keyId", 0)
	c.w.end()
	c.w.end()
	if operation {
		c.w.ts("operationTime", now)
	}
}

func (c *call) execute() error {
	cmd, ok := commands[c.name]
	if !ok {
		return fail(codeCommandNotFound, "no such command: '%s'", c.name)
	}
	if err := c.allowed(cmd); err != nil {
		return err
	}
	if err := c.authorized(); err != nil {
		return err
	}
	c.srv.count.add(c.name)
	replay, err := c.enterSession(cmd)
	if err != nil {
		return err
	}
	defer c.leaveSession()
	if replay != nil {
		c.w.b = append(c.w.b, replay...)
		return nil
	}
	start := len(c.w.b)
	if err := cmd.run(c); err != nil {
		return c.failedInSession(err)
	}
	c.rememberReply(start)
	return c.writeConcern(cmd)
}

// allowed checks what must hold before the command is looked at.
func (c *call) allowed(cmd command) error {
	switch {
	case c.srv.scram != nil && c.conn.user == "" && !cmd.open:
		return fail(codeUnauthorized, "command %s requires authentication", c.name)
	case c.db == "" || strings.ContainsAny(c.db, "/\\. \"$\x00") || len(c.db) > 63:
		return fail(codeInvalidNamespace, "Invalid database name: '%s'", c.db)
	case cmd.adminOnly && c.db != "admin":
		return fail(codeUnauthorized, "%s may only be run against the admin database.", c.name)
	case c.srv.faults.isSecondary() && cmd.write:
		e := fail(codeNotPrimary, "not primary")
		if lookup(c.body, "txnNumber").Type != 0 {
			e.Labels = append(e.Labels, "RetryableWriteError")
		}
		return e
	case c.srv.faults.isSecondary() && cmd.read && !c.secondaryOK():
		return fail(codeNotPrimaryNoSecondary, "not primary and secondaryOk=false")
	case cmd.write:
		return c.srv.params.writable(c.srv)
	}
	return nil
}

func (c *call) secondaryOK() bool {
	mode := text(lookup(embedded(c.arg("$readPreference")), "mode"))
	return c.opQuery || mode != "" && mode != "primary"
}

// writeConcern adds the error of a write concern that one member cannot satisfy.
func (c *call) writeConcern(cmd command) error {
	wc := embedded(c.arg("writeConcern"))
	w, ok := number(lookup(wc, "w"))
	if !cmd.write || !ok || w < 2 {
		return nil
	}
	if !c.srv.replicated() {
		return fail(codeBadValue, "cannot use 'w' > 1 when a host is not replicated")
	}
	c.w.f64("ok", 1)
	c.answered = true
	c.w.beginDoc("writeConcernError")
	c.w.i32("code", 100)
	c.w.str("codeName", "UnsatisfiableWriteConcern")
	c.w.str("errmsg", "Not enough data-bearing nodes")
	c.w.beginDoc("errInfo")
	c.w.beginDoc("writeConcern")
	c.w.copy(wc)
	c.w.str("provenance", "clientSupplied")
	c.w.end()
	c.w.end()
	c.w.end()
	return nil
}

func (c *call) arg(name string) value { return lookup(c.body, name) }

// target answers the collection name that is the value of the command's own field.
func (c *call) target() (string, error) {
	v := c.arg(c.name)
	if v.Type != typeString {
		return "", fail(codeInvalidNamespace, "collection name has invalid type %s", typeName(v))
	}
	if text(v) == "" {
		return "", fail(codeInvalidNamespace, "Invalid namespace specified '%s.'", c.db)
	}
	return text(v), nil
}

func (c *call) ns(name string) string { return c.db + "." + name }

// documents answers the documents of an argument that may come as an array or as a section of its own.
func (c *call) documents(name string) ([]document, error) {
	for _, s := range c.sections {
		if s.name == name {
			return s.docs, nil
		}
	}
	v := c.arg(name)
	if v.Type != typeArray {
		return nil, fail(40414, "BSON field '%s.%s' is missing but a required field", c.name, name)
	}
	var out []document
	for i, e := range fields(v.Data) {
		if e.Type != typeObject {
			return nil, fail(codeTypeMismatch, "BSON field '%s.%s.%s' is the wrong type '%s', expected type 'object'", c.name, name, i, typeName(e))
		}
		out = append(out, e.Data)
	}
	return out, nil
}

// known fails for an argument that the command does not have; say makes the message.
func (c *call) known(names string, say func(field string) *Error) error {
	for name := range fields(c.body) {
		if name != c.name && !strings.Contains(names, " "+name+" ") && !strings.Contains(genericArguments, " "+name+" ") {
			return say(name)
		}
	}
	return nil
}

// genericArguments are what any command may carry.
const genericArguments = " $db $clusterTime $readPreference $configServerState $audit $client $queryOptions lsid txnNumber autocommit startTransaction " +
	"readConcern writeConcern maxTimeMS comment apiVersion apiStrict apiDeprecationErrors stmtId stmtIds databaseVersion shardVersion " +
	"allowImplicitCollectionCreation maxTimeMSOpOnly "

// withoutInternals is the command as messages show it.
func (c *call) withoutInternals() string {
	return show(build(func(w *builder) {
		for name, v := range fields(c.body) {
			if name != "lsid" && name != "$clusterTime" && name != "$readPreference" {
				w.value(name, v)
			}
		}
	}))
}

func splitNS(ns string) (db, name string, err error) {
	db, name, ok := strings.Cut(ns, ".")
	if !ok || db == "" || name == "" {
		return "", "", fail(codeInvalidNamespace, "Invalid namespace specified '%s'", ns)
	}
	return db, name, nil
}

func viewNotSupported(ns string) error {
	return fail(codeViewNotSupported, "Namespace %s is a view, not a collection", ns)
}

// asError makes any error one that a reply can carry.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return fail(1, "%s", fmt.Sprint(err))
}

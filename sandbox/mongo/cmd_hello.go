package mongo

import (
	"encoding/binary"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/bson/primitive"
)

// electionID names the election that made this member the primary.
var electionID = primitive.ObjectID{0x7f, 0xff, 0xff, 0xff, 11: term}

func helloCommand(c *call) error {
	if client := c.arg("client"); client.Type != 0 {
		if c.conn.client {
			return fail(codeMetadataMutated, "The client metadata document may only be sent in the first isMaster")
		}
		c.conn.client = true
	}
	if err := c.awaitTopology(); err != nil {
		return err
	}
	if truth(c.arg("helloOk")) {
		c.w.boolean("helloOk", true)
	}
	c.srv.describe(c.w, c.name == "hello")
	c.w.size("connectionId", c.conn.id)
	c.w.i32("minWireVersion", 0)
	c.w.i32("maxWireVersion", c.srv.wireVersion())
	c.w.boolean("readOnly", false)
	c.compression()
	c.mechanisms()
	return c.speculate()
}

// wireVersion goes with the version that the server claims to be.
func (s *Server) wireVersion() int {
	for _, v := range []struct {
		version string
		wire    int
	}{{"8.", 25}, {"7.0", 21}, {"6.0", 17}, {"5.0", 13}, {"4.4", 9}, {"4.2", 8}, {"4.0", 7}} {
		if strings.HasPrefix(s.opts.Version, v.version) {
			return v.wire
		}
	}
	return 9
}

// describe writes what hello says of the member; the word for a primary depends on the name of the command.
func (s *Server) describe(w *builder, hello bool) {
	primary := !s.faults.isSecondary()
	s.topologyVersion(w)
	word := "ismaster"
	if hello {
		word = "isWritablePrimary"
	}
	if s.replicated() {
		w.value("hosts", array(stringValue(s.host)))
		w.str("setName", s.opts.ReplicaSet)
		w.i32("setVersion", 1)
		w.boolean(word, primary)
		w.boolean("secondary", !primary)
		if primary {
			w.str("primary", s.host)
		}
		w.str("me", s.host)
		if primary {
			w.oid("electionId", electionID)
		}
		s.lastWrite(w)
	} else {
		w.boolean(word, true)
	}
	w.i32("maxBsonObjectSize", maxDocument)
	w.i32("maxMessageSizeBytes", maxMessage)
	w.i32("maxWriteBatchSize", maxWriteBatch)
	w.date("localTime", s.opts.Now())
	w.i32("logicalSessionTimeoutMinutes", 30)
}

func (s *Server) lastWrite(w *builder) {
	last, majority := s.oplog.lastTS(), s.oplog.majorityTS()
	w.beginDoc("lastWrite")
	opTime(w, "opTime", last, term)
	w.date("lastWriteDate", time.Unix(int64(last>>32), 0))
	opTime(w, "majorityOpTime", majority, term)
	w.date("majorityWriteDate", time.Unix(int64(majority>>32), 0))
	w.end()
}

func (s *Server) topologyVersion(w *builder) {
	w.beginDoc("topologyVersion")
	w.oid("processId", s.process)
	w.i64("counter", s.faults.topology())
	w.end()
}

// awaitTopology holds a hello that knows the topology back until it changes, for at most as long as the client says.
func (c *call) awaitTopology() error {
	known, wait := embedded(c.arg("topologyVersion")), c.arg("maxAwaitTimeMS")
	if known == nil || wait.Type == 0 {
		return nil
	}
	ms, ok := number(wait)
	if !ok || ms < 0 {
		return fail(31372, "maxAwaitTimeMS must be a non-negative integer")
	}
	process, counter := lookup(known, "processId"), lookup(known, "counter")
	if process.Type != typeObjectID || counter.Type != typeInt64 {
		return fail(codeTypeMismatch, "topologyVersion must have a processId and a counter")
	}
	if primitive.ObjectID(process.Data) != c.srv.process {
		return nil
	}
	changed, now := c.srv.faults.topologyChange()
	if int64(binary.LittleEndian.Uint64(counter.Data)) != now {
		return nil
	}
	t := time.NewTimer(time.Duration(ms) * time.Millisecond)
	defer t.Stop()
	select {
	case <-changed:
	case <-t.C:
	case <-c.srv.done:
	}
	return nil
}

// compression agrees on the compressors that both sides have.
func (c *call) compression() {
	offered := c.arg("compression")
	if offered.Type != typeArray {
		return
	}
	var agreed []value
	for _, v := range fields(offered.Data) {
		switch text(v) {
		case "snappy", "zstd", "zlib":
			agreed = append(agreed, v)
		}
	}
	if len(agreed) > 0 {
		c.w.value("compression", array(agreed...))
	}
}

func (c *call) mechanisms() {
	if asked := text(c.arg("saslSupportedMechs")); asked != "" && c.srv.scram != nil && asked == "admin."+c.srv.scram.name {
		c.w.value("saslSupportedMechs", array(stringValue(mechanism)))
	}
}

func ping(*call) error { return nil }

func buildInfo(c *call) error {
	v := c.srv.opts.Version
	c.w.str("version", v)
	c.w.str("sysInfo", "deprecated")
	c.w.beginArray("versionArray")
	for _, n := range versionNumbers(v) {
		c.w.add(int32Value(n))
	}
	c.w.end()
	c.w.i32("bits", 64)
	c.w.boolean("debug", false)
	c.w.i32("maxBsonObjectSize", maxDocument)
	c.w.value("storageEngines", array(stringValue("biggie"), stringValue("devnull"), stringValue("ephemeralForTest"), stringValue("wiredTiger")))
	return nil
}

// versionNumbers answers major, minor, patch and 0.
func versionNumbers(v string) [4]int {
	var out [4]int
	for i, part := range strings.SplitN(v, ".", 4) {
		for _, r := range part {
			if r < '0' || r > '9' {
				break
			}
			out[i] = out[i]*10 + int(r-'0')
		}
	}
	out[3] = 0
	return out
}

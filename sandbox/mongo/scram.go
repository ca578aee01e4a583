package mongo

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"
)

const (
	mechanism  = "SCRAM-SHA-256"
	scramRound = 15000
)

// scramUser is the one user that the server knows, with what RFC 5802 has a server store. Names and passwords are taken as they are,
// without SASLprep.
type scramUser struct {
	name      string
	salt      []byte
	storedKey []byte
	serverKey []byte
}

func newScramUser(name, password string) (*scramUser, error) {
	u := &scramUser{name: name, salt: make([]byte, 28)}
	_, _ = rand.Read(u.salt) // never fails, see crypto/rand
	salted, err := pbkdf2.Key(sha256.New, password, u.salt, scramRound, sha256.Size)
	if err != nil {
		return nil, err
	}
	stored := sha256.Sum256(mac(salted, "Client Key"))
	u.storedKey, u.serverKey = stored[:], mac(salted, "Server Key")
	return u, nil
}

func mac(key []byte, s string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(s)) // a hash never fails
	return h.Sum(nil)
}

// scramConversation is a login under way.
type scramConversation struct {
	clientFirst string // without the header
	serverFirst string
	nonce       string
	proven      bool
	short       bool // the client wants no empty exchange at the end
}

var errLogin = &Error{Code: codeAuthenticationFailed, Message: "Authentication failed."}

func saslStart(c *call) error {
	if text(c.arg("mechanism")) != mechanism || c.srv.scram == nil {
		return fail(codeMechanismUnavailable, "Received authentication for mechanism %s which is unknown or not enabled", text(c.arg("mechanism")))
	}
	return c.scramFirst(c.body)
}

// scramFirst answers the client's first message.
func (c *call) scramFirst(d document) error {
	payload := binaryOf(lookup(d, "payload"))
	header, rest, ok := strings.Cut(payload, ",,")
	if !ok || header != "n" && header != "y" {
		return errLogin
	}
	parts := scramParts(rest)
	name := strings.NewReplacer("=2C", ",", "=3D", "=").Replace(parts["n"])
	if name != c.srv.scram.name || parts["r"] == "" {
		return errLogin
	}
	own := make([]byte, 18)
	_, _ = rand.Read(own) // never fails, see crypto/rand
	conv := &scramConversation{clientFirst: rest, nonce: parts["r"] + base64.StdEncoding.EncodeToString(own)}
	conv.short = truth(lookup(embedded(lookup(d, "options")), "skipEmptyExchange"))
	conv.serverFirst = "r=" + conv.nonce + ",s=" + base64.StdEncoding.EncodeToString(c.srv.scram.salt) + ",i=" + strconv.Itoa(scramRound)
	c.conn.scram = conv
	writeSASL(c.w, false, conv.serverFirst)
	return nil
}

func saslContinue(c *call) error {
	conv := c.conn.scram
	if conv == nil {
		return fail(codeProtocolError, "No SASL session state found")
	}
	if conv.proven {
		c.conn.scram = nil
		c.conn.user = c.srv.scram.name + "@admin"
		writeSASL(c.w, true, "")
		return nil
	}
	final := binaryOf(c.arg("payload"))
	without, proof, ok := strings.Cut(final, ",p=")
	given, err := base64.StdEncoding.DecodeString(proof)
	if !ok || err != nil || scramParts(without)["r"] != conv.nonce {
		c.conn.scram = nil
		return errLogin
	}
	message := conv.clientFirst + "," + conv.serverFirst + "," + without
	key := mac(c.srv.scram.storedKey, message)
	if len(given) != len(key) {
		c.conn.scram = nil
		return errLogin
	}
	subtle.XORBytes(key, key, given)
	if sum := sha256.Sum256(key); subtle.ConstantTimeCompare(sum[:], c.srv.scram.storedKey) != 1 {
		c.conn.scram = nil
		return errLogin
	}
	conv.proven = true
	if conv.short {
		c.conn.scram = nil
		c.conn.user = c.srv.scram.name + "@admin"
	}
	writeSASL(c.w, conv.short, "v="+base64.StdEncoding.EncodeToString(mac(c.srv.scram.serverKey, message)))
	return nil
}

// speculate answers a login that begins in the hello.
func (c *call) speculate() error {
	d := embedded(c.arg("speculativeAuthenticate"))
	if d == nil || c.srv.scram == nil || text(lookup(d, "mechanism")) != mechanism {
		return nil
	}
	c.w.beginDoc("speculativeAuthenticate")
	if err := c.scramFirst(d); err != nil {
		return err
	}
	c.w.end()
	return nil
}

func writeSASL(w *builder, done bool, payload string) {
	w.i32("conversationId", 1)
	w.boolean("done", done)
	w.binary("payload", 0, []byte(payload))
}

func binaryOf(v value) string {
	if v.Type == typeBinary {
		return string(v.Data[5:])
	}
	return text(v)
}

func scramParts(s string) map[string]string {
	out := map[string]string{}
	for _, p := range strings.Split(s, ",") {
		if k, v, ok := strings.Cut(p, "="); ok {
			out[k] = v
		}
	}
	return out
}

func logout(c *call) error {
	c.conn.user = ""
	return nil
}

func authenticate(c *call) error {
	return fail(codeMechanismUnavailable, "Received authentication for mechanism %s which is unknown or not enabled", text(c.arg("mechanism")))
}

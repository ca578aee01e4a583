package checkup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/objects"
)

const storageTitle = "Storage"

// trial is an object of our own in the store, and what was found out with it.
type trial struct {
	store objects.Store
	found *Rows
	key   string
}

// trials precedes the keys of what is stored to try a store out. No database's name begins so.
const trials = "_check/"

const trialText = "opsbot tries out whether it can store and read here. This object may be deleted.\n"

func newTrial(store objects.Store, found *Rows) *trial {
	return &trial{store, found, trials + strings.ToLower(rand.Text()[:12])}
}

// reach lists the trials, which are few. Without an answer there is no use in going on.
func (t *trial) reach(ctx context.Context) bool {
	_, err := t.store.List(ctx, trials)
	if err == nil {
		at := ""
		if bucket, ok := t.store.(*objects.S3); ok {
			at = " at " + bucket.Place()
		}
		t.found.OK("list", "%s%s answers", chat.Literal(t.store.String()), at)
		return true
	}
	say, try, hopeless := storeFault(err, "s3:ListBucket")
	t.found.Fail("list", say, try)
	if hopeless {
		t.found.Skip("put, get, delete", "because of the row above")
	}
	return !hopeless
}

// objects puts, gets and reads from the middle. It says whether there is an object now.
func (t *trial) put(ctx context.Context) bool {
	w, err := t.store.Create(ctx, t.key, objects.CreateOptions{IfAbsent: true, ContentType: "text/plain"})
	if err == nil {
		defer w.Abort()
		if _, err = io.WriteString(w, trialText); err == nil {
			err = w.Commit(ctx)
		}
	}
	if err != nil {
		t.fail("put", err, "s3:PutObject and s3:GetObject")
		t.found.Skip("get, get from the middle", "because of put")
		return false
	}
	t.found.OK("put", "wrote %s", chat.Literal(t.key))
	t.get(ctx, "get", 0)
	t.get(ctx, "get from the middle", 20)
	return true
}

func (t *trial) get(ctx context.Context, name string, offset int64) {
	r, err := t.store.Open(ctx, t.key, offset)
	if err != nil {
		t.fail(name, err, "s3:GetObject")
		return
	}
	text, err := io.ReadAll(r)
	err = errors.Join(err, r.Close())
	switch {
	case err != nil:
		t.fail(name, err, "s3:GetObject")
	case string(text) != trialText[offset:]:
		t.found.Fail(name, "what was read is not what was written", "Is there a cache or a gateway in between that changes objects?")
	default:
		t.found.OK(name, "read back as written")
	}
}

// remove deletes the object, also when the time of the probe is over.
func (t *trial) remove(ctx context.Context, stored bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := t.store.Delete(ctx, t.key)
	if err != nil {
		say, try, _ := storeFault(err, "s3:DeleteObject")
		if stored {
			say += "; " + chat.Literal(t.key) + " stays behind"
		}
		t.found.Fail("delete", say, try)
		return
	}
	if _, err := t.store.Stat(ctx, t.key); stored && !errors.Is(err, objects.ErrNotFound) {
		t.found.Fail("delete", "the object is still there after it was deleted", "Does something keep objects from being deleted?")
		return
	}
	t.found.OK("delete", "removed it again")
}

func (t *trial) fail(name string, err error, right string) {
	say, try, _ := storeFault(err, right)
	t.found.Fail(name, say, try)
}

// storeFault says what an error of the store means. Hopeless are those that all further calls would end in, too.
func storeFault(err error, right string) (say, try string, hopeless bool) {
	code := objects.Code(err)
	switch {
	case code == "NoSuchBucket":
		return "the bucket does not exist", "Make it, or mend `storage.s3.bucket`, `region` or `endpoint`.", true
	case code == "InvalidAccessKeyId", code == "XAdminUserNotFound":
		return "the server does not know the access key", "Mend `storage.s3.access_key`.", true
	case code == "SignatureDoesNotMatch":
		return "the secret key does not fit the access key", "Mend `storage.s3.secret_key`.", true
	case code == "ExpiredToken", code == "InvalidToken":
		return "the credentials have expired", "Give new ones.", true
	case code == "RequestTimeTooSkewed":
		return "the server refuses requests, because its clock and this machine's differ too much", "Let both take their time from the network (NTP).", true
	case code == "AuthorizationHeaderMalformed", code == "PermanentRedirect":
		return "the bucket is in another region (" + chat.Literal(code) + ")", "Mend `storage.s3.region`.", true
	case errors.Is(err, objects.ErrDenied):
		if code != "" {
			code = " (" + chat.Literal(code) + ")"
		}
		return "access denied" + code, "Allow it: " + right + ".", false
	case errors.Is(err, objects.ErrFull):
		return "there is no space left", "Free some, or raise the quota.", false
	case errors.Is(err, objects.ErrUnreachable), errors.Is(err, context.DeadlineExceeded):
		return "the store does not answer: " + chat.Escape(cut(err.Error(), 200)), "Is `storage.s3.endpoint` right, and may this machine reach it?", true
	}
	return chat.Escape(cut(err.Error(), 300)), "", false
}

// Store tries the object store with an object of its own, which is removed afterwards.
func Store(store objects.Store, state string) Probe {
	return Probe{Section: storageTitle, Within: 45 * time.Second, Run: func(ctx context.Context, found *Rows) {
		t := newTrial(store, found)
		if !t.reach(ctx) {
			return
		}
		stored := t.put(ctx)
		if bucket, ok := store.(*objects.S3); ok {
			t.parts(ctx, bucket, stored)
		}
		t.remove(ctx, stored)
		switch s := store.(type) {
		case *objects.S3:
			bucket(ctx, found, s)
		case *objects.Folder:
			folder(found, s.String(), state)
		default:
			found.Skip("settings", fmt.Sprintf("because there is nothing to ask of a %T", store))
		}
	}}
}

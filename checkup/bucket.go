package checkup

import (
	"context"
	"errors"
	"fmt"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/objects"
)

// parts tries what backups use besides plain objects: uploads in parts, and writing only what is not there yet.
func (t *trial) parts(ctx context.Context, s *objects.S3, stored bool) {
	if err := s.TryMultipart(ctx, t.key+"-parts"); err != nil {
		t.fail("upload in parts", err, "s3:PutObject, s3:AbortMultipartUpload and s3:ListMultipartUploadParts")
	} else {
		t.found.OK("upload in parts", "began one, sent a part, aborted it")
	}
	if _, err := s.AbortUnfinished(ctx, t.key); err != nil {
		t.fail("list of uploads", err, "s3:ListBucketMultipartUploads")
	} else {
		t.found.OK("list of uploads", "answers, so what a crash leaves can be removed")
	}
	if !stored {
		t.found.Skip("write once", "because of put")
		return
	}
	switch honours, err := s.HonoursCondition(ctx, t.key); {
	case err != nil:
		t.fail("write once", err, "s3:PutObject")
	case !honours:
		t.found.Remark("write once", "the server overwrites although it is asked not to (`If-None-Match`)",
			"opsbot looks before it writes; two of them on one bucket could still meet.")
	default:
		t.found.OK("write once", "the server refuses to overwrite when asked to")
	}
}

// bucket asks for the settings of the bucket, and says what they mean for backups.
func bucket(ctx context.Context, found *Rows, s *objects.S3) {
	if ahead, give, err := s.Clock(ctx); err != nil {
		found.Skip("clock", "because "+unanswered(err))
	} else {
		skew(found, "clock", ahead, give)
	}
	lock, lockErr := s.Lock(ctx)
	versioned, err := s.Versioned(ctx)
	switch {
	case lockErr != nil:
		found.Skip("object lock", "because "+unanswered(lockErr))
	case lock.Days > 0:
		found.Remark("object lock", chat.Escape(lock.String())+": nobody can destroy a backup before, and what is deleted takes space until then",
			"Let the retention be no longer than backups are kept.")
	case lock.On:
		found.OK("object lock", "%s", lock)
	default:
		found.OK("object lock", "off: whoever has the keys can delete the backups")
	}
	switch {
	case err != nil:
		found.Skip("versioning", "because "+unanswered(err))
	case versioned && !lock.On:
		found.Remark("versioning", "on: what is deleted goes on taking space", "Have a lifecycle rule expire noncurrent versions.")
	case versioned:
		found.OK("versioning", "on, as the object lock wants it")
	default:
		found.OK("versioning", "off")
	}
	switch by, err := s.Encryption(ctx); {
	case err != nil:
		found.Skip("encryption", "because "+unanswered(err))
	case by == "":
		found.Remark("encryption", "the bucket does not encrypt what it stores", "Switch default encryption on, if its disks are not yours.")
	default:
		found.OK("encryption", "%s", chat.Literal(by))
	}
	lifecycle(ctx, found, s)
}

func lifecycle(ctx context.Context, found *Rows, s *objects.S3) {
	l, err := s.Lifecycle(ctx)
	if err != nil {
		found.Skip("lifecycle", "because "+unanswered(err))
		return
	}
	if l.ExpireDays > 0 {
		found.Remark("lifecycle", fmt.Sprintf("a rule deletes objects %d days after they were stored, also the newest backup", l.ExpireDays),
			"Leave deleting to opsbot: limit the rule to another prefix.")
	}
	if l.AbortDays == 0 {
		found.Remark("lifecycle", "no rule removes unfinished uploads; opsbot removes its own, but not those of a machine that is gone",
			"Add AbortIncompleteMultipartUpload after 7 days.")
		return
	}
	if l.ExpireDays == 0 {
		found.OK("lifecycle", "unfinished uploads go after %d days", l.AbortDays)
	}
}

// unanswered says why a setting is not known. It is no fault: backups do without.
func unanswered(err error) string {
	code := objects.Code(err)
	switch {
	case errors.Is(err, objects.ErrDenied):
		return "the keys may not ask"
	case code == "NotImplemented", code == "MethodNotAllowed":
		return "the server does not know the question"
	case code != "":
		return "the server answered " + chat.Literal(code)
	}
	return "there was no answer"
}

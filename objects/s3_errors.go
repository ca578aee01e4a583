package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// s3Error is an error of a request with a text of our own: the SDK's may show URLs and what the server repeats of the
// request.
type s3Error struct {
	text  string
	kind  error // one of the Store's errors, or nil
	cause error
}

func (e *s3Error) Error() string { return e.text }

func (e *s3Error) Unwrap() []error {
	if e.kind == nil {
		return []error{e.cause}
	}
	return []error{e.kind, e.cause}
}

// code is the S3 error code of an answer, or "".
func code(err error) string {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// status is the HTTP status of an answer that was an error, or 0.
func status(err error) int {
	if response := (*awshttp.ResponseError)(nil); errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// kinds gives error codes of Amazon and of other servers their meaning.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
var kinds = map[string]error{
	"NoSuchKey": ErrNotFound, "NotFound": ErrNotFound,
	"AccessDenied": ErrDenied, "InvalidAccessKeyId": ErrDenied, "SignatureDoesNotMatch": ErrDenied,
	"ExpiredToken": ErrDenied, "InvalidToken": ErrDenied, "AllAccessDisabled": ErrDenied, "AccountProblem": ErrDenied,
	"XAdminUserNotFound": ErrDenied,
	"QuotaExceeded":      ErrFull, "InsufficientStorage": ErrFull, "EntityTooLargeForQuota": ErrFull,
	"InsufficientCapacity": ErrFull, "XMinioStorageFull": ErrFull, "XMinioAdminBucketQuotaExceeded": ErrFull,
	"XRGWQuotaExceeded": ErrFull, "DiskFull": ErrFull,
}

func kindOf(err error) error {
	if kind := kinds[code(err)]; kind != nil {
		return kind
	}
	switch status(err) {
	case 0:
	case http.StatusForbidden, http.StatusUnauthorized:
		return ErrDenied
	case http.StatusNotFound:
		if code(err) != "NoSuchBucket" && code(err) != "NoSuchUpload" {
			return ErrNotFound
		}
		return nil
	case http.StatusInsufficientStorage:
		return ErrFull
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return ErrUnreachable
	default:
		return nil
	}
	var network net.Error
	switch {
	case errors.As(err, &network), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF):
		return ErrUnreachable
	case strings.Contains(err.Error(), "get identity:"):
		return ErrDenied
	}
	return nil
}

// fault gives an error of the SDK its meaning in the contract, and a text that is fit for everyone.
func (s *S3) fault(doing, key string, err error) error {
	if err == nil {
		return nil
	}
	if code(err) == "NoSuchBucket" {
		return s.noBucket(err)
	}
	e := &s3Error{cause: err}
	what := ""
	switch {
	case errors.Is(err, context.Canceled):
		what = context.Canceled.Error()
	case errors.Is(err, context.DeadlineExceeded):
		what = context.DeadlineExceeded.Error()
	default:
		e.kind = kindOf(err)
		what = s.describe(err)
	}
	e.text = fmt.Sprintf("objects: %s %q in %s at %s: %s", doing, key, s, s.place, what)
	if e.kind != nil {
		e.text = fmt.Sprintf("%s (%s %q in %s at %s: %s)", e.kind, doing, key, s, s.place, what)
	}
	return e
}

func (s *S3) noBucket(err error) error {
	return &s3Error{
		text:  fmt.Sprintf("objects: the bucket %q does not exist at %s", s.bucket, s.place),
		cause: err,
	}
}

// describe says what went wrong, without the request.
func (s *S3) describe(err error) string {
	text := ""
	var api smithy.APIError
	var network *net.OpError
	switch {
	case errors.As(err, &api):
		text = strings.TrimSuffix(api.ErrorCode()+": "+api.ErrorMessage(), ": ")
		if response := (*awshttp.ResponseError)(nil); errors.As(err, &response) {
			text += fmt.Sprintf(" (HTTP %d, request %s)", response.HTTPStatusCode(), response.RequestID)
		}
	case errors.As(err, &network):
		text = network.Error()
	case strings.Contains(err.Error(), "get identity:"):
		text = "no credentials were found: set access_key and secret_key, or give the machine a role"
	default:
		inner := err
		for next := errors.Unwrap(inner); next != nil; next = errors.Unwrap(inner) {
			inner = next
		}
		text = inner.Error()
	}
	for _, secret := range s.secrets {
		text = strings.ReplaceAll(text, secret, "•••")
	}
	return text
}

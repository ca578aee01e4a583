package objects

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxKey is the longest key in bytes that S3 takes, with the store's prefix.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
const maxKey = 1024

// checkKey refuses keys that could leave the store or that not every store can hold.
func checkKey(key string) error {
	fault := ""
	switch {
	case key == "":
		fault = "is empty"
	case len(key) > maxKey:
		fault = fmt.Sprintf("is longer than %d bytes", maxKey)
	case !utf8.ValidString(key):
		fault = "is not UTF-8"
	case strings.ContainsFunc(key, unicode.IsControl):
		fault = "has a control character"
	case strings.Contains(key, `\`):
		fault = "has a backslash"
	}
	for part := range strings.SplitSeq(key, "/") {
		if fault == "" && (part == "" || part == "." || part == "..") {
			fault = "has an empty part, . or .."
		}
	}
	if fault != "" {
		return fmt.Errorf("objects: the key %q %s", key, fault)
	}
	return nil
}

package jobs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// ApprovalCode is what a person who holds key says to approve the plan with that hash, when there is no chat to press
// a button in: the first 60 bits of HMAC-SHA256(key, "opsbot approval " + hash) in base32, in groups of four. It fits
// no other plan, and the key itself is never told to anybody.
func ApprovalCode(key, hash string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("opsbot approval " + hash))
	text := base32.StdEncoding.EncodeToString(mac.Sum(nil))
	return text[:4] + "-" + text[4:8] + "-" + text[8:12]
}

// SameCode compares a typed code with a true one, without regard to case, spaces and hyphens, in constant time.
func SameCode(typed, code string) bool {
	bare := func(s string) []byte {
		return []byte(strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(strings.TrimSpace(s))))
	}
	return hmac.Equal(bare(typed), bare(code))
}

package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Plan is what a destructive run will do, as a plain value: shown, approved by its hash, used once, and compared with
// reality just before it is carried out.
type Plan struct {
	// Title says what will be done, in mrkdwn.
	Title string `json:"title"`
	// Facts are the numbers that approvers see; Losses say what will be gone afterwards.
	Facts  []chat.Field `json:"facts"`
	Losses []string     `json:"losses,omitempty"`
	// Basis is what must still be true when the run begins, as the kind's own JSON type.
	Basis json.RawMessage `json:"basis"`
	// Expires ends the time in which the plan can be approved.
	Expires time.Time `json:"expires"`
	// Needs is the number of approvals by others than the requester. Confirm, when it is not "", is what the requester
	// must type besides; with 0 approvals it has to be set.
	Needs   int    `json:"needs"`
	Confirm string `json:"confirm,omitempty"`
	// Args repeats the run's arguments, so that the hash binds them.
	Args json.RawMessage `json:"args"`
	// Hash binds the approvals to all of the above. Confirmed is when the requester typed Confirm.
	Hash      string     `json:"hash"`
	Confirmed *Approval  `json:"confirmed,omitempty"`
	Approvals []Approval `json:"approvals,omitempty"`
}

// Approval is one person's yes to the plan with that hash.
type Approval struct {
	By   chat.User `json:"by"`
	At   time.Time `json:"at"`
	Hash string    `json:"hash"`
}

// Seal sets the hash: SHA-256, in hex, over the plan's JSON without hash and approvals.
func (p *Plan) Seal() error {
	hash, err := p.digest()
	p.Hash = hash
	return err
}

// Typed says that the requester has typed what must be typed, if anything must.
func (p *Plan) Typed() bool {
	return p.Confirm == "" || p.Confirmed != nil && p.Confirmed.Hash == p.Hash
}

// decided says that the plan has all that it needs to be carried out.
func (p *Plan) decided() bool { return p.Typed() && len(p.Approvals) >= p.Needs }

// Intact says that the plan is still the one that was sealed.
func (p *Plan) Intact() bool {
	hash, err := p.digest()
	return err == nil && hash == p.Hash
}

func (p *Plan) digest() (string, error) {
	bare := *p
	bare.Hash, bare.Approvals, bare.Confirmed = "", nil, nil
	text, err := json.Marshal(bare)
	if err != nil {
		return "", fmt.Errorf("jobs: hash the plan: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

package slack

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// RecordVariable is the environment variable behind Options.Record.
const RecordVariable = "SANDBOX_SLACK_RECORD"

// recorder writes down what apps send and the server accepts, without tokens, for whoever holds it to Slack's own types.
// Each line of its file is one {"method": …, "params": …}; what was written before is not written again.
type recorder struct {
	file *os.File
	seen map[[sha256.Size]byte]bool
}

// newRecorder makes a file in the folder, named after the program that runs. It answers nil without a folder.
func newRecorder(folder string) (*recorder, error) {
	if folder == "" {
		return nil, nil
	}
	file, err := os.CreateTemp(folder, filepath.Base(os.Args[0])+"-*.jsonl")
	if err != nil {
		return nil, fmt.Errorf("record what is sent: %w", err)
	}
	return &recorder{file: file, seen: map[[sha256.Size]byte]bool{}}, nil
}

// recordCall records an accepted call.
func (s *Server) recordCall(c Call) {
	if c.Status == http.StatusOK && c.Error == "" && (c.Token == tokenNames[tokenBot] || c.Method == "response_url") {
		s.record(c.Method, c.Params)
	}
}

// recordAck records what an app answers with the acknowledgement of a kind of envelope, which decides what it may answer.
func (s *Server) recordAck(kind string, payload json.RawMessage) {
	if len(payload) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record("acknowledgement of "+kind, payload)
}

// record writes one line. A recorder that cannot write stops the program: a check of half of what was sent says nothing.
func (s *Server) record(method string, params any) {
	r := s.recorder
	if r == nil {
		return
	}
	line, err := json.Marshal(map[string]any{"method": method, "params": params})
	if err != nil {
		panic(fmt.Sprintf("slack sandbox: record a call: %v", err))
	}
	sum := sha256.Sum256(line)
	if r.seen[sum] {
		return
	}
	r.seen[sum] = true
	if _, err := r.file.Write(append(line, '\n')); err != nil {
		panic(fmt.Sprintf("slack sandbox: record a call: %v", err))
	}
}

func (r *recorder) close() error {
	if r == nil {
		return nil
	}
	return r.file.Close()
}

package slack

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// serveUpload takes the bytes of a file, as a form with one file or as the body itself.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	seen := Call{Method: "upload", Token: "none", Params: object{"file": id}, Time: s.now(), Status: http.StatusOK}
	trouble := s.faults.take("upload")
	var err error
	if trouble == nil || trouble.Perform {
		err = s.upload(id, r)
	}
	answer, status := object{}, http.StatusOK
	if trouble != nil {
		answer, status = trouble.spoil(r.Context(), s.ctx, answer)
	}
	if err != nil {
		seen.Error, status = err.Error(), http.StatusBadRequest
	}
	seen.Status = status
	s.mu.Lock()
	s.logCall(seen, answer)
	s.mu.Unlock()
	switch {
	case status != http.StatusOK && err == nil:
		respond(w, status, trouble, answer)
	case err != nil:
		http.Error(w, err.Error(), status)
	default:
		fmt.Fprintf(w, "OK - %d", r.ContentLength)
	}
}

func (s *Server) upload(id string, r *http.Request) error {
	r.Body = http.MaxBytesReader(nil, r.Body, maxFile+1<<20)
	var body io.Reader = r.Body
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" { // else it is raw
		part, _, err := r.FormFile("file")
		if err != nil {
			return fmt.Errorf("read the form: %w", err)
		}
		defer part.Close()
		body = part
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	switch {
	case f == nil || f.uploaded:
		return fmt.Errorf("the upload URL is unknown or used")
	case len(data) != f.expected:
		return fmt.Errorf("%d bytes were announced, %d came", f.expected, len(data))
	}
	f.Content, f.uploaded = data, true
	return nil
}

// serveDownload answers url_private to those who show a bot token that may read the file. Everybody else is sent to a
// page to sign in, with a status of success at its end: what a client that forgot its token saves is HTML.
// https://docs.slack.dev/reference/objects/file-object
func (s *Server) serveDownload(w http.ResponseWriter, r *http.Request) {
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	_, id, _ := strings.Cut(r.PathValue("id"), "-")
	c := &call{name: "download", token: tokenNone}
	seen := Call{Method: c.name, Params: object{"file": id}, Time: s.now(), Status: http.StatusFound}
	trouble, status := s.faults.take(c.name), http.StatusOK
	if trouble != nil {
		_, status = trouble.spoil(r.Context(), s.ctx, nil)
	}
	s.mu.Lock()
	f := s.files[id]
	known := s.identify(c, bearer)
	allowed := known && c.token == tokenBot && f != nil && f.uploaded && !f.deleted && s.seesFile(c.app, f) &&
		s.uses(c.app, c.name, "files:read")
	seen.Token = tokenNames[c.token]
	if !known {
		seen.Token = "unknown"
	}
	if allowed {
		seen.Status = http.StatusOK
	}
	if status != http.StatusOK {
		seen.Status = status
	}
	s.logCall(seen, nil)
	s.mu.Unlock()
	if status != http.StatusOK {
		respond(w, seen.Status, trouble, object{})
		return
	}
	if !allowed {
		http.Redirect(w, r, s.URL()+"/?redir="+r.URL.Path, http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", f.MimeType)
	_, _ = w.Write(f.Content) // a client that has gone away needs no answer
}

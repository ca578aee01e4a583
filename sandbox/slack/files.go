package slack

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// maxFile bounds an upload; Slack takes 1 GB, a workspace in memory less.
const maxFile = 64 << 20

// File is a file as it was shared.
type File struct {
	ID, Name, Title, MimeType string
	// URL is url_private: it wants a bot token.
	URL     string
	Content []byte
}

type file struct {
	File
	owner    string
	expected int // bytes, as announced
	uploaded bool
	shared   []string // channels
	created  time.Time
}

func filesGetUploadURL(s *Server, c *call) (object, error) {
	length, err := strconv.Atoi(c.str("length"))
	name := path.Base(c.str("filename"))
	switch {
	case c.str("filename") == "":
		return nil, fault("invalid_arguments", "missing required field: filename [json-pointer:]")
	case err != nil || length <= 0:
		return nil, fault("invalid_arguments", "missing required field: length [json-pointer:]")
	case length > maxFile:
		return nil, fault("file_upload_size_restricted")
	}
	f := &file{owner: c.app.UserID, expected: length, created: s.now()}
	f.ID, f.Name, f.Title = s.newID("F"), name, name
	f.MimeType, _, _ = mime.ParseMediaType(mime.TypeByExtension(path.Ext(name))) // an unknown one is set below
	if f.MimeType == "" {
		f.MimeType = "application/octet-stream"
	}
	f.URL = s.URL() + "/files-pri/" + s.teamID + "-" + f.ID + "/" + strings.ReplaceAll(name, " ", "_")
	s.files[f.ID] = f
	return object{"file_id": f.ID, "upload_url": s.URL() + "/upload/v1/" + f.ID}, nil
}

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

func filesCompleteUpload(s *Server, c *call) (object, error) {
	list, present, err := c.array("files")
	if err != nil || !present || len(list) == 0 {
		return nil, fault("invalid_arguments", "missing required field: files [json-pointer:]")
	}
	var files []*file
	for _, one := range list {
		o, _ := one.(object) // what is no object names no file
		f := s.files[text(o["id"])]
		switch {
		case f == nil:
			return nil, fault("file_not_found")
		case !f.uploaded:
			return nil, fault("file_update_failed")
		}
		if t := text(o["title"]); t != "" {
			f.Title = t
		}
		files = append(files, f)
	}
	targets := c.list("channels")
	if id := c.str("channel_id"); id != "" {
		targets = append(targets, id)
	}
	for _, id := range targets {
		if err := s.share(c, id, files); err != nil {
			return nil, err
		}
	}
	objects := make([]any, len(files))
	for i, f := range files {
		objects[i] = s.fileObject(f)
	}
	return object{"files": objects}, nil
}

// share posts files in a channel.
func (s *Server) share(c *call, channelID string, files []*file) error {
	ch, err := s.visible(c.app, channelID)
	switch {
	case err != nil:
		return err
	case ch.archived:
		return fault("is_archived")
	case !ch.has(c.app.UserID):
		return fault("not_in_channel")
	}
	thread, err := c.thread(ch)
	if err != nil {
		return err
	}
	for _, f := range files {
		f.shared = append(f.shared, ch.id)
	}
	m := s.addMessage(ch, &message{user: c.app.UserID, app: c.app, subtype: "file_share", text: c.str("initial_comment"),
		files: files, thread: thread})
	s.emitMessage(ch, m)
	for _, f := range files {
		s.emitChannel(ch, "file_shared", object{"file_id": f.ID, "user_id": f.owner, "channel_id": ch.id, "file": object{"id": f.ID}})
	}
	return nil
}

func filesInfo(s *Server, c *call) (object, error) {
	f := s.files[c.str("file")]
	if f == nil || !f.uploaded {
		return nil, fault("file_not_found")
	}
	return object{"file": s.fileObject(f), "comments": []any{}, "response_metadata": object{"next_cursor": ""}}, nil
}

func (s *Server) fileObject(f *file) object {
	kind := strings.TrimPrefix(path.Ext(f.Name), ".")
	if kind == "" {
		kind = "binary"
	}
	return object{
		"id": f.ID, "created": f.created.Unix(), "timestamp": f.created.Unix(), "name": f.Name, "title": f.Title,
		"mimetype": f.MimeType, "filetype": kind, "pretty_type": strings.ToUpper(kind), "user": f.owner, "user_team": s.teamID,
		"size": len(f.Content), "mode": "hosted", "editable": false, "is_external": false, "external_type": "", "is_public": true,
		"public_url_shared": false, "display_as_bot": false, "username": "", "url_private": f.URL,
		"url_private_download": f.URL, "permalink": s.URL() + "/page/file/" + f.ID,
		"channels": append([]string{}, f.shared...), "groups": []any{}, "ims": []any{}, "file_access": "visible",
	}
}

// serveDownload answers url_private to those who show a bot token.
func (s *Server) serveDownload(w http.ResponseWriter, r *http.Request) {
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	_, id, _ := strings.Cut(r.PathValue("id"), "-")
	c := &call{name: "download"}
	s.mu.Lock()
	allowed := bearer != "" && s.identify(c, bearer) && c.token == tokenBot && c.app.may("files:read")
	f := s.files[id]
	s.mu.Unlock()
	switch {
	case !allowed:
		http.Error(w, "a bot token with files:read is needed", http.StatusForbidden)
	case f == nil || !f.uploaded:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", f.MimeType)
		_, _ = w.Write(f.Content) // a client that has gone away needs no answer
	}
}

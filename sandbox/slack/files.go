package slack

import (
	"cmp"
	"mime"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxAlt is in characters. https://docs.slack.dev/reference/methods/files.getUploadURLExternal
const maxAlt = 1_000

// maxFile bounds an upload; Slack takes 1 GB, a workspace in memory less.
const maxFile = 64 << 20

// File is a file as it was shared.
type File struct {
	ID, Name, Title, MimeType string
	// Alt says what a picture shows.
	Alt string
	// URL is url_private: it wants a bot token.
	URL     string
	Content []byte
}

type file struct {
	File
	owner    string
	expected int // bytes, as announced
	uploaded bool
	deleted  bool
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
	case utf8.RuneCountInString(c.str("alt_txt")) > maxAlt:
		return nil, fault("alt_txt_too_large")
	}
	f := &file{owner: c.app.UserID, expected: length, created: s.now()}
	f.ID, f.Name, f.Title, f.Alt = s.newID("F"), name, name, c.str("alt_txt")
	f.MimeType, _, _ = mime.ParseMediaType(mime.TypeByExtension(path.Ext(name))) // an unknown one is set below
	if f.MimeType == "" {
		f.MimeType = "application/octet-stream"
	}
	f.URL = s.URL() + "/files-pri/" + s.teamID + "-" + f.ID + "/" + strings.ReplaceAll(name, " ", "_")
	s.files[f.ID] = f
	return object{"file_id": f.ID, "upload_url": s.URL() + "/upload/v1/" + f.ID}, nil
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
		case f == nil || f.deleted || f.owner != c.app.UserID:
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

// file finds a file that an app may see: its own, and what is shared where it is a member.
func (s *Server) file(c *call) (*file, error) {
	f := s.files[c.str("file")]
	switch {
	case f == nil || !f.uploaded || !s.seesFile(c.app, f):
		return nil, fault("file_not_found")
	case f.deleted:
		return nil, fault("file_deleted")
	}
	return f, nil
}

func (s *Server) seesFile(a *app, f *file) bool {
	return f.owner == a.UserID || slices.ContainsFunc(f.shared, func(id string) bool { return s.channels[id].has(a.UserID) })
}

func filesInfo(s *Server, c *call) (object, error) {
	f, err := s.file(c)
	if err != nil {
		return nil, err
	}
	return object{"file": s.fileObject(f), "comments": []any{}}, nil
}

// filesList answers a page of the files that an app may see, the newest first.
func filesList(s *Server, c *call) (object, error) {
	var found []*file
	for _, f := range s.files {
		created := strconv.FormatInt(f.created.Unix(), 10)
		from, to := c.str("ts_from"), c.str("ts_to")
		if !f.uploaded || f.deleted || !s.seesFile(c.app, f) ||
			c.str("user") != "" && f.owner != c.str("user") ||
			c.str("channel") != "" && !slices.Contains(f.shared, c.str("channel")) ||
			from != "" && !after(created, from, true) || to != "" && to != "now" && !after(to, created, true) {
			continue
		}
		found = append(found, f)
	}
	slices.SortFunc(found, func(a, b *file) int {
		return cmp.Or(b.created.Compare(a.created), strings.Compare(a.ID, b.ID))
	})
	count, number := 100, 1
	for name, value := range map[string]*int{"count": &count, "page": &number} {
		if n, err := strconv.Atoi(c.str(name)); err == nil && n > 0 {
			*value = n
		}
	}
	from := min((number-1)*count, len(found))
	objects := []any{}
	for _, f := range found[from:min(from+count, len(found))] {
		objects = append(objects, s.fileObject(f))
	}
	return object{"files": objects, "paging": object{"count": count, "total": len(found), "page": number,
		"pages": (len(found) + count - 1) / count}}, nil
}

func filesDelete(s *Server, c *call) (object, error) {
	f, err := s.file(c)
	switch {
	case err != nil:
		return nil, err
	case f.owner != c.app.UserID:
		return nil, fault("cant_delete_file")
	}
	f.deleted = true
	s.touch()
	return nil, nil
}

func (s *Server) fileObject(f *file) object {
	if f.deleted {
		return object{"id": f.ID, "mode": "tombstone"}
	}
	kind := strings.TrimPrefix(path.Ext(f.Name), ".")
	if kind == "" {
		kind = "binary"
	}
	o := object{
		"id": f.ID, "created": f.created.Unix(), "timestamp": f.created.Unix(), "name": f.Name, "title": f.Title,
		"mimetype": f.MimeType, "filetype": kind, "pretty_type": strings.ToUpper(kind), "user": f.owner, "user_team": s.teamID,
		"size": len(f.Content), "mode": "hosted", "editable": false, "is_external": false, "external_type": "", "is_public": true,
		"public_url_shared": false, "display_as_bot": false, "username": "", "url_private": f.URL,
		"url_private_download": f.URL, "permalink": s.URL() + "/page/file/" + f.ID,
		"channels": append([]string{}, f.shared...), "groups": []any{}, "ims": []any{}, "file_access": "visible",
	}
	if f.Alt != "" {
		o["alt_txt"] = f.Alt
	}
	return o
}

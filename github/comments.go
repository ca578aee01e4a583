package github

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/go-github/v57/github"
)

// Update brings an issue that File has filed up to date with its body, without overwriting what people have edited
// (Merge says how); kept are the sections that are left to them. What is too long for the issue goes on in comments of
// the same mark, each written once, and those that are needed no more are taken away. Where nothing is to be changed,
// nothing is written, so that it may be called as often as one likes.
func (r *Repo) Update(ctx context.Context, number int, mark string, body Body) (kept []string, err error) {
	issue, err := r.Read(ctx, number)
	if err != nil {
		return nil, err
	}
	parts, merged, kept, err := fit(issue.Body, body)
	if err != nil {
		return nil, err
	}
	if merged != issue.Body {
		err = r.write(ctx, func(ctx context.Context) error {
			_, _, err := r.client.Issues.Edit(ctx, r.owner, r.name, number, &github.IssueRequest{Body: &merged})
			return err
		})
		if err != nil {
			return nil, fault("change an issue of", err)
		}
	}
	if len(parts) == 1 && issue.comments == 0 {
		return kept, nil
	}
	more, err := r.goOn(ctx, number, mark, parts[1:])
	return append(kept, more...), err
}

// fit merges the first part of a body into what is there. What people have added may make it too long: then less of the
// body goes there.
func fit(current string, body Body) (parts []Body, merged string, kept []string, err error) {
	for limit := BodyLimit; limit >= BodyLimit/8; {
		parts = Split(body, limit)
		merged, kept = Merge(current, parts[0])
		over := utf8.RuneCountInString(merged) - MaxBody
		if over <= 0 || merged == current {
			return parts, merged, kept, nil
		}
		limit -= max(over, BodyLimit/16)
	}
	return nil, "", nil, &refusal{what: "On GitHub so much was added to the issue by hand that there is no room for what opsbot has to say",
		todo: "Shorten what was added there."}
}

// partNote marks a comment as the continuation of an issue; the issue itself is part 1.
func partNote(mark string, part int) string {
	return note(fmt.Sprintf("opsbot:part %s %d", mark, part))
}

// goOn writes the parts of a body that follow the first into comments.
func (r *Repo) goOn(ctx context.Context, number int, mark string, parts []Body) (kept []string, err error) {
	comments, err := r.ownComments(ctx, number, mark)
	if err != nil {
		return nil, err
	}
	written := make([]bool, len(parts))
	for _, c := range comments {
		part := c.part - 2
		if part < 0 || part >= len(parts) || written[part] {
			if err := r.empty(ctx, c, mark); err != nil {
				return nil, err
			}
			continue
		}
		written[part] = true
		merged, left := Merge(c.body, parts[part])
		kept = append(kept, left...)
		if err := r.rewrite(ctx, c, merged); err != nil {
			return nil, err
		}
	}
	for i, part := range parts {
		if written[i] {
			continue
		}
		body := partNote(mark, i+2) + "\n" + part.String()
		err := r.write(ctx, func(ctx context.Context) error {
			_, _, err := r.client.Issues.CreateComment(ctx, r.owner, r.name, number, &github.IssueComment{Body: &body})
			return err
		})
		if err != nil {
			return nil, fault("comment on an issue of", err)
		}
	}
	return kept, nil
}

// comment is one that opsbot has written.
type comment struct {
	id   int64
	part int
	body string
}

// ownComments lists the comments that carry a mark and are of the token's own user, the oldest first.
// https://docs.github.com/en/rest/issues/comments#list-issue-comments
func (r *Repo) ownComments(ctx context.Context, number int, mark string) (own []comment, err error) {
	author, err := r.who(ctx)
	if err != nil {
		return nil, err
	}
	err = r.pages(ctx, mostPages, func(ctx context.Context, page github.ListOptions) (*github.Response, error) {
		found, answer, err := r.client.Issues.ListComments(ctx, r.owner, r.name, number, &github.IssueListCommentsOptions{ListOptions: page})
		for _, c := range found {
			part, ok := partOf(c.GetBody(), mark)
			if ok && (author == "" || strings.EqualFold(author, c.GetUser().GetLogin())) {
				own = append(own, comment{c.GetID(), part, c.GetBody()})
			}
		}
		return answer, err
	})
	if err != nil {
		return nil, fault("list the comments on an issue of", err)
	}
	return own, nil
}

// partOf reads the note that a comment begins with.
func partOf(body, mark string) (part int, ok bool) {
	first, _, _ := strings.Cut(body, "\n")
	words := strings.Fields(first)
	if len(words) != 5 {
		return 0, false
	}
	part, err := strconv.Atoi(words[3])
	return part, err == nil && strings.TrimSpace(first) == partNote(mark, part)
}

func (r *Repo) rewrite(ctx context.Context, c comment, body string) error {
	if body == c.body {
		return nil
	}
	err := r.write(ctx, func(ctx context.Context) error {
		_, _, err := r.client.Issues.EditComment(ctx, r.owner, r.name, c.id, &github.IssueComment{Body: &body})
		return err
	})
	if err != nil {
		return fault("change a comment on an issue of", err)
	}
	return nil
}

// empty takes what opsbot wrote out of a comment, and the comment away unless somebody has written in it.
func (r *Repo) empty(ctx context.Context, c comment, mark string) error {
	left, _ := Merge(c.body, nil)
	if strings.TrimSpace(strings.Replace(indexNote.ReplaceAllString(left, ""), partNote(mark, c.part), "", 1)) != "" {
		return r.rewrite(ctx, c, left)
	}
	err := r.write(ctx, func(ctx context.Context) error {
		_, err := r.client.Issues.DeleteComment(ctx, r.owner, r.name, c.id)
		return err
	})
	if err != nil && Status(err) != http.StatusNotFound {
		return fault("take a comment away from an issue of", err)
	}
	return nil
}

package github

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-github/v57/github"
)

// Label is one that an issue is to have. The colour and the description are used when it must be made.
type Label struct {
	Name string
	// Color is six hex digits, such as "d73a4a"; "" is grey.
	Color string
	// Description is of at most 100 characters. https://docs.github.com/en/rest/issues/labels#create-a-label
	Description string
}

// Labels lists the names of the repository's labels, at most the first thousand.
func (r *Repo) Labels(ctx context.Context) ([]string, error) {
	var names []string
	err := r.pages(ctx, 10, func(ctx context.Context, page github.ListOptions) (*github.Response, error) {
		labels, answer, err := r.client.Issues.ListLabels(ctx, r.owner, r.name, &page)
		for _, label := range labels {
			names = append(names, label.GetName())
		}
		return answer, err
	})
	if err != nil {
		return nil, fault("list the labels of", err)
	}
	return names, nil
}

// pages asks for one page of a list after the other, at most so many, while there is more.
func (r *Repo) pages(ctx context.Context, most int, get func(context.Context, github.ListOptions) (*github.Response, error)) error {
	for page := 1; page != 0 && page <= most; {
		err := r.ask(ctx, func(ctx context.Context) error {
			answer, err := get(ctx, github.ListOptions{Page: page, PerPage: 100})
			if err == nil {
				page = answer.NextPage
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ensure makes the labels that are missing, and answers the names of those that are there now. Without are those that
// GitHub does not let it make.
func (r *Repo) ensure(ctx context.Context, labels []Label) (there, without []string, err error) {
	missing := func(l Label) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return !r.labels[strings.ToLower(l.Name)]
	}
	if slices.ContainsFunc(labels, missing) {
		names, err := r.Labels(ctx)
		if err != nil {
			return nil, nil, err
		}
		r.seen(names...)
	}
	for _, l := range labels {
		if missing(l) {
			switch made, err := r.makeLabel(ctx, l); {
			case err != nil:
				return nil, nil, err
			case !made:
				without = append(without, l.Name)
				continue
			}
			r.seen(l.Name)
		}
		there = append(there, l.Name)
	}
	return there, without, nil
}

func (r *Repo) seen(names ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names {
		r.labels[strings.ToLower(name)] = true
	}
}

// makeLabel answers false when GitHub refuses.
func (r *Repo) makeLabel(ctx context.Context, l Label) (made bool, err error) {
	label := &github.Label{Name: &l.Name}
	if l.Color != "" {
		label.Color = &l.Color
	}
	if l.Description != "" {
		label.Description = &l.Description
	}
	err = r.write(ctx, func(ctx context.Context) error {
		_, _, err := r.client.Issues.CreateLabel(ctx, r.owner, r.name, label)
		return err
	})
	switch status := Status(err); {
	case err == nil:
		return true, nil
	case status == http.StatusUnprocessableEntity && strings.Contains(Reason(err), "already exists"):
		return true, nil // somebody else was faster
	case status == http.StatusForbidden, status == http.StatusNotFound, status == http.StatusUnprocessableEntity:
		return false, nil
	}
	return false, fault("make a label in", err)
}

package github

import (
	"fmt"
	"io"
	"net/http"
)

// mostRedirects are followed for one request.
const mostRedirects = 3

// redirects is a transport that follows a repository that was renamed or an issue that was moved, with the same method
// and body: net/http makes a GET of a POST, and go-github would send the token anywhere.
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
type redirects struct{ base http.RoundTripper }

func (r *redirects) RoundTrip(req *http.Request) (*http.Response, error) {
	for followed := 0; ; followed++ {
		answer, err := r.base.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		switch answer.StatusCode {
		case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		default:
			return answer, nil
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can be used again
		answer.Body.Close()
		to, err := answer.Location()
		switch {
		case err != nil:
			return nil, &refusal{what: "GitHub has moved it, and does not say where to"}
		case to.Scheme != req.URL.Scheme || to.Host != req.URL.Host:
			return nil, &refusal{what: fmt.Sprintf("GitHub has moved it to another server, %s", to.Host), todo: "Mend `github.api_url`."}
		case followed == mostRedirects:
			return nil, &refusal{what: "GitHub leads from one address to the next", todo: "Mend `github.repo`."}
		}
		next := req.Clone(req.Context())
		next.URL, next.Host = to, ""
		if req.Body != nil && req.GetBody != nil {
			if next.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
		req = next
	}
}

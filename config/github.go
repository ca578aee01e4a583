package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// What GitHub lets be the name of an owner and of a repository, and how long a label may be in characters.
var repository = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}$`)

const longestLabel = 50

func (r *reader) checkGitHub(g *GitHub) {
	if g == nil {
		return
	}
	switch {
	case g.Repo == "":
		r.missing("github.repo", "write owner/name")
	case !repository.MatchString(g.Repo):
		r.fault("github.repo", quote(g.Repo)+" is no repository", "write owner/name, without the address of the server")
	}
	switch token := g.Token.Reveal(); {
	case token == "":
		r.missing("github.token", "make one under Settings, Developer settings, Personal access tokens")
	case strings.ContainsAny(token, " \t\r\n"):
		r.fault("github.token", "there is white space in the token", "")
	}
	if !r.given("github.api_url") {
		g.APIURL = "https://api.github.com/"
	}
	if !isWeb(g.APIURL) {
		r.fault("github.api_url", "this is no URL of a web server", "write https://api.github.com/, or leave it out")
	}
	g.APIURL = strings.TrimSuffix(g.APIURL, "/") + "/"
	for i, label := range g.Labels {
		if n := utf8.RuneCountInString(strings.TrimSpace(label)); n == 0 || n > longestLabel {
			r.fault(fmt.Sprintf("github.labels[%d]", i), quote(label)+" cannot be a label", fmt.Sprintf("use 1 to %d characters", longestLabel))
		}
	}
}

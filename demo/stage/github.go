package stage

import (
	"time"

	githubsandbox "github.com/kampyn/opsbot/sandbox/github"
)

// Repository is where post-mortems and action items are filed.
const Repository = "kampyn/backend"

// startGitHub sets up a GitHub with the team's repository: a pipeline that passes, some issues, and the token of the
// bot, which may do no more than it needs.
func (s *Stage) startGitHub() (err error) {
	if s.GitHub, err = githubsandbox.Start(githubsandbox.Options{Addr: s.options.GitHubAddr, Log: s.options.Log}); err != nil {
		return err
	}
	s.stops = append(s.stops, s.GitHub.Close)
	g := s.GitHub
	g.AddOrganization("kampyn", "KAMPYN")
	g.AddUser("anna", "Anna")
	g.AddUser("ben", "Ben")
	g.AddUser("chitra", "Chitra")
	g.AddUser("opsbot", "opsbot")
	g.AddRepo(githubsandbox.Repo{Owner: "kampyn", Name: "backend", Description: "The API of the campus food ordering", Private: true,
		Roles: map[string]githubsandbox.Role{"anna": githubsandbox.Admin, "ben": githubsandbox.Write, "chitra": githubsandbox.Read, "opsbot": githubsandbox.Write},
		Files: map[string]string{
			"README.md":                    "# backend\n\nOrders, payments and kitchens of the campus.\n\n- `GET /api/health` says whether it is well\n- `npm start` starts it\n",
			".github/workflows/ci.yml":     "name: CI\non: push\n",
			"docs/on-call.md":              "# On call\n\n1. Look at the alert.\n2. Say in #incidents that you are on it.\n3. Restore before you repair.\n",
			"package.json":                 "{\n  \"name\": \"backend\",\n  \"version\": \"2.14.0\"\n}\n",
			".github/workflows/deploy.yml": "name: Deploy\non: workflow_dispatch\n",
		}})
	g.Commit(Repository, "main", "ben", "Reserve tables for thirty minutes")
	g.AddRun(Repository, "main", "CI", "success")
	g.AddAlert(Repository, githubsandbox.Alert{Package: "cookie", Ecosystem: "npm", Manifest: "package-lock.json", Severity: "low",
		Summary: "cookie accepts names, paths and domains with characters out of bounds", GHSA: "GHSA-pxg6-pf52-xh8x", CVE: "CVE-2024-47764", Vulnerable: "< 0.7.0", Patched: "0.7.0"})
	g.AddMilestone(Repository, "Semester start", time.Now().AddDate(0, 1, 0))
	ben := g.Person("ben")
	if _, err = ben.Open(Repository, "Orders of guests show no number", "The receipt of a guest says *Order undefined*.\n\n- [x] reproduce it\n- [ ] mend the template", "bug"); err != nil {
		return err
	}
	_, err = g.Person("anna").Comment(Repository, 1, "Seen on two phones, @ben. Only for cash.")
	s.GitHubToken = g.AddToken(githubsandbox.Token{Name: "opsbot", User: "opsbot", Repos: []string{Repository}, Permissions: map[string]string{
		"issues": "write", "metadata": "read", "contents": "read", "actions": "read", "checks": "read", "statuses": "read", "vulnerability_alerts": "read"}})
	return err
}

package stage

import (
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
)

// health looks at the API, at what depends on it, and at a database; All looks at more, in the way of the first users.
func (s *Stage) health(every time.Duration) map[string]any {
	database := s.Databases[0].Name
	if slices.ContainsFunc(s.Databases, func(d Database) bool { return d.Name == "orders" }) {
		database = "orders"
	}
	answers := map[string]any{"url": s.Backend.URL() + "/api/health", "status": 200, "body": map[string]any{"status": "OK"}}
	api := map[string]any{"http": answers, "service": "api", "severity": "sev2"}
	checks := yaml.MapSlice{
		{Key: "api", Value: api},
		{Key: "admin", Value: map[string]any{"http": map[string]any{"url": s.Backend.URL() + "/admin/system/health"}, "depends_on": []string{"api"}}},
		{Key: database, Value: map[string]any{"mongodb": map[string]any{"database": database}}},
	}
	if s.options.All {
		answers["body"] = map[string]any{"status": "OK", "timestamp": map[string]string{"fresh": "2m"}}
		api["depends_on"] = []string{database}
		checks = append(checks,
			// Those who look around have five minutes to make the first backup.
			yaml.MapItem{Key: "backup-age", Value: map[string]any{
				"backup": map[string]any{"database": database, "younger_than": "26h"}, "every": "1m", "timeout": "10s", "fail_after": 5,
			}},
			yaml.MapItem{Key: "machine", Value: map[string]any{"machine": map[string]any{"memory": "98%", "disks": map[string]string{"/": "98%"}}, "every": "1m"}},
		)
	}
	far := time.Now().UTC().Add(12 * time.Hour).Hour() // so that no test runs into it
	return map[string]any{
		"every": every.String(), "jitter": "0s", "timeout": "2s", "tell": []string{s.OnCall}, "checks": checks,
		"maintenance": map[string]any{"daily": map[string]any{
			"when": fmt.Sprintf("0 %d * * *", far), "timezone": "UTC", "for": "30m", "checks": []string{database},
		}},
	}
}

// checklists are those of the handbook. Who is on call is asked, weekly also somebody without a role; All adds to the daily
// one what GitHub and opsbot itself know.
func (s *Stage) checklists() map[string]any {
	templates := map[string]any{"weekly": map[string]any{"asks": []string{s.OnCall, s.Chitra}}}
	if s.options.All {
		item := func(text, probe string, how map[string]any) map[string]any {
			return map[string]any{"text": text, "probe": map[string]any{probe: how}}
		}
		templates["daily"] = map[string]any{"items": []map[string]any{
			item("The system is healthy", "health", map[string]any{"over": "24h"}),
			item("Backups are verified", "backups", map[string]any{"younger_than": "26h"}),
			item("CI of the main branch is green", "ci", map[string]any{}),
			item("No critical alert of Dependabot is open", "alerts", map[string]any{"severity": "critical"}),
			item("No incident is open", "incidents", map[string]any{}),
			{"text": "Logs are reviewed"},
		}}
	}
	return map[string]any{"templates": templates}
}

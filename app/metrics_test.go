package app

import (
	"encoding/json"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

// known are the metrics that /metrics shows once they have a value, with their labels.
func known(t *testing.T) map[string][]string {
	t.Helper()
	a := &App{Now: time.Now, Log: slog.New(slog.DiscardHandler), metrics: newMetrics()}
	newVitals(a, nil, nil, nil, recorded(nil, nil, nil, nil)) // nobody asks for values here
	all, described := map[string][]string{}, make(chan *prometheus.Desc)
	go func() { defer close(described); a.metrics.registry.Describe(described) }()
	desc := regexp.MustCompile(`fqName: "([^"]+)".*constLabels: \{(.*?)\}, variableLabels: \{(.*?)\}`)
	for d := range described {
		parts := desc.FindStringSubmatch(d.String())
		require.NotNil(t, parts, d.String())
		labels := strings.FieldsFunc(parts[3], func(r rune) bool { return r == ',' })
		for _, constant := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(parts[2], -1) {
			labels = append(labels, constant[1])
		}
		all[parts[1]] = labels
	}
	require.Contains(t, all, "opsbot_runs_total")
	return all
}

var (
	named   = regexp.MustCompile(`\b(?:opsbot|go|process)_\w+`)
	grouped = regexp.MustCompile(`\bby \(([^)]*)\)`)
	matched = regexp.MustCompile(`(\w+)(?:=~|!~|!=|=)"`)
	written = regexp.MustCompile(`\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}`)
)

// checkQuery holds an expression, and the words about its result, to the metrics and labels that there are.
func checkQuery(t *testing.T, all map[string][]string, expr, words string) (names []string) {
	t.Helper()
	labels := []string{"instance", "job", "le"}
	for _, name := range named.FindAllString(expr, -1) {
		if _, ok := all[name]; !ok {
			name = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		}
		require.Contains(t, all, name, expr)
		labels, names = append(labels, all[name]...), append(names, name)
	}
	var used []string
	for _, by := range grouped.FindAllStringSubmatch(expr, -1) {
		used = append(used, strings.Split(by[1], ", ")...)
	}
	for _, m := range slices.Concat(matched.FindAllStringSubmatch(expr, -1), written.FindAllStringSubmatch(words, -1)) {
		used = append(used, m[1])
	}
	for _, label := range used {
		require.Contains(t, labels, label, "%s: %s", expr, words)
	}
	return names
}

// dashboard is what of Grafana's model the test reads.
type dashboard struct {
	SchemaVersion int
	Templating    struct {
		List []struct{ Name, Type, Query any }
	}
	Panels []struct {
		ID          int
		Type, Title string
		GridPos     struct{ H, W, X, Y int }
		Datasource  struct{ UID string }
		Targets     []struct {
			Expr, LegendFormat, RefID string
			Datasource                struct{ UID string }
		}
	}
}

func TestDashboardShowsMetricsThatThereAre(t *testing.T) {
	text, err := os.ReadFile("../docs/grafana-dashboard.json")
	require.NoError(t, err)
	var d dashboard
	require.NoError(t, json.Unmarshal(text, &d))
	require.GreaterOrEqual(t, d.SchemaVersion, 39)
	require.Equal(t, "datasource", d.Templating.List[0].Name)
	all, ids, shown := known(t), map[int]bool{}, map[string]bool{}
	taken := map[[2]int]string{}
	for _, p := range d.Panels {
		require.False(t, ids[p.ID], "%s: the id is another panel's", p.Title)
		ids[p.ID] = true
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				require.Empty(t, taken[at], "%s lies upon another panel", p.Title)
				require.Less(t, at[0], 24, p.Title)
				taken[at] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			require.Equal(t, "${datasource}", target.Datasource.UID, p.Title)
			names := checkQuery(t, all, target.Expr, target.LegendFormat)
			require.NotEmpty(t, names, p.Title)
			for _, name := range names {
				shown[name] = true
			}
		}
	}
	for name := range all {
		if strings.HasPrefix(name, "opsbot_") {
			require.True(t, shown[name], "%s is in no panel", name)
		}
	}
}

func TestAlertsAndDocsNameMetricsThatThereAre(t *testing.T) {
	all := known(t)
	rules, err := os.ReadFile("../docs/alerts.yaml")
	require.NoError(t, err)
	found := 0
	for _, rule := range strings.Split(string(rules), "- alert: ")[1:] {
		expr := regexp.MustCompile(`expr: (.*)`).FindStringSubmatch(rule)
		require.NotNil(t, expr, rule)
		found += len(checkQuery(t, all, expr[1], rule))
	}
	require.Positive(t, found)
	doc, err := os.ReadFile("../docs/metrics.md")
	require.NoError(t, err)
	rows := regexp.MustCompile("(?m)^\\| `(opsbot_\\w+)` \\| (.*?) \\|").FindAllStringSubmatch(string(doc), -1)
	explained := map[string]bool{}
	for _, row := range rows {
		require.Contains(t, all, row[1])
		explained[row[1]] = true
		for _, label := range all[row[1]] {
			require.Contains(t, row[2], "`"+label+"`", row[1])
		}
	}
	for name := range all {
		require.True(t, !strings.HasPrefix(name, "opsbot_") || explained[name], "%s is not explained", name)
	}
}

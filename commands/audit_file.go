package commands

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/events"
)

// WriteJSONLines writes each event as one line of JSON, with all of its fields.
func WriteJSONLines(to io.Writer, list []events.Event) error {
	w := json.NewEncoder(to)
	w.SetEscapeHTML(false)
	for _, e := range list {
		if err := w.Encode(e); err != nil {
			return fmt.Errorf("commands: write event %d: %w", e.Seq, err)
		}
	}
	return nil
}

// WriteCSV writes the events as a table with a heading.
func WriteCSV(to io.Writer, list []events.Event) error {
	w := csv.NewWriter(to)
	rows := [][]string{{"seq", "at", "who_id", "who", "what", "outcome", "on", "run", "channel", "asked", "text", "hash"}}
	for _, e := range list {
		rows = append(rows, []string{strconv.FormatInt(e.Seq, 10), e.At.Format(time.RFC3339Nano), e.Who.ID, inert(e.Who.Name), e.What, string(e.Outcome),
			inert(strings.Join(e.On, " ")), e.Run, e.Detail["channel"], inert(e.Detail["asked"]), inert(e.Text), e.Hash})
	}
	if err := w.WriteAll(rows); err != nil {
		return fmt.Errorf("commands: write events as CSV: %w", err)
	}
	return nil
}

// inert keeps a spreadsheet from taking a person's words for a formula.
// https://owasp.org/www-community/attacks/CSV_Injection
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

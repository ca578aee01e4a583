package jobs

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
)

// rowsShown keeps a certificate's card within one screen; the file beside it has every row.
const rowsShown = 15

func certificateNote(c backups.Certificate) string {
	var documents, bytes int64
	for _, row := range c.Rows {
		documents, bytes = documents+row.Found.Documents, bytes+row.Found.Bytes
	}
	return fmt.Sprintf("%s, %s: all equal", chat.Plural(documents, "document"), chat.Bytes(bytes))
}

func differing(c backups.Certificate) string {
	parts := []string{}
	if c.Failures > 0 {
		parts = append(parts, chat.Plural(c.Failures, "document")+" refused by the server")
	}
	for _, row := range c.Rows {
		if len(row.Differences) > 0 {
			parts = append(parts, chat.Literal(row.Expected.Name)+" ("+strings.Join(row.Differences, ", ")+")")
		}
		if len(parts) == 6 {
			parts = append(parts, "and others")
			break
		}
	}
	return strings.Join(parts, ", ") + "."
}

// details draws the certificate of a finished restore.
func (j *Restore) details(run Run) []chat.Part {
	if len(run.Result) == 0 {
		return nil
	}
	var c backups.Certificate
	if err := json.Unmarshal(run.Result, &c); err != nil {
		return []chat.Part{chat.Note("The certificate of this run cannot be read.")}
	}
	return CertificateParts(c)
}

// CertificateParts draws a certificate: the verdict, one line for each collection, the times.
func CertificateParts(c backups.Certificate) []chat.Part {
	verdict := "🟢 *Proven equal.* Every collection was read back and compared: documents, bytes, content digest, indexes, options."
	if !c.OK {
		verdict = "🔴 *Not equal.* " + differing(c)
	}
	parts := []chat.Part{chat.Text(verdict), certificateSheet(c)}
	for _, remark := range c.Remarks {
		parts = append(parts, chat.Note(chat.Escape(remark)))
	}
	return append(parts, chat.Note(fmt.Sprintf("Writing %s · indexes %s · reading back %s · whole restore %s · certificate %s",
		chat.Span(c.Writing), chat.Span(c.Indexing), chat.Span(c.Reading), chat.Span(c.Finished.Sub(c.Started)), chat.Literal(c.ID))))
}

// certificateSheet shows the first rows, and all that differ as far as there is room; the file has every row with all of
// its digest.
func certificateSheet(c backups.Certificate) chat.Sheet {
	width := len("collection")
	for _, row := range c.Rows {
		width = max(width, len([]rune(rowName(row))))
	}
	brief := []string{fmt.Sprintf("  %-24s %12s %8s  %-12s %s", "collection", "documents", "bytes", "digest", "indexes")}
	whole := []string{fmt.Sprintf("  %-*s %14s %8s  %-64s %s", width, "collection", "documents", "bytes", "digest", "indexes")}
	shown := 0
	for _, row := range c.Rows {
		documents, size, digest := chat.Count(row.Found.Documents), chat.Bytes(row.Found.Bytes), row.Found.Digest
		indexes, mark, differences := fmt.Sprint(len(row.Found.Indexes)), "=", strings.Join(row.Differences, ", ")
		if row.Expected.Type == "view" {
			documents, size, digest, indexes = "view", "", "", ""
		}
		if differences != "" { // the sign comes first, where a phone shows it
			mark, differences = "≠", " ≠ "+differences
		}
		whole = append(whole, strings.TrimRight(fmt.Sprintf("%s %-*s %14s %8s  %-64s %s%s", mark, width, rowName(row), documents, size, digest, indexes, differences), " "))
		if shown >= rowsShown && (len(row.Differences) == 0 || shown > 2*rowsShown) {
			continue
		}
		shown++
		brief = append(brief, strings.TrimRight(fmt.Sprintf("%s %-24s %12s %8s  %-12s %s%s", mark, cut(rowName(row), 24), documents, size,
			digest[:min(len(digest), 12)], indexes, differences), " "))
	}
	sheet := chat.Sheet{Name: "certificate-" + c.ID + ".txt", Shown: strings.Join(brief, "\n")}
	sheet.Whole = sheet.Shown
	if rest := len(c.Rows) - shown; rest > 0 {
		sheet.Shown += fmt.Sprintf("\n… and %d more", rest)
		sheet.Whole = strings.Join(whole, "\n") + "\n"
	}
	return sheet
}

// rowName is a collection's name on one line.
func rowName(row backups.Comparison) string {
	return strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(row.Expected.Name)
}

func (j *Restore) buttons(run Run) []chat.Button {
	args, err := parseArgs[restoreArgs](run)
	if err != nil || run.Status != Succeeded {
		return nil
	}
	return []chat.Button{{Action: "restore.drop", Value: sortedValues(args.Rename)[0], Label: "Drop it again…"}}
}

package incidents

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/kampyn/opsbot/chat"
)

// typed makes what a person typed safe inside mrkdwn, with its mentions.
func typed(s string) string { return chat.Spoken(s) }

// Quoted draws what a person typed as a quotation.
func Quoted(s string) string { return "> " + strings.ReplaceAll(typed(s), "\n", "\n> ") }

// unmarked is what a person typed where nothing is drawn, as in a header or a channel's name: mentions are only names.
func unmarked(s string) string {
	return token.ReplaceAllStringFunc(s, func(t string) string {
		parts := token.FindStringSubmatch(t)
		return strings.Replace(parts[1][:1], "!", "@", 1) + cmp.Or(parts[2], parts[1][1:])
	})
}

var token = regexp.MustCompile(`<([@#!][^<>|]*)(?:\|[@#]?([^<>|]*))?>`)

package chat

import "regexp"

// secret is what must not be written down when a command is: passwords in addresses, tokens, keys, password=….
var secret = regexp.MustCompile(`(?i)(://[^:/@\s]*:)[^@\s]+(@)` +
	`|((?:password|passwd|secret|token|api_?key|pwd)\s*[=:]\s*)\S+` +
	`|\b(?:xox[a-z]|xapp|gh[pousr]|github_pat)[-_][\w-]+|AGE-SECRET-KEY-\w+|\b(?:AKIA|ASIA)[A-Z0-9]{12,}`)

// Typed shows a word that a person has typed, as Literal does, but nothing that looks like a secret.
func Typed(word string) string { return Literal(Redact(word)) }

// Redact replaces what looks like a secret in words that are written down.
func Redact(s string) string { return secret.ReplaceAllString(s, "$1$3•••$2") }

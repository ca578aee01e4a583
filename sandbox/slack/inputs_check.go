package slack

import (
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// FormError is what a person sees below the inputs of a form that was not taken.
type FormError struct {
	// Fields are the messages by block_id.
	Fields map[string]string
}

func (e *FormError) Error() string {
	var parts []string
	for _, block := range sortedKeys(e.Fields) {
		parts = append(parts, block+": "+e.Fields[block])
	}
	return "the form was not taken: " + strings.Join(parts, "; ")
}

// longestInput is the most that a text input takes.
// https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
const longestInput = 3000

// complete does the checks of Slack's own client before a form is sent.
func complete(v *view) map[string]string {
	problems := map[string]string{}
	for _, f := range fieldsOf(v.blocks) {
		held := f.short(v.values)
		switch {
		case len(held) == 0 && !f.optional:
			problems[f.block] = "Please complete this required field."
		case len(held) == 1:
			if problem := f.unfit(held[0]); problem != "" {
				problems[f.block] = problem
			}
		}
	}
	return problems
}

// unfit says what is wrong with a text, or "".
func (f inputField) unfit(entered string) string {
	length := utf8.RuneCountInString(entered)
	switch f.kind {
	case "plain_text_input":
		if least, err := numberOf(f.element["min_length"]); err == nil && length < least {
			return fmt.Sprintf("Please use at least %d characters.", least)
		}
		most, err := numberOf(f.element["max_length"])
		if err != nil {
			most = longestInput
		}
		if length > most {
			return fmt.Sprintf("Please use at most %d characters.", most)
		}
	case "number_input":
		n, err := strconv.ParseFloat(entered, 64)
		decimal, _ := f.element["is_decimal_allowed"].(bool)
		if err != nil || !decimal && strings.Contains(entered, ".") {
			return "Please enter a valid number."
		}
		if least, err := strconv.ParseFloat(text(f.element["min_value"]), 64); err == nil && n < least {
			return fmt.Sprintf("Please enter a number that is at least %v.", least)
		}
		if most, err := strconv.ParseFloat(text(f.element["max_value"]), 64); err == nil && n > most {
			return fmt.Sprintf("Please enter a number that is at most %v.", most)
		}
	case "email_text_input":
		if _, err := mail.ParseAddress(entered); err != nil {
			return "Please enter a valid email address."
		}
	case "url_text_input":
		if u, err := url.Parse(entered); err != nil || u.Host == "" {
			return "Please enter a valid URL."
		}
	}
	return ""
}

func numberOf(v any) (int, error) { return strconv.Atoi(fmt.Sprint(v)) }

package chat

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Nearest returns the candidate that was most likely meant by word, whatever its case: the one with the smallest edit
// distance, if that is at most a third of its length (at least one, at most three edits) and leaves something of it; of
// equally near ones the first that begins with word. If none is near, it is the only one that begins with word (two
// letters or more), else "".
func Nearest(word string, candidates []string) string {
	word = strings.ToLower(word)
	if word == "" {
		return ""
	}
	best, bestDistance, bestBegins := "", 4, false
	var beginning []string
	for _, c := range candidates {
		lower := strings.ToLower(c)
		length, d, begins := utf8.RuneCountInString(lower), distance(word, lower), strings.HasPrefix(lower, word)
		nearer := d < bestDistance || d == bestDistance && begins && !bestBegins
		if nearer && d < length && d <= min(max(1, length/3), 3) {
			best, bestDistance, bestBegins = c, d, begins
		}
		if begins && utf8.RuneCountInString(word) >= 2 {
			beginning = append(beginning, c)
		}
	}
	if best == "" && len(beginning) == 1 {
		return beginning[0]
	}
	return best
}

// distance is the optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
// https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, previous, current := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(x); i++ {
		current[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return previous[len(y)]
}

// shownValid is how many valid words an answer lists before it says how many more there are.
const shownValid = 20

// Unknown is the answer to a word that means nothing here: it names the word, the nearest valid one or else the first
// twenty valid ones. What is the kind of thing ("command"); word comes from a person and is shown as a Literal.
func Unknown(what, word string, valid []string) *Problem {
	p := &Problem{Say: "I don't know the " + what + " " + Typed(word) + "."}
	if near := Nearest(word, valid); near != "" {
		p.Try = "Did you mean " + Literal(near) + "?"
		return p
	}
	var known []string
	for _, v := range valid[:min(len(valid), shownValid)] {
		known = append(known, Literal(v))
	}
	if more := len(valid) - len(known); more > 0 {
		known = append(known, fmt.Sprintf("and %d more", more))
	}
	if len(known) > 0 {
		p.Try = "Known: " + strings.Join(known, ", ") + "."
	}
	return p
}

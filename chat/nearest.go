package chat

import "strings"

// Nearest returns the candidate that was most likely meant by word: the one with the smallest edit distance, if that
// is at most a third of its length (at least one, at most three edits), or the only one that begins with word.
// It returns "" when nothing is near.
func Nearest(word string, candidates []string) string {
	word = strings.ToLower(word)
	best, bestDistance := "", 4
	prefixed := ""
	for _, c := range candidates {
		lower := strings.ToLower(c)
		if d := distance(word, lower); d < bestDistance && d <= max(1, len(lower)/3) {
			best, bestDistance = c, d
		}
		if len(word) >= 2 && strings.HasPrefix(lower, word) {
			if prefixed != "" {
				prefixed = " " // more than one
			} else {
				prefixed = c
			}
		}
	}
	if best == "" && prefixed != " " {
		return prefixed
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

// Unknown is the answer to a word that means nothing here: it names the word, the nearest valid one and the rest.
func Unknown(what, word string, valid []string) *Problem {
	p := &Problem{Say: "I don't know the " + what + " " + Literal(word) + "."}
	if near := Nearest(word, valid); near != "" {
		p.Try = "Did you mean " + Literal(near) + "?"
		return p
	}
	quoted := make([]string, len(valid))
	for i, v := range valid {
		quoted[i] = Literal(v)
	}
	if len(quoted) > 0 {
		p.Try = "Known: " + strings.Join(quoted, ", ") + "."
	}
	return p
}

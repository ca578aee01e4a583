package health

import (
	"math"
	"slices"
	"time"
)

// Tally is what was found over a stretch of time.
type Tally struct {
	// Good, Failed and Unknown count looks outside maintenance; Maintained those within it, whatever they found.
	Good       int `json:"good,omitempty"`
	Failed     int `json:"failed,omitempty"`
	Unknown    int `json:"unknown,omitempty"`
	Maintained int `json:"maintained,omitempty"`
	// Took counts the good looks by how long they took, in buckets that grow by a tenth: bucket n goes from 1.1^n to
	// 1.1^(n+1) microseconds. So a percentile is known to within five per cent, and tallies can be added.
	Took map[int]int `json:"took,omitempty"`
	// Slowest is the longest of them.
	Slowest time.Duration `json:"slowest,omitempty"`
}

const growth = 1.1

func bucket(took time.Duration) int {
	return int(math.Log(max(1, float64(took)/float64(time.Microsecond))) / math.Log(growth))
}

// add counts one result.
func (t *Tally) add(r Result, maintained bool) {
	switch {
	case maintained:
		t.Maintained++
	case r.Outcome == Failed:
		t.Failed++
	case r.Outcome == Unknown:
		t.Unknown++
	default:
		t.Good++
		if t.Took == nil {
			t.Took = map[int]int{}
		}
		t.Took[bucket(r.Took)]++
		t.Slowest = max(t.Slowest, r.Took)
	}
}

// Add adds what another stretch has counted.
func (t *Tally) Add(o Tally) {
	t.Good += o.Good
	t.Failed += o.Failed
	t.Unknown += o.Unknown
	t.Maintained += o.Maintained
	for b, n := range o.Took {
		if t.Took == nil {
			t.Took = map[int]int{}
		}
		t.Took[b] += n
	}
	t.Slowest = max(t.Slowest, o.Slowest)
}

// Uptime is the share of looks outside maintenance that went well, 0 to 1; false when there were none that could know.
func (t Tally) Uptime() (float64, bool) {
	if t.Good+t.Failed == 0 {
		return 0, false
	}
	return float64(t.Good) / float64(t.Good+t.Failed), true
}

// Percentile is how long the given share of the good looks took at most, 0 < share <= 1; false when there were none.
func (t Tally) Percentile(share float64) (time.Duration, bool) {
	if t.Good == 0 {
		return 0, false
	}
	buckets := make([]int, 0, len(t.Took))
	for b := range t.Took {
		buckets = append(buckets, b)
	}
	slices.Sort(buckets)
	rest := int(math.Ceil(share * float64(t.Good)))
	for _, b := range buckets {
		if rest -= t.Took[b]; rest <= 0 {
			middle := math.Pow(growth, float64(b)+0.5) * float64(time.Microsecond)
			return min(time.Duration(middle), t.Slowest), true
		}
	}
	return t.Slowest, true
}

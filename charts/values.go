package charts

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// scale is the vertical axis of a plot, from low to high.
type scale struct {
	low, high float64
	log       bool
	ticks     []Tick
}

// part is where a value is between low at 0 and high at 1, never outside.
func (s scale) part(v float64) float64 {
	if s.log {
		return min(max(math.Log(max(v, s.low)/s.low)/math.Log(s.high/s.low), 0), 1)
	}
	return min(max((v-s.low)/(s.high-s.low), 0), 1)
}

// Distances between marks of times in seconds, and marks by the logarithm: fine ones, and coarse ones for a wide range.
var (
	secondSteps = []float64{1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30,
		60, 120, 300, 600, 1200, 1800, 3600, 2 * 3600, 4 * 3600, 12 * 3600, 24 * 3600, 2 * 24 * 3600, 7 * 24 * 3600, 30 * 24 * 3600}
	fineSeconds = []float64{1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30,
		60, 120, 300, 600, 1800, 3600, 3 * 3600, 12 * 3600, 24 * 3600, 4 * 24 * 3600, 40 * 24 * 3600, 400 * 24 * 3600}
	coarseSeconds = []float64{1e-4, 1e-3, 0.01, 0.1, 1, 10, 60, 600, 3600, 12 * 3600, 4 * 24 * 3600, 40 * 24 * 3600, 400 * 24 * 3600}
)

// differMuch is from how many times the least on the most is drawn by the logarithm.
const differMuch = 25

// scale fits all values and the limit.
func (p Plot) scale() scale {
	least, most := math.Inf(1), math.Inf(-1)
	count := func(v float64) {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			least, most = min(least, v), max(most, v)
		}
	}
	for _, c := range p.Curves {
		for _, m := range c.Points {
			count(m.Value)
		}
	}
	if p.Limit.Label != "" {
		count(p.Limit.Y)
	}
	if most < least {
		least, most = 0, 1
	}
	if floor := max(least, fineSeconds[0]); p.Unit == "s" && most > differMuch*floor {
		if steps := around(fineSeconds, floor, most); len(steps) > 0 {
			ends := scale{low: steps[0], high: steps[len(steps)-1], log: true}
			if len(steps) > 8 {
				steps = slices.DeleteFunc(slices.Clone(coarseSeconds), func(s float64) bool { return s < ends.low || s > ends.high })
			}
			return p.marked(ends, steps)
		}
	}
	if p.Unit == "%" && least >= 90 && most <= 100 {
		return p.linear(min(least, 99), 100) // whole percents below 100 are what matters there
	}
	return p.linear(min(least, 0), max(most, 0))
}

// linear has marks at round values from one at or below least to one above most.
func (p Plot) linear(least, most float64) scale {
	if most == least {
		most = least + 1
	}
	room := (most - least) * 0.04 // above the highest
	if p.Unit == "%" && most <= 100 {
		room = 0
	}
	step := p.step((most - least + room) / 5)
	low, high := math.Floor(least/step)*step, math.Ceil((most+room)/step-1e-9)*step
	var at []float64
	for n := 0; low+float64(n)*step <= high*(1+1e-9); n++ {
		at = append(at, low+float64(n)*step)
	}
	return p.marked(scale{low: low, high: high}, at)
}

// step is the least round distance that is no less than wanted.
func (p Plot) step(wanted float64) float64 {
	if p.Unit == "s" {
		for _, s := range secondSteps {
			if s >= wanted {
				return s
			}
		}
	}
	ten := math.Pow(10, math.Floor(math.Log10(wanted)))
	for _, s := range []float64{1, 2, 5} {
		if s*ten >= wanted*(1-1e-9) {
			return s * ten
		}
	}
	return 10 * ten
}

func (p Plot) marked(s scale, at []float64) scale {
	for _, v := range at {
		s.ticks = append(s.ticks, Tick{At: v, Label: p.mark(v)})
	}
	return s
}

// mark writes a round value beside the axis.
func (p Plot) mark(v float64) string {
	switch p.Unit {
	case "s":
		return seconds(v)
	case "%":
		return number(v) + " %"
	}
	from, gap, name := 1e4, "", ""
	if p.Unit == "bytes" {
		from, gap, name = 1e3, " ", "B"
	}
	for _, big := range []struct {
		from, size float64
		name       string
	}{{1e12, 1e12, "T"}, {1e9, 1e9, "G"}, {1e6, 1e6, "M"}, {from, 1e3, "k"}} {
		if math.Abs(v) >= big.from {
			return number(v/big.size) + gap + big.name + name
		}
	}
	return number(v) + gap + name
}

// seconds writes a round time.
func seconds(v float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{24 * 3600, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}} {
		if whole := v / unit.size; math.Abs(whole) >= 1 && (unit.size == 1 || math.Abs(whole-math.Round(whole)) < 1e-9) {
			return number(whole) + " " + unit.name
		}
	}
	if v == 0 {
		return "0"
	}
	return number(v*1000) + " ms"
}

// number writes at most four digits that matter.
func number(v float64) string {
	if v == 0 {
		return "0"
	}
	places := max(3-int(math.Floor(math.Log10(math.Abs(v)))), 0)
	said := strconv.FormatFloat(v, 'f', places, 64)
	if strings.Contains(said, ".") {
		said = strings.TrimRight(strings.TrimRight(said, "0"), ".")
	}
	return said
}

// say writes a value in words.
func (p Plot) say(v float64) string {
	switch p.Unit {
	case "s":
		if v > 0 && v < 0.01 {
			return number(v*1000) + " ms"
		}
		return chat.Span(time.Duration(math.Round(v*1000)) * time.Millisecond)
	case "%":
		return number(v) + " %"
	case "bytes":
		return chat.Bytes(int64(v))
	}
	return strings.TrimSpace(number(v) + " " + p.Unit)
}

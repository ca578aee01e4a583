package sample

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/bson/primitive"
)

// campus is what all collections agree on: how many there are of each thing, and the ids that they refer to.
type campus struct {
	seed  uint64
	scale float64
	now   time.Time

	unis, vendors, users, retails, produces, orders int
}

func newCampus(o Options) *campus {
	c := &campus{seed: o.Seed, scale: o.Scale, now: o.Now.UTC().Truncate(time.Millisecond)}
	if o.Scale == 0 {
		c.scale = 1
	}
	if o.Now.IsZero() {
		c.now = time.Date(2026, time.November, 20, 6, 30, 0, 0, time.UTC)
	}
	c.unis, c.vendors = len(universities), 48
	c.users, c.retails, c.produces, c.orders = c.grown(3000), c.grown(900), c.grown(700), c.grown(18_000)
	return c
}

// grown is how many there are of what the scale multiplies: at least a few.
func (c *campus) grown(n int) int { return max(int(math.Round(float64(n)*c.scale)), min(n, 5)) }

// never is a date for what a TTL index would remove: late enough for nobody to see it happen.
func (c *campus) never(i int) time.Time {
	return c.now.AddDate(0, 0, 1000).Add(time.Duration(i) * time.Second)
}

func (c *campus) ago(d time.Duration) time.Time { return c.now.Add(-d) }

const day = 24 * time.Hour

// orderDays is how far the orders reach back.
const orderDays = 120

// kolkata is where the campuses are; they have no summer time.
var kolkata = time.FixedZone("IST", 19_800)

// orderedAt is when an order was placed: later for larger i, between eight and eleven in the evening there.
func (c *campus) orderedAt(i int) time.Time {
	whole, ofDay := math.Modf(float64(i) / float64(c.orders) * orderDays)
	first := c.now.In(kolkata).AddDate(0, 0, -orderDays-1)
	open := time.Date(first.Year(), first.Month(), first.Day(), 8, 0, 0, 0, kolkata)
	return open.AddDate(0, 0, int(whole)).Add(time.Duration(ofDay * float64(15*time.Hour))).Add(time.Duration(i*7919%997) * time.Millisecond)
}

// objectID makes the id of the thing i of a kind, as its server would have: time, process, counter.
func objectID(kind string, i int, at time.Time) (id primitive.ObjectID) {
	h := fnv.New64a()
	h.Write([]byte(kind))
	binary.BigEndian.PutUint32(id[:4], uint32(at.Unix()))
	copy(id[4:9], binary.BigEndian.AppendUint64(nil, h.Sum64()))
	id[9], id[10], id[11] = byte(i>>16), byte(i>>8), byte(i)
	return id
}

func (c *campus) joined(i int) time.Time {
	return c.ago(700*day - time.Duration(float64(i)/float64(c.users)*float64(650*day)))
}

func (c *campus) userID(i int) primitive.ObjectID { return objectID("user", i, c.joined(i)) }

func (c *campus) uniID(i int) primitive.ObjectID {
	return objectID("uni", i, c.ago(800*day-time.Duration(i)*day))
}

func (c *campus) tenantID(i int) primitive.ObjectID {
	return objectID("tenant", i, c.ago(801*day-time.Duration(i)*day))
}

func (c *campus) vendorID(i int) primitive.ObjectID {
	return objectID("vendor", i, c.ago(780*day-time.Duration(i)*day))
}

// uniOf is the university that a vendor stands in.
func (c *campus) uniOf(vendor int) int { return vendor % c.unis }

func (c *campus) retailID(i int) primitive.ObjectID {
	return objectID("retail", i, c.ago(600*day-time.Duration(i)*time.Hour))
}

func (c *campus) produceID(i int) primitive.ObjectID {
	return objectID("produce", i, c.ago(590*day-time.Duration(i)*time.Hour))
}

func (c *campus) orderID(i int) primitive.ObjectID   { return objectID("order", i, c.orderedAt(i)) }
func (c *campus) paymentID(i int) primitive.ObjectID { return objectID("payment", i, c.orderedAt(i)) }

// pick draws one of several.
func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

func person(r *rand.Rand) string { return pick(r, firstNames) + " " + pick(r, lastNames) }

// phone is of a range that is not given out to mobile telephones in India, which begin with 6 to 9.
func phone(i int) string { return fmt.Sprintf("+91 5%04d %05d", i/100_000%10_000, i%100_000) }

func email(name string, i, uni int) string {
	return fmt.Sprintf("%s%d@%s.example", strings.ToLower(strings.ReplaceAll(name, " ", ".")), i, universities[uni].short)
}

// between draws an instant from a span that ends now.
func (c *campus) between(r *rand.Rand, span time.Duration) time.Time {
	return c.ago(time.Duration(r.Int64N(int64(span)))).Truncate(time.Millisecond)
}

func hexOf(r *rand.Rand, n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[r.IntN(16)]
	}
	return string(b)
}

// words draws a few sentences of about n letters.
func words(r *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(pick(r, remarks))
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

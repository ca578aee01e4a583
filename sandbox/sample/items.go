package sample

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
)

func items(c *campus) []content {
	all := []content{
		{name: "retails", docs: c.each("retails", c.retails, func(d *document, r *rand.Rand, i int) {
			c.sold(d, r, i, c.retailID(i), item(goods, i))
		}), indexes: []bson.D{
			index("uniId_1_vendorId_1", bson.D{{Key: "uniId", Value: 1}, {Key: "vendorId", Value: 1}}),
			index("any attribute", bson.D{{Key: "attributes.$**", Value: 1}}),
		}},
		{name: "produces", docs: c.each("produces", c.produces, func(d *document, r *rand.Rand, i int) {
			c.sold(d, r, i, c.produceID(i), item(dishes, i))
		}), indexes: []bson.D{
			index("uniId_1_type_1_price_-1", bson.D{{Key: "uniId", Value: 1}, {Key: "type", Value: 1}, {Key: "price", Value: -1}}),
		}},
		{name: "raws", docs: c.each("raws", c.grown(300), func(d *document, r *rand.Rand, i int) {
			d.id("_id", objectID("raw", i, c.ago(500*day))).str("name", stocks[i%len(stocks)]).str("unit", pick(r, []string{"kg", "l", "pieces"}))
			d.f64("openingAmount", float64(r.IntN(40_000))/1000).f64("closingAmount", float64(r.IntN(40_000))/1000)
			d.id("vendorId", c.vendorID(i%c.vendors)).stamps(c.ago(500*day), c.between(r, day))
		})},
		{name: "menusortorders", docs: c.each("menusortorders", c.vendors, c.menuOrder), indexes: []bson.D{
			index("vendorId_1", bson.D{{Key: "vendorId", Value: 1}}, unique),
		}},
		{name: "menuimports", docs: c.each("menuimports", 3, c.menuImport)},
	}
	return append(all, c.oddlyNamed()...)
}

func (c *campus) sold(d *document, r *rand.Rand, i int, id primitive.ObjectID, what dish) {
	vendor := i % c.vendors
	d.id("_id", id).str("name", what.name).str("type", what.kind).num("price", what.price).yes("isVeg", what.veg)
	d.id("vendorId", c.vendorID(vendor)).id("uniId", c.uniID(c.uniOf(vendor))).str("unit", "piece")
	d.str("image", "https://images.example/menu/"+hexOf(r, 20)+".jpg").str("description", words(r, 40+r.IntN(80)))
	d.sub("attributes", func(d *document) {
		d.i32("calories", 80+r.IntN(700)).yes("bestSeller", r.IntN(6) == 0)
		if r.IntN(2) == 0 {
			d.sub("allergens", func(d *document) { d.yes(pick(r, []string{"nuts", "milk", "gluten", "soy"}), true) })
		}
	})
	d.str("isSpecial", []string{"Y", "N"}[r.IntN(2)]).str("isAvailable", []string{"Y", "Y", "N"}[r.IntN(3)])
	d.stamps(c.ago(500*day), c.between(r, 60*day))
}

// menuOrder holds maps: sub-documents whose keys are data.
func (c *campus) menuOrder(d *document, r *rand.Rand, i int) {
	d.id("_id", objectID("menusort", i, c.ago(300*day))).id("vendorId", c.vendorID(i))
	d.sub("typeOrders", func(d *document) {
		for n, kind := range []string{"South Indian", "North Indian", "Street Food", "Drinks", "Sweets"} {
			d.i32(kind, (n+i)%5)
		}
	})
	d.sub("itemOrders", func(d *document) {
		for n := range 12 {
			d.i32(c.produceID((i*12+n)%c.produces).Hex(), r.IntN(100))
		}
	})
	d.stamps(c.ago(300*day), c.between(r, 30*day))
}

// largeDocument is about how many bytes the largest document has; one may have 16 MiB.
const largeDocument = 4 << 20

// menuImport is what somebody once uploaded: a few documents, the last one of several megabytes.
func (c *campus) menuImport(d *document, r *rand.Rand, i int) {
	d.id("_id", objectID("menuimport", i, c.ago(200*day))).str("file", fmt.Sprintf("menu-%d.csv", i)).str("status", "done")
	row := "Masala Dosa,South Indian,70,veg,yes\n" + words(r, 2000) + "\n"
	repeat := 1 + 20*i
	if i == 2 {
		repeat = largeDocument / 2 / len(row)
	}
	d.str("content", strings.Repeat(row, repeat)).bin("original", 0, []byte(strings.Repeat(row, repeat)))
	d.stamps(c.ago(200*day), c.ago(200*day))
}

// oddlyNamed are collections whose names are hard on file names, shells, regular expressions and messages.
func (c *campus) oddlyNamed() []content {
	names := []string{
		"menu items (old)", "मेनू 🍛", "line\nbreak", "tab\tand \"quotes\" 'too'", "backup.of.items.2024", "percent%20sign",
		"<b>&amp; | * ? :", " leading and trailing ", "Items", "back\\slash/slash", "`rm -rf`", "-rf",
		"a very long name " + strings.Repeat("x", 150),
	}
	var all []content
	for n, name := range names {
		all = append(all, content{name: name, docs: c.each(name, 6+n, func(d *document, r *rand.Rand, i int) {
			d.i32("_id", i).str("name", pick(r, dishes).name).num("price", float64(r.IntN(20_000))/100)
		}), indexes: []bson.D{index("price, then \"name\"", bson.D{{Key: "price", Value: -1}, {Key: "name", Value: 1}})}})
	}
	return append(all, content{name: "drafts"}, // empty, as is
		content{name: "archive", indexes: []bson.D{index("at_1", bson.D{{Key: "at", Value: 1}})}})
}

func inventory(c *campus) []content {
	days := c.grown(32)
	return []content{{name: "inventoryreports", docs: c.reports(days), indexes: []bson.D{
		index("vendorId_1_date_1", bson.D{{Key: "vendorId", Value: 1}, {Key: "date", Value: 1}}, unique),
	}}}
}

// reports are one a vendor and day.
func (c *campus) reports(days int) iter.Seq[bson.Raw] {
	return c.each("inventoryreports", days*c.vendors, func(d *document, r *rand.Rand, i int) {
		date := c.now.Truncate(day).Add(-day * time.Duration(days-i/c.vendors))
		vendor := i % c.vendors
		d.id("_id", objectID("report", i, date)).id("vendorId", c.vendorID(vendor)).date("date", date)
		line := func(kind string, id func(int) primitive.ObjectID, of int) func(d *document, key string, n int) {
			return func(d *document, key string, n int) {
				opening := r.IntN(120)
				sold := r.IntN(opening + 1)
				d.sub(key, func(d *document) {
					d.id("itemId", id((vendor+n*c.vendors)%of)).str("kind", kind).i32("openingQty", opening)
					d.i32("soldQty", sold).i32("closingQty", opening-sold)
				})
			}
		}
		d.list("retailEntries", 8+r.IntN(10), line("Retail", c.retailID, c.retails))
		d.list("produceEntries", 8+r.IntN(10), line("Produce", c.produceID, c.produces))
		d.list("rawEntries", 4, func(d *document, key string, n int) {
			d.sub(key, func(d *document) {
				d.str("name", stocks[(vendor+n)%len(stocks)]).f64("used", float64(r.IntN(9000))/1000).str("unit", "kg")
			})
		})
		d.sub("totals", func(d *document) {
			d.i64("paise", int64(r.IntN(5_000_000))).str("shift", strconv.Itoa(1+r.IntN(3)))
		})
		d.stamps(date.Add(17*time.Hour), date.Add(18*time.Hour))
	})
}

func cache(c *campus) []content {
	events := c.grown(1000)
	expires := func(d *document, i int) *document { return d.date("ttl", c.never(i)) }
	ttl := index("ttl_1", bson.D{{Key: "ttl", Value: 1}}, expireAfter(0))
	return []content{
		{name: "cacheanalytics", docs: c.each("cacheanalytics", c.grown(500), func(d *document, r *rand.Rand, i int) {
			d.str("_id", fmt.Sprintf("cache:%s:%d", pick(r, []string{"menu", "items", "vendors", "session"}), i))
			d.i32("hits", r.IntN(5000)).i32("misses", r.IntN(900)).f64("ratio", r.Float64())
			expires(d, i).stamps(c.between(r, day), c.now)
		}), indexes: []bson.D{ttl}},
		{name: "serverevents", options: bson.D{
			{Key: "capped", Value: true}, {Key: "size", Value: int64(4<<20 + 512*events)}, {Key: "max", Value: int64(5000 + events)},
		}, docs: c.each("serverevents", events, func(d *document, r *rand.Rand, i int) {
			d.id("_id", objectID("event", i, c.now)).i32("seq", i).str("level", pick(r, []string{"info", "info", "warn", "error"}))
			d.str("message", pick(r, []string{"worker started", "worker ready", "memory limit reached", "restart", "slow query"}))
			d.sub("process", func(d *document) {
				d.i32("pid", 1000+r.IntN(9000)).str("name", "kampyn-api").i64("rss", r.Int64N(700<<20))
			})
			d.date("at", c.ago(time.Duration(events-i)*time.Minute))
		})},
		{name: "apihits", docs: c.each("apihits", c.grown(4000), func(d *document, r *rand.Rand, i int) {
			d.id("_id", objectID("hit", i, c.now)).str("method", pick(r, []string{"GET", "GET", "POST", "PUT", "DELETE"}))
			d.str("path", pick(r, []string{"/api/health", "/order/active", "/items/getvendors", "/cart/add", "/payment/verify", "/user/auth/otp"}))
			d.i32("status", pick(r, []int{200, 200, 200, 201, 304, 400, 401, 404, 500})).f64("ms", r.ExpFloat64()*40)
			d.sub("client", func(d *document) {
				d.str("ip", fmt.Sprintf("192.0.2.%d", r.IntN(256))).str("agent", "Mozilla/5.0 (Linux; Android 14) KampynApp/2."+strconv.Itoa(r.IntN(9)))
			})
			d.date("at", c.between(r, 14*day))
		}), indexes: []bson.D{
			index("at_-1", bson.D{{Key: "at", Value: -1}}),
			index("path_hashed", bson.D{{Key: "path", Value: "hashed"}}),
		}},
		{name: "dailyapistats", docs: c.each("dailyapistats", 120, func(d *document, r *rand.Rand, i int) {
			d.date("_id", c.now.Truncate(day).Add(-day*time.Duration(i))).i64("total", 20_000+r.Int64N(90_000))
			d.sub("byPath", func(d *document) { // a map whose keys hold dots
				d.i32("/api/v1.0/orders", r.IntN(9000)).i32("/api/v1.1/orders", r.IntN(9000)).i32("/api/health", 1440)
			})
		})},
		{name: "sessions", docs: c.each("sessions", c.grown(300), func(d *document, r *rand.Rand, i int) {
			d.str("_id", hexOf(r, 24)+strconv.Itoa(i)).id("userId", c.userID(r.IntN(c.users))).bin("token", 0, []byte(hexOf(r, 64)))
			expires(d, i)
		}), indexes: []bson.D{ttl}},
	}
}

package sample

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
)

func accounts(c *campus) []content {
	all := []content{
		{name: "users", docs: c.each("users", c.users, c.user), indexes: []bson.D{
			index("email_1", bson.D{{Key: "email", Value: 1}}, unique,
				bson.E{Key: "collation", Value: bson.D{{Key: "locale", Value: "en"}, {Key: "strength", Value: int32(2)}}}),
			index("phone_1", bson.D{{Key: "phone", Value: 1}}, unique),
			index("tenantId_hashed", bson.D{{Key: "tenantId", Value: "hashed"}}),
		}},
		{name: "vendors", docs: c.each("vendors", c.vendors, c.vendor), indexes: []bson.D{
			index("email_1", bson.D{{Key: "email", Value: 1}}, unique),
			index("location_2dsphere", bson.D{{Key: "location", Value: "2dsphere"}}),
		}},
		{name: "unis", options: bson.D{{Key: "collation", Value: bson.D{{Key: "locale", Value: "en"}, {Key: "strength", Value: int32(2)}}}},
			docs: c.each("unis", c.unis, func(d *document, r *rand.Rand, i int) {
				u := universities[i]
				d.id("_id", c.uniID(i)).str("fullName", u.name).str("email", "office@"+u.short+".example").str("phone", phone(9_000_000+i))
				d.list("vendors", c.vendors/c.unis, func(d *document, key string, n int) {
					d.sub(key, func(d *document) { d.id("vendorId", c.vendorID(i+n*c.unis)).str("isAvailable", "Y") })
				})
				d.num("platformFee", 2).num("packingCharge", 5).num("deliveryCharge", 15).stamps(c.ago(800*day), c.between(r, 90*day))
			}), indexes: []bson.D{index("email_1", bson.D{{Key: "email", Value: 1}}, unique)}},
		{name: "tenantconfigurations", docs: c.each("tenantconfigurations", c.unis, func(d *document, r *rand.Rand, i int) {
			d.id("_id", objectID("tenantconfig", i, c.ago(700*day))).id("tenantId", c.tenantID(i))
			d.sub("features", func(d *document) {
				for _, f := range []string{"delivery", "dineIn", "guestHouse", "auditorium", "grievances"} {
					d.sub(f, func(d *document) { d.yes("enabled", r.IntN(3) > 0).i32("limit", r.IntN(500)) })
				}
			})
			d.sub("theme", func(d *document) {
				d.str("primary", "#"+hexOf(r, 6)).str("logo", "https://images.example/"+hexOf(r, 12)+".svg")
			})
			d.stamps(c.ago(700*day), c.between(r, 30*day))
		}), indexes: []bson.D{index("anything", bson.D{{Key: "$**", Value: 1}}, bson.E{Key: "wildcardProjection",
			Value: bson.D{{Key: "features", Value: 1}, {Key: "theme", Value: 1}}})}},
		{name: "recipes", docs: c.each("recipes", c.grown(150), c.recipe), indexes: []bson.D{
			index("recipe text", bson.D{{Key: "title", Value: "text"}, {Key: "description", Value: "text"}, {Key: "tags", Value: "text"}},
				bson.E{Key: "weights", Value: bson.D{{Key: "title", Value: int32(10)}, {Key: "tags", Value: int32(5)}}},
				bson.E{Key: "default_language", Value: "english"}),
		}},
	}
	all = append(all, c.logs()...)
	all = append(all, c.places()...)
	all = append(all, c.people()...)
	all = append(all, c.types(), c.mixedIDs())
	return append(all, content{name: "feedbackarchive"})
}

func (c *campus) user(d *document, r *rand.Rand, i int) {
	name, uni := person(r), r.IntN(c.unis)
	d.id("_id", c.userID(i)).str("fullName", name).str("email", email(name, i, uni)).str("phone", phone(i))
	d.str("password", "$2b$10$"+hexOf(r, 53)).str("gender", pick(r, []string{"male", "female", "other"}))
	d.id("uniID", c.uniID(uni)).id("tenantId", c.tenantID(uni)).yes("isVerified", r.IntN(12) > 0)
	d.str("type", pick(r, []string{"user-standard", "user-standard", "user-faculty"}))
	d.list("cart", r.IntN(3), func(d *document, key string, _ int) {
		d.sub(key, func(d *document) {
			d.id("itemId", c.produceID(r.IntN(c.produces))).str("kind", "Produce").i32("quantity", 1+r.IntN(3))
		})
	})
	d.list("favourites", r.IntN(4), func(d *document, key string, _ int) { d.id(key, c.vendorID(r.IntN(c.vendors))) })
	d.list("pastOrders", r.IntN(8), func(d *document, key string, _ int) { d.id(key, c.orderID(r.IntN(c.orders))) })
	d.yes("deleted", r.IntN(60) == 0).date("lastActivity", c.between(r, 60*day)).stamps(c.joined(i), c.between(r, 60*day))
}

func (c *campus) vendor(d *document, r *rand.Rand, i int) {
	u := universities[c.uniOf(i)]
	d.id("_id", c.vendorID(i)).str("fullName", fmt.Sprintf("%s %d", kitchens[i%len(kitchens)], 1+i/len(kitchens)))
	d.str("email", fmt.Sprintf("vendor%02d@%s.example", i, u.short)).str("phone", phone(8_000_000+i)).str("town", u.town)
	d.point("location", u.longitude+r.Float64()/100, u.latitude+r.Float64()/100).id("uniID", c.uniID(c.uniOf(i)))
	d.list("retailInventory", 10, func(d *document, key string, n int) {
		d.sub(key, func(d *document) { d.id("itemId", c.retailID((i+n*c.vendors)%c.retails)).i32("quantity", r.IntN(90)) })
	})
	d.sub("deliverySettings", func(d *document) {
		d.yes("offersDelivery", r.IntN(2) == 0).i32("preparationMinutes", 10+r.IntN(30)).str("shortcode", strings.ToUpper(hexOf(r, 4)))
	})
	d.str("isAvailable", "Y").stamps(c.ago(780*day), c.between(r, 30*day))
}

func (c *campus) recipe(d *document, r *rand.Rand, i int) {
	what := item(dishes, i)
	d.id("_id", objectID("recipe", i, c.ago(300*day))).str("title", what.name+" at home").str("description", words(r, 200))
	d.strs("tags", strings.ToLower(what.kind), pick(r, []string{"quick", "festive", "healthy", "budget"})).id("author", c.userID(i%c.users))
	d.list("ingredients", 3+r.IntN(6), func(d *document, key string, _ int) {
		d.sub(key, func(d *document) {
			d.str("name", pick(r, stocks)).num("amount", float64(r.IntN(40))/4).str("unit", "cup")
		})
	})
	d.strs("steps", words(r, 120), words(r, 160), words(r, 90)).i32("minutes", 10+r.IntN(80)).stamps(c.ago(300*day), c.between(r, 90*day))
}

// logs hold what was before and after: of any type.
func (c *campus) logs() []content {
	return []content{
		{name: "impersonationlogs", docs: c.each("impersonationlogs", c.grown(100), func(d *document, r *rand.Rand, i int) {
			d.id("_id", objectID("impersonation", i, c.ago(90*day))).str("adminId", "admin-"+hexOf(r, 4)).id("targetId", c.userID(r.IntN(c.users)))
			d.str("reason", words(r, 40)).str("ip", fmt.Sprintf("198.51.100.%d", r.IntN(256))).stamps(c.never(i), c.never(i))
		}), indexes: []bson.D{index("createdAt_1", bson.D{{Key: "createdAt", Value: 1}}, expireAfter(365*24*3600))}},
		{name: "systemauditlogs", docs: c.each("systemauditlogs", c.grown(1500), func(d *document, r *rand.Rand, i int) {
			at := c.between(r, 200*day)
			d.id("_id", objectID("audit", i, at)).str("action", pick(r, []string{"UPDATE", "CREATE", "DELETE", "LOGIN"}))
			d.str("entity", pick(r, []string{"Vendor", "Order", "Tenant", "Recipe"})).id("entityId", c.vendorID(r.IntN(c.vendors)))
			mixed(d, r, "previousState")
			mixed(d, r, "newState")
			d.sub("metadata", func(d *document) { d.str("requestId", hexOf(r, 32)).str("userAgent", words(r, 60)) }).date("timestamp", at)
		}), indexes: []bson.D{index("entity_1_entityId_1_timestamp_-1", bson.D{
			{Key: "entity", Value: 1}, {Key: "entityId", Value: 1}, {Key: "timestamp", Value: -1}})}},
		{name: "workflows", docs: c.each("workflows", c.grown(40), func(d *document, r *rand.Rand, i int) {
			d.id("_id", objectID("workflow", i, c.ago(100*day))).str("name", fmt.Sprintf("Workflow %d", i)).yes("active", i%3 > 0)
			d.list("steps", 2+r.IntN(4), func(d *document, key string, _ int) {
				d.sub(key, func(d *document) {
					d.str("type", pick(r, []string{"approve", "notify", "wait"}))
					mixed(d, r, "config")
				})
			})
			d.stamps(c.ago(100*day), c.between(r, 30*day))
		})},
		{name: "notifications", docs: c.each("notifications", c.grown(800), func(d *document, r *rand.Rand, i int) {
			at := c.between(r, 30*day)
			d.id("_id", objectID("notification", i, at)).id("userId", c.userID(r.IntN(c.users))).str("text", words(r, 60)).yes("seen", r.IntN(2) == 0)
			d.stamps(at, at)
		}), indexes: []bson.D{index("userId_1_createdAt_-1", bson.D{{Key: "userId", Value: 1}, {Key: "createdAt", Value: -1}})}},
	}
}

// mixed writes a value of this type or that, as fields of the type Mixed hold.
func mixed(d *document, r *rand.Rand, key string) {
	switch r.IntN(7) {
	case 0:
		d.null(key)
	case 1:
		d.str(key, pick(r, []string{"Y", "N", "suspended"}))
	case 2:
		d.num(key, float64(r.IntN(10_000))/4)
	case 3:
		d.list(key, 3, func(d *document, key string, _ int) { d.i32(key, r.IntN(9)) })
	case 4:
		d.sub(key, func(*document) {})
	default:
		d.sub(key, func(d *document) {
			d.str("isAvailable", "Y").i64("version", r.Int64N(1<<40)).str("remark", words(r, 80))
			d.sub("nested", func(d *document) { d.yes("deep", true).id("by", primitive.ObjectID{1, 2, 3}) })
		})
	}
}

func (c *campus) places() []content {
	room := index("guestHouseId_1_number_1", bson.D{{Key: "guestHouseId", Value: 1}, {Key: "number", Value: 1}}, unique)
	house := func(i int) primitive.ObjectID { return objectID("guesthouse", i, c.ago(600*day)) }
	return []content{
		{name: "guesthouses", docs: c.each("guesthouses", 6, func(d *document, r *rand.Rand, i int) {
			d.id("_id", house(i)).str("name", universities[i].town+" Guest House").id("uniId", c.uniID(i)).stamps(c.ago(600*day), c.between(r, 90*day))
		})},
		{name: "rooms", docs: c.each("rooms", 72, func(d *document, r *rand.Rand, i int) {
			d.id("_id", objectID("room", i, c.ago(600*day))).id("guestHouseId", house(i%6)).i32("number", 101+i/6).num("price", float64(600+50*r.IntN(30)))
			d.stamps(c.ago(600*day), c.between(r, 90*day))
		}), indexes: []bson.D{room}},
		{name: "bookings", docs: c.each("bookings", c.grown(400), func(d *document, r *rand.Rand, i int) {
			from := c.between(r, 100*day).Truncate(day)
			d.id("_id", objectID("booking", i, from)).id("roomId", objectID("room", r.IntN(72), c.ago(600*day))).id("userId", c.userID(r.IntN(c.users)))
			d.date("from", from).date("to", from.Add(time.Duration(1+r.IntN(5))*day)).str("status", pick(r, []string{"confirmed", "cancelled"}))
			d.stamps(from.Add(-9*day), from)
		})},
		{name: "auditoriums", docs: c.each("auditoriums", 8, func(d *document, r *rand.Rand, i int) {
			d.id("_id", objectID("auditorium", i, c.ago(600*day))).str("name", fmt.Sprintf("Auditorium %c", 'A'+i)).i32("seats", 120+r.IntN(900))
			d.stamps(c.ago(600*day), c.between(r, 90*day))
		})},
		{name: "grievances", docs: c.each("grievances", c.grown(300), func(d *document, r *rand.Rand, i int) {
			at := c.between(r, 200*day)
			d.id("_id", objectID("grievance", i, at)).id("userId", c.userID(r.IntN(c.users))).str("text", words(r, 300))
			d.str("status", pick(r, []string{"open", "inReview", "resolved"})).i32("priority", 1+r.IntN(4)).stamps(at, at.Add(50*time.Hour))
		}), indexes: []bson.D{index("open ones first", bson.D{{Key: "priority", Value: -1}, {Key: "createdAt", Value: 1}},
			partial(bson.D{{Key: "status", Value: "open"}, {Key: "priority", Value: bson.D{{Key: "$gte", Value: int32(2)}}}}))}},
	}
}

// people are the small collections of those who run a campus: alike but for their names.
func (c *campus) people() []content {
	var all []content
	for n, kind := range []string{"admins", "subadmins"} {
		all = append(all, content{name: kind, docs: c.each(kind, 5+5*n, func(d *document, r *rand.Rand, i int) {
			name := person(r)
			d.id("_id", objectID(kind, i, c.ago(800*day))).str("name", name).str("email", email(name, i, i%c.unis)).str("password", "$2b$10$"+hexOf(r, 53))
			d.strs("permissions", "vendors", "orders").stamps(c.ago(800*day), c.between(r, 20*day))
		}), indexes: []bson.D{index("email_1", bson.D{{Key: "email", Value: 1}}, unique)}})
	}
	return append(all, content{name: "tenants", docs: c.each("tenants", c.unis, func(d *document, r *rand.Rand, i int) {
		d.id("_id", c.tenantID(i)).str("name", universities[i].name).str("slug", universities[i].short).str("plan", pick(r, []string{"basic", "campus", "enterprise"}))
		d.stamps(c.ago(801*day), c.between(r, 200*day))
	}), indexes: []bson.D{index("slug_1", bson.D{{Key: "slug", Value: 1}}, unique)}})
}

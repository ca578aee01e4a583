package sample

import (
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/bson"
)

func users(c *campus) []content {
	return []content{
		{name: "otps",
			docs: c.each("otps", c.grown(400), func(d *document, r *rand.Rand, i int) {
				uni := r.IntN(c.unis)
				d.id("_id", objectID("otp", i, c.now)).str("email", email(person(r), i, uni))
				d.str("otp", hexOf(r, 6)).date("createdAt", c.never(i)).i32("__v", 0)
			}),
			indexes: []bson.D{index("createdAt_1", bson.D{{Key: "createdAt", Value: 1}}, expireAfter(600))},
		},
		{name: "colleges", docs: c.each("colleges", 40, c.college), indexes: []bson.D{
			index("code", bson.D{{Key: "code", Value: 1}}, unique),
			index("place", bson.D{{Key: "location", Value: "2dsphere"}}),
			index("map", bson.D{{Key: "map", Value: "2d"}}, bson.E{Key: "bits", Value: int32(26)}),
		}},
		{name: "teammembers", docs: c.each("teammembers", 25, func(d *document, r *rand.Rand, i int) {
			name := person(r)
			d.id("_id", objectID("member", i, c.ago(500*day))).str("name", name)
			d.str("role", pick(r, []string{"Engineer", "Designer", "Operations", "Support"}))
			d.str("email", email(name, i, 0)).i32("order", i)
			d.sub("links", func(d *document) { d.str("site", "https://team.example/"+hexOf(r, 8)) })
			d.stamps(c.ago(500*day), c.between(r, 90*day))
		})},
		{name: "contactmessages", docs: c.each("contactmessages", c.grown(800), func(d *document, r *rand.Rand, i int) {
			name, at := person(r), c.between(r, 300*day)
			d.id("_id", objectID("contact", i, at)).str("name", name).str("email", email(name, i, r.IntN(c.unis)))
			d.str("subject", pick(r, []string{"Order", "Refund", "Feedback", "New vendor", "Login"})).str("message", words(r, 60+r.IntN(400)))
			d.yes("isRead", r.IntN(3) > 0).stamps(at, at.Add(time.Hour))
		}), options: contactRules, indexes: []bson.D{
			index("isRead_1_createdAt_-1", bson.D{{Key: "isRead", Value: 1}, {Key: "createdAt", Value: -1}}),
		}},
	}
}

func (c *campus) college(d *document, r *rand.Rand, i int) {
	u := universities[i%c.unis]
	longitude, latitude := u.longitude+r.Float64()/10, u.latitude+r.Float64()/10
	d.id("_id", objectID("college", i, c.ago(790*day))).str("fullName", u.name).str("shortName", u.short)
	d.str("code", u.short+"-"+string(rune('A'+i/c.unis))).str("town", u.town).point("location", longitude, latitude)
	d.list("map", 2, func(d *document, key string, i int) { d.f64(key, []float64{longitude, latitude}[i]) })
	d.list("roles", 2, func(d *document, key string, i int) { d.str(key, []string{"user", "user-standard"}[i]) })
	d.stamps(c.ago(790*day), c.between(r, 200*day))
}

// contactRules is a validator that all documents pass.
var contactRules = bson.D{
	{Key: "validator", Value: bson.D{{Key: "$jsonSchema", Value: bson.D{
		{Key: "bsonType", Value: "object"},
		{Key: "required", Value: bson.A{"name", "email", "message"}},
		{Key: "properties", Value: bson.D{
			{Key: "name", Value: bson.D{{Key: "bsonType", Value: "string"}, {Key: "minLength", Value: int32(1)}}},
			{Key: "email", Value: bson.D{{Key: "bsonType", Value: "string"}, {Key: "pattern", Value: "^[^@]+@[^@]+$"}}},
			{Key: "message", Value: bson.D{{Key: "bsonType", Value: "string"}, {Key: "maxLength", Value: int32(2000)}}},
			{Key: "isRead", Value: bson.D{{Key: "bsonType", Value: "bool"}}},
		}},
	}}}},
	{Key: "validationLevel", Value: "moderate"},
	{Key: "validationAction", Value: "error"},
}

package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
)

func orders(c *campus) []content {
	return []content{
		{name: "orders", docs: c.each("orders", c.orders, c.order), indexes: []bson.D{
			index("orderNumber_1", bson.D{{Key: "orderNumber", Value: 1}}, unique),
			index("vendorId_1_status_1_createdAt_-1", bson.D{
				{Key: "vendorId", Value: 1}, {Key: "status", Value: 1}, {Key: "createdAt", Value: -1}}),
			index("userId_1_status_1_createdAt_-1", bson.D{
				{Key: "userId", Value: 1}, {Key: "status", Value: 1}, {Key: "createdAt", Value: -1}}),
			index("status_1_reservationExpiresAt_1", bson.D{{Key: "status", Value: 1}, {Key: "reservationExpiresAt", Value: 1}}),
			index("one pending order", bson.D{
				{Key: "userId", Value: 1}, {Key: "status", Value: 1}, {Key: "createdAt", Value: 1}},
				unique, partial(bson.D{{Key: "status", Value: "pendingPayment"}})),
		}},
		{name: "payments", docs: c.each("payments", c.grown(14_000), c.payment), indexes: []bson.D{
			index("orderId_1", bson.D{{Key: "orderId", Value: 1}}),
			index("razorpayPaymentId_1", bson.D{{Key: "razorpayPaymentId", Value: 1}}, unique, sparse),
		}},
		{name: "invoices", docs: c.each("invoices", c.grown(3000), c.invoice), indexes: []bson.D{
			index("invoiceNumber_1", bson.D{{Key: "invoiceNumber", Value: 1}}, unique),
			index("vendorId_1_invoiceType_1_createdAt_-1", bson.D{
				{Key: "vendorId", Value: 1}, {Key: "invoiceType", Value: 1}, {Key: "createdAt", Value: -1}}),
		}},
		{name: "reviews", docs: c.each("reviews", c.grown(4000), c.review), indexes: []bson.D{
			index("vendorId_1_rating_-1", bson.D{{Key: "vendorId", Value: 1}, {Key: "rating", Value: -1}}),
			index("createdAt_-1", bson.D{{Key: "createdAt", Value: -1}}, hidden),
		}},
		{name: "ordercounters", docs: c.each("ordercounters", c.vendors, func(d *document, _ *rand.Rand, i int) {
			d.str("_id", fmt.Sprintf("%s-V%02d", universities[c.uniOf(i)].short, i)).i64("seq", int64(c.orders/c.vendors)).i32("__v", 0)
		})},
		{name: "activeorders", options: bson.D{
			{Key: "viewOn", Value: "orders"},
			{Key: "pipeline", Value: bson.A{
				bson.D{{Key: "$match", Value: bson.D{
					{Key: "deleted", Value: false},
					{Key: "status", Value: bson.D{{Key: "$in", Value: bson.A{"inProgress", "onTheWay"}}}},
				}}},
				bson.D{{Key: "$project", Value: bson.D{{Key: "collectorPhone", Value: 0}, {Key: "statusHistory", Value: 0}}}},
			}},
		}},
	}
}

// path is how an order goes; most end as it should.
func path(r *rand.Rand, delivery bool, recent bool) []string {
	done := []string{"pendingPayment", "pendingVendorApproval", "inProgress", "completed"}
	if delivery {
		done = []string{"pendingPayment", "pendingVendorApproval", "inProgress", "onTheWay", "delivered"}
	}
	switch n := r.IntN(100); {
	case n < 4:
		return []string{"pendingPayment", "failed"}
	case n < 9:
		return []string{"pendingPayment", "pendingVendorApproval", "denied"}
	case recent:
		return done[:1+r.IntN(len(done)-1)]
	}
	return done
}

func (c *campus) order(d *document, r *rand.Rand, i int) {
	vendor, user, at := r.IntN(c.vendors), r.IntN(c.users), c.orderedAt(i).UTC()
	kind := pick(r, []string{"takeaway", "takeaway", "delivery", "dinein", "cash"})
	steps := path(r, kind == "delivery", i >= c.orders-c.orders/100-1)
	d.id("_id", c.orderID(i))
	d.str("orderNumber", fmt.Sprintf("%s-V%02d-%s-%06d", universities[c.uniOf(vendor)].short, vendor, at.Format("20060102"), i))
	d.id("userId", c.userID(user)).id("vendorId", c.vendorID(vendor)).id("tenantId", c.tenantID(c.uniOf(vendor)))
	d.str("orderType", kind).str("paymentMethod", pick(r, []string{"upi", "upi", "card", "cash"}))
	d.str("collectorName", person(r)).str("collectorPhone", phone(user))
	total := 0.0
	d.list("items", 1+r.IntN(5), func(d *document, key string, _ int) {
		total += c.orderedItem(d, r, key)
	})
	if kind == "delivery" {
		d.sub("address", func(d *document) {
			d.str("hostel", fmt.Sprintf("Hostel %d", 1+r.IntN(14))).str("room", strconv.Itoa(100+r.IntN(400)))
			d.str("note", pick(r, remarks))
		})
	} else {
		d.str("address", "")
	}
	d.sub("charges", func(d *document) {
		d.num("packing", 5).num("delivery", 15).num("platform", math.Round(total*2)/100)
	})
	d.num("total", total+20+math.Round(total*2)/100).str("status", steps[len(steps)-1])
	d.list("statusHistory", len(steps), func(d *document, key string, i int) {
		d.sub(key, func(d *document) {
			d.str("status", steps[i]).date("at", at.Add(time.Duration(i*i)*4*time.Minute))
			d.sub("by", func(d *document) {
				d.str("kind", pick(r, []string{"user", "vendor", "system"})).id("id", c.vendorID(vendor))
			})
		})
	})
	d.date("reservationExpiresAt", at.Add(10*time.Minute))
	if len(steps) > 2 {
		d.id("paymentId", c.paymentID(i))
	} else {
		d.null("paymentId")
	}
	d.str("specialInstructions", words(r, r.IntN(160))).strs("tags", "campus", universities[c.uniOf(vendor)].town, kind)
	d.sub("device", func(d *document) {
		d.str("app", fmt.Sprintf("2.%d.%d", r.IntN(9), r.IntN(20))).str("session", hexOf(r, 48)).bin("fingerprint", 0, []byte(hexOf(r, 32)))
	})
	d.yes("isGuest", r.IntN(20) == 0).yes("deleted", r.IntN(50) == 0)
	d.stamps(at, at.Add(time.Duration(len(steps))*9*time.Minute))
}

// orderedItem writes one line of an order and answers its price.
func (c *campus) orderedItem(d *document, r *rand.Rand, key string) float64 {
	quantity := 1 + r.IntN(3)
	kind, n, id, of := "Produce", r.IntN(c.produces), primitive.ObjectID{}, dishes
	if r.IntN(3) == 0 {
		kind, n, of = "Retail", r.IntN(c.retails), goods
		id = c.retailID(n)
	} else {
		id = c.produceID(n)
	}
	sold := item(of, n)
	d.sub(key, func(d *document) {
		d.id("itemId", id).str("kind", kind).i32("quantity", quantity)
		d.str("nameAtPurchase", sold.name).num("priceAtPurchase", sold.price).yes("packable", kind == "Produce")
	})
	return sold.price * float64(quantity)
}

func (c *campus) payment(d *document, r *rand.Rand, i int) {
	order := i % c.orders
	at := c.orderedAt(order).UTC()
	d.id("_id", objectID("payment", i, at)).id("orderId", c.orderID(order)).id("userId", c.userID(r.IntN(c.users)))
	d.num("amount", float64(2500+r.IntN(60_000))/100).str("currency", "INR").str("status", pick(r, []string{"paid", "paid", "paid", "failed", "refunded"}))
	if r.IntN(8) > 0 {
		d.str("razorpayOrderId", "order_"+hexOf(r, 14)).str("razorpayPaymentId", fmt.Sprintf("pay_%s%05d", hexOf(r, 9), i))
		d.str("razorpaySignature", hexOf(r, 64))
	}
	d.sub("gateway", func(d *document) {
		d.str("method", pick(r, []string{"upi", "card", "netbanking", "wallet"})).str("bank", pick(r, []string{"SBIN", "HDFC", "ICIC", "UTIB"}))
		d.str("vpa", hexOf(r, 8)+"@upi.example").i32("fee", r.IntN(900)).i32("tax", r.IntN(160)).null("errorCode")
		d.strs("notes", words(r, 40), words(r, 60))
		d.sub("acquirer", func(d *document) { d.str("rrn", hexOf(r, 12)).str("trace", hexOf(r, 36)) })
	})
	d.stamps(at, at.Add(30*time.Second))
}

func (c *campus) invoice(d *document, r *rand.Rand, i int) {
	order, vendor := i*c.orders/c.grown(3000), r.IntN(c.vendors)
	at := c.orderedAt(order).UTC()
	d.id("_id", objectID("invoice", i, at)).str("invoiceNumber", fmt.Sprintf("INV/%d/%06d", at.Year(), i))
	d.str("invoiceType", pick(r, []string{"vendor", "platform"})).id("orderId", c.orderID(order)).id("vendorId", c.vendorID(vendor))
	d.sub("seller", func(d *document) {
		d.str("name", kitchens[vendor%len(kitchens)]).str("gstin", "29"+hexOf(r, 13)).str("address", universities[c.uniOf(vendor)].name+", "+universities[c.uniOf(vendor)].town)
	})
	subtotal := 0.0
	d.list("items", 2+r.IntN(8), func(d *document, key string, _ int) {
		sold := item(dishes, r.IntN(c.produces))
		d.sub(key, func(d *document) {
			d.str("name", sold.name).str("hsn", "9963").i32("quantity", 1+r.IntN(4)).num("unitPrice", sold.price)
			d.f64("gst", 0.05).num("net", math.Round(sold.price/1.05*100)/100).str("description", words(r, 60))
		})
		subtotal += sold.price
	})
	d.num("subtotal", subtotal).f64("cgst", subtotal*0.025).f64("sgst", subtotal*0.025).str("notes", words(r, 300))
	d.str("pdfUrl", "https://files.example/invoices/"+hexOf(r, 40)+".pdf").stamps(at, at.Add(time.Minute))
}

func (c *campus) review(d *document, r *rand.Rand, i int) {
	order := i * c.orders / c.grown(4000)
	at := c.orderedAt(order).UTC().Add(time.Hour)
	d.id("_id", objectID("review", i, at)).id("orderId", c.orderID(order)).id("userId", c.userID(r.IntN(c.users)))
	d.id("vendorId", c.vendorID(r.IntN(c.vendors))).i32("rating", 1+r.IntN(5)).str("comment", words(r, 20+r.IntN(500)))
	d.list("photos", r.IntN(3), func(d *document, key string, _ int) { d.str(key, "https://images.example/"+hexOf(r, 24)+".jpg") })
	d.stamps(at, at)
}

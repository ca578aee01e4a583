package sample

var firstNames = []string{
	"Aarav", "Aditi", "Akash", "Ananya", "Arjun", "Bhavna", "Chirag", "Deepika", "Devansh", "Diya", "Esha", "Farhan",
	"Gauri", "Harpreet", "Ishaan", "Ishita", "Jaya", "Kabir", "Kavya", "Lakshmi", "Manish", "Meera", "Mohammed", "Naina",
	"Nikhil", "Omkar", "Pooja", "Pranav", "Priya", "Rahul", "Riya", "Rohan", "Saanvi", "Sameer", "Shreya", "Siddharth",
	"Sneha", "Tanvi", "Tenzin", "Uday", "Varun", "Vidya", "Yash", "Zoya",
}

var lastNames = []string{
	"Agarwal", "Ahmed", "Banerjee", "Bhat", "Bhutia", "Chatterjee", "Chauhan", "Das", "Deshpande", "Dsouza", "Fernandes",
	"Gill", "Gowda", "Gupta", "Hegde", "Iyer", "Jain", "Joshi", "Kapoor", "Khan", "Kulkarni", "Kumar", "Lal", "Mathur",
	"Mehta", "Menon", "Mishra", "Mukherjee", "Nair", "Naidu", "Pandey", "Patel", "Patil", "Pillai", "Rao", "Rathore",
	"Reddy", "Roy", "Saxena", "Sen", "Shah", "Sharma", "Shetty", "Singh", "Sinha", "Thakur", "Varma", "Yadav",
}

// universities are the campuses. None of them exists; they stand where their towns are.
var universities = []struct {
	name, short, town   string
	longitude, latitude float64
}{
	{"Nilgiri Institute of Technology", "nit-nilgiri", "Coonoor", 76.7959, 11.3530},
	{"Aravalli University", "aravalli", "Udaipur", 73.7125, 24.5854},
	{"Deccan School of Engineering", "deccan", "Pune", 73.8567, 18.5204},
	{"Godavari Medical College", "godavari", "Rajahmundry", 81.8040, 17.0005},
	{"Sundarban College of Science", "sundarban", "Kolkata", 88.3639, 22.5726},
	{"Malwa University of Arts", "malwa", "Indore", 75.8577, 22.7196},
	{"Konkan Maritime Academy", "konkan", "Ratnagiri", 73.3120, 16.9902},
	{"Brahmaputra Institute", "brahmaputra", "Guwahati", 91.7362, 26.1445},
	{"Shivalik Law School", "shivalik", "Chandigarh", 76.7794, 30.7333},
	{"Coromandel University", "coromandel", "Chennai", 80.2707, 13.0827},
	{"Vindhya Polytechnic", "vindhya", "Jabalpur", 79.9864, 23.1815},
	{"Saraswati Women's College", "saraswati", "Mysuru", 76.6394, 12.2958},
}

var kitchens = []string{
	"Annapurna Canteen", "Chai Adda", "The Dosa Corner", "Maggi Point", "Punjabi Tadka", "Biryani House", "Juice Junction",
	"Night Canteen", "South Spice", "Rolls & Wraps", "Momo Stop", "Campus Bakery", "Thali Ghar", "Chaat Street",
	"Filter Kaapi", "Hostel Mess 4",
}

// dish is something to eat with its price in rupees.
type dish struct {
	name, kind string
	price      float64
	veg        bool
}

var dishes = []dish{
	{"Masala Dosa", "South Indian", 70, true}, {"Idli Sambar", "South Indian", 45, true}, {"Medu Vada", "South Indian", 50, true},
	{"Rava Uttapam", "South Indian", 75, true}, {"Lemon Rice", "South Indian", 60, true}, {"Curd Rice", "South Indian", 55, true},
	{"Paneer Butter Masala", "North Indian", 160, true}, {"Dal Makhani", "North Indian", 120, true}, {"Rajma Chawal", "North Indian", 95, true},
	{"Chole Bhature", "North Indian", 90, true}, {"Aloo Paratha", "North Indian", 55, true}, {"Butter Chicken", "North Indian", 210, false},
	{"Egg Curry", "North Indian", 110, false}, {"Veg Thali", "Thali", 130, true}, {"Special Thali", "Thali", 180, true},
	{"Chicken Biryani", "Biryani", 190, false}, {"Veg Biryani", "Biryani", 140, true}, {"Egg Biryani", "Biryani", 155, false},
	{"Pav Bhaji", "Street Food", 80, true}, {"Pani Puri", "Street Food", 40, true}, {"Vada Pav", "Street Food", 30, true},
	{"Samosa", "Street Food", 18, true}, {"Dahi Puri", "Street Food", 50, true}, {"Kathi Roll", "Rolls", 95, false},
	{"Paneer Roll", "Rolls", 90, true}, {"Veg Momos", "Chinese", 70, true}, {"Chicken Momos", "Chinese", 90, false},
	{"Hakka Noodles", "Chinese", 100, true}, {"Gobi Manchurian", "Chinese", 110, true}, {"Masala Maggi", "Quick Bites", 45, true},
	{"Bread Omelette", "Quick Bites", 50, false}, {"Grilled Sandwich", "Quick Bites", 65, true}, {"Poha", "Breakfast", 35, true},
	{"Upma", "Breakfast", 40, true}, {"Gulab Jamun", "Sweets", 40, true}, {"Rasmalai", "Sweets", 60.5, true},
	{"Gajar Halwa", "Sweets", 70, true}, {"Masala Chai", "Drinks", 15, true}, {"Filter Coffee", "Drinks", 25, true},
	{"Sweet Lassi", "Drinks", 50, true}, {"Mango Shake", "Drinks", 80, true}, {"Nimbu Pani", "Drinks", 30, true},
}

var goods = []dish{
	{"Mineral Water 1 l", "Drinks", 20, true}, {"Cola 300 ml", "Drinks", 40, true}, {"Buttermilk", "Drinks", 22.5, true},
	{"Potato Chips", "Snacks", 20, true}, {"Banana Chips", "Snacks", 45, true}, {"Roasted Makhana", "Snacks", 99, true},
	{"Glucose Biscuits", "Biscuits", 10, true}, {"Coconut Cookies", "Biscuits", 35, true}, {"Milk Chocolate", "Sweets", 50, true},
	{"Peanut Chikki", "Sweets", 25, true}, {"Cup Noodles", "Quick Bites", 55, true}, {"Curd 200 g", "Dairy", 30, true},
	{"Notebook A5", "Stationery", 60, true}, {"Gel Pen", "Stationery", 12, true}, {"Hand Sanitiser", "Care", 75, true},
}

var stocks = []string{
	"Basmati Rice", "Toor Dal", "Wheat Flour", "Mustard Oil", "Paneer", "Onions", "Tomatoes", "Potatoes", "Green Chillies",
	"Curry Leaves", "Milk", "Sugar", "Tea Leaves", "Ghee", "Chicken", "Eggs",
}

var remarks = []string{
	"Please make it less spicy.", "Extra chutney, no onions.", "Ring the bell at hostel gate 3.", "Very tasty, came hot.",
	"The dal was cold when it arrived.", "Portion was smaller than last week.", "Best dosa on the campus!",
	"बहुत स्वादिष्ट था।", "சுவையாக இருந்தது.", "Waited forty minutes in the queue.", "Packing leaked a little 😕", "Good value 👍",
	"Kindly add more seating near the counter.", "Staff was polite and quick.", "Refund still not received.",
	"Delivered to the wrong block.", "The new menu is great.", "Card machine was not working.",
}

// item is the thing i that is sold: its dish or good with a variant, so that many items differ.
func item(of []dish, i int) dish {
	d := of[i%len(of)]
	if round := i / len(of); round > 0 {
		d.name += " " + variants[round%len(variants)]
		d.price += float64(5 * (round % 7))
	}
	return d
}

var variants = []string{"Special", "Half", "Jumbo", "Family Pack", "Jain", "Extra Butter", "Combo", "Student Offer"}

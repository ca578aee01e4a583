package incidents

// Icon is how bad it is and whether it is over, as one sign.
func Icon(r Rules, i Incident) string {
	switch {
	case i.Status.Over():
		return "✅"
	case i.Status == Mitigated:
		return "🩹"
	case i.Drill:
		return "🎯"
	}
	return []string{"🔴", "🟠", "🟡", "🔵"}[min(r.rank(i.Severity), 3)]
}

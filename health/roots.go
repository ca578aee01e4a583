package health

// role is what an alert has to do with a check.
type role string

const (
	calm     role = "calm"     // it is not down
	root     role = "root"     // it is down by itself: it has an alert
	affected role = "affected" // it is down because of another, which has the alert
	waiting  role = "waiting"  // it is down, and another on which it depends is being looked at
)

// cause is the role of one check, with the root that it is affected by or waits for.
type cause struct {
	role role
	by   string
}

// causes says for each check whether it is the root of trouble. A check that is down is affected by one that it depends
// on, near or far, and that is down too; the deepest one is the root. While such a one wavers, or has not been looked at
// since the trouble began, it is waited for: checks are not looked at all at once, so that what depends on a broken part
// may well be seen to fail first, and to recover last. sick lists what has to be looked at early for that.
func causes(checks []Check, standings map[string]Standing) (all map[string]cause, sick []string) {
	byName := make(map[string]Check, len(checks))
	for _, c := range checks {
		byName[c.Name] = c
	}
	all = make(map[string]cause, len(checks))
	early := map[string]bool{}
	for _, c := range checks {
		s := standings[c.Name]
		if s.Status != Down {
			all[c.Name] = cause{role: calm}
			continue
		}
		found := cause{role: root}
		for _, on := range reaches(byName, c.Name) {
			other := standings[on]
			switch {
			case other.Status == Down:
				found = cause{role: affected, by: on}
			case found.role == root && (undecided(other, s) || recovering(c, other, s)):
				found = cause{role: waiting, by: on}
				if newest, ok := other.Newest(); !ok || newest.At.Before(s.Turned) {
					early[on] = true
				}
			}
		}
		all[c.Name] = found
	}
	for _, c := range checks {
		found := all[c.Name]
		for found.role == affected && all[found.by].role == affected {
			found.by = all[found.by].by
		}
		all[c.Name] = found
		if early[c.Name] {
			sick = append(sick, c.Name)
		}
	}
	return all, sick
}

// undecided says that it is not known yet whether the other check is in trouble, too.
func undecided(other, down Standing) bool {
	newest, looked := other.Newest()
	switch {
	case other.Status == Blind || other.Maintained:
		return false // waiting would be for ever
	case other.Fails > 0:
		return true
	}
	return !looked || newest.At.Before(down.Turned)
}

// recovering says that the other check came up while this one was down, and that this one is on its way up, too, or has not
// been looked at often enough since to say that it is down by itself.
func recovering(c Check, other, down Standing) bool {
	if other.Status != Up || !other.Since.After(down.Since) {
		return false
	}
	failed := 0
	for _, r := range down.Last {
		if r.Outcome == Failed && r.At.After(other.Since) {
			failed++
		}
	}
	return down.Passes > 0 || failed < min(c.FailAfter, mostLast)
}

// reaches lists what a check depends on, near ones first.
func reaches(checks map[string]Check, name string) []string {
	var all []string
	seen := map[string]bool{name: true}
	next := checks[name].DependsOn
	for len(next) > 0 {
		var further []string
		for _, on := range next {
			if !seen[on] {
				seen[on] = true
				all = append(all, on)
				further = append(further, checks[on].DependsOn...)
			}
		}
		next = further
	}
	return all
}

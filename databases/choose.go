package databases

import (
	"slices"

	"github.com/kampyn/opsbot/chat"
)

// Choose finds databases by their configured names, in the order of the configuration and each once; no name means
// all. An unknown name is a *chat.Problem with the nearest one.
func Choose(all []*Database, names []string) ([]*Database, error) {
	known := make([]string, len(all))
	for i, d := range all {
		known[i] = d.Name
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, chat.Unknown("database", name, known)
		}
	}
	var chosen []*Database
	for _, d := range all {
		if len(names) == 0 || slices.Contains(names, d.Name) {
			chosen = append(chosen, d)
		}
	}
	return chosen, nil
}

// One finds a database by its configured name. An unknown one is a *chat.Problem with the nearest.
func One(all []*Database, name string) (*Database, error) {
	chosen, err := Choose(all, []string{name})
	if err != nil {
		return nil, err
	}
	return chosen[0], nil
}

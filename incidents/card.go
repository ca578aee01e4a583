package incidents

import (
	"github.com/kampyn/opsbot/chat"
)

// Card is the one message that shows an incident as it is.
func (d *Desk) Card(i Incident) chat.Message {
	return chat.Message{Summary: i.Called() + ": " + i.Title, Key: i.Key("card")}
}

package health

import "net/http"

// Judge holds a body to what is wanted, without a server.
func (h HTTP) Judge(body []byte) Result {
	a := &asking{HTTP: h, watch: newStopwatch()}
	return a.judge(&http.Response{StatusCode: http.StatusOK}, body)
}

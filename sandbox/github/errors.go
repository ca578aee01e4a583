package github

import (
	"fmt"
	"net/http"
	"strings"
)

// object is a JSON object.
type object = map[string]any

// refusal is an answer of 3xx or above.
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
type refusal struct {
	status  int
	message string
	errors  []object
	// docs is the documentation to name; that of the endpoint by default.
	docs    string
	headers map[string]string
	with    object
}

func (e *refusal) Error() string { return fmt.Sprintf("%d %s", e.status, e.message) }

const docsRoot = "https://docs.github.com/rest"

func refuse(status int, format string, args ...any) error {
	return &refusal{status: status, message: fmt.Sprintf(format, args...)}
}

func notFound() error { return refuse(http.StatusNotFound, "Not Found") }

// forbidden is the answer to whoever may see something, but not change it.
func forbidden() error { return refuse(http.StatusForbidden, "Must have admin rights to Repository.") }

// invalidRequest is the answer to a body that is not of the documented form.
func invalidRequest(format string, args ...any) error {
	return refuse(http.StatusUnprocessableEntity, "Invalid request.\n\n"+format, args...)
}

// failedValidation is the answer to values that cannot be.
func failedValidation(errors ...object) error {
	return &refusal{status: http.StatusUnprocessableEntity, message: "Validation Failed", errors: errors}
}

// invalidValue is a cause of failedValidation: the value of a field names what is not there, or cannot be used.
func invalidValue(resource, field string, value any) object {
	return object{"value": value, "resource": resource, "field": field, "code": "invalid"}
}

func missingField(resource, field string) object {
	return object{"resource": resource, "field": field, "code": "missing_field"}
}

func custom(resource, field, message string) object {
	return object{"resource": resource, "field": field, "code": "custom", "message": message}
}

// issuesDisabled is the answer of a repository without issues.
func issuesDisabled() error {
	return &refusal{status: http.StatusGone, message: "Issues has been disabled in this repository.", docs: "/v3/issues/"}
}

// body is the refusal as JSON.
func (e *refusal) body(ep *endpoint) object {
	docs := e.docs
	switch {
	case docs == "" && ep != nil:
		docs = docsRoot + "/" + ep.docs
	case docs == "":
		docs = docsRoot
	case strings.HasPrefix(docs, "/"):
		docs = "https://docs.github.com" + docs
	}
	answer := object{"message": e.message, "documentation_url": docs, "status": fmt.Sprint(e.status)}
	if len(e.errors) > 0 {
		answer["errors"] = e.errors
	}
	for k, v := range e.with {
		answer[k] = v
	}
	return answer
}

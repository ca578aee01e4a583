package bot

import (
	"errors"
	"net/http"
	"slices"

	slackgo "github.com/slack-go/slack"
)

// Unavailable says that Slack refused a call for what it is and not for what it asked: the server does not know the
// method, or the app lacks the scope, the plan or the permission for it. Trying again helps only after somebody has
// changed that; Slack.Try says it once and the work goes on without.
//
// It is false for faults that pass (429, 5xx, no answer), which a call repeats until its context ends, and for refusals
// of one thing asked, such as a name that is taken.
// https://docs.slack.dev/apis/web-api/#responses and the tables of errors of each method
func Unavailable(err error) bool {
	if errors.Is(err, errNoDownloads) {
		return true
	}
	if status, ok := errors.AsType[slackgo.StatusCodeError](err); ok {
		return status.Code == http.StatusNotFound || status.Code == http.StatusForbidden
	}
	return slices.Contains([]string{"unknown_method", "method_deprecated", "deprecated_endpoint", "missing_scope",
		"no_permission", "not_allowed", "not_allowed_token_type", "access_denied", "restricted_action",
		"restricted_action_read_only_channel", "team_access_not_granted", "ekm_access_denied", "accesslimited",
		"feature_not_enabled", "plan_upgrade_required", "upgrade_required", "paid_teams_only", "paid_only", "not_supported",
		"user_is_bot", "user_is_restricted", "user_is_ultra_restricted", "team_added_to_org",
		"enterprise_is_restricted"}, Code(err))
}

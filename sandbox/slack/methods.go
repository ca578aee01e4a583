package slack

// tier is how often a method may be called.
// https://docs.slack.dev/apis/web-api/rate-limits
type tier int

const (
	tier1   tier = 1   // calls a minute
	tier2   tier = 20  //
	tier3   tier = 50  //
	tier4   tier = 100 //
	posting tier = 60  // one a second for each channel, with short bursts
	special tier = 600 // methods that Slack keeps generous limits for
)

// method is a row of the table of the Web API: all that is known about a method besides its work.
type method struct {
	tier tier
	// token is the kind that may call it: bot by default.
	token tokenKind
	// scopes that the token needs. "a|b" means either. A method of conversations names four, in the order of
	// channelKinds: the kind of the channel decides.
	scopes []string
	run    func(*Server, *call) (object, error)
}

var (
	readsChannels    = []string{"channels:read", "groups:read", "im:read", "mpim:read"}
	readsHistory     = []string{"channels:history", "groups:history", "im:history", "mpim:history"}
	managesChannels  = []string{"channels:manage", "groups:write", "im:write", "mpim:write"}
	setsTopics       = []string{"channels:manage|channels:write.topic", "groups:write|groups:write.topic", "im:write", "mpim:write"}
	invitesToChannel = []string{"channels:manage|channels:write.invites", "groups:write|groups:write.invites", "im:write", "mpim:write"}
)

// methods is the table of the Web API. Whatever is not in it is answered with unknown_method.
// Scopes and tiers are those of https://docs.slack.dev/reference/methods.
var methods = map[string]method{
	"api.test":              {tier: special, token: tokenNone, run: apiTest},
	"auth.test":             {tier: special, token: tokenAny, run: authTest},
	"apps.connections.open": {tier: tier1 * 60, token: tokenApp, run: connectionsOpen},
	"bots.info":             {tier: tier3, scopes: []string{"users:read"}, run: botsInfo},
	"team.info":             {tier: tier3, scopes: []string{"team:read"}, run: teamInfo},

	"chat.postMessage":   {tier: posting, scopes: []string{"chat:write"}, run: chatPostMessage},
	"chat.postEphemeral": {tier: tier4, scopes: []string{"chat:write"}, run: chatPostEphemeral},
	"chat.update":        {tier: tier3, scopes: []string{"chat:write"}, run: chatUpdate},
	"chat.delete":        {tier: tier3, scopes: []string{"chat:write"}, run: chatDelete},
	"chat.getPermalink":  {tier: special, run: chatGetPermalink},

	"chat.scheduleMessage":        {tier: tier3, scopes: []string{"chat:write"}, run: chatScheduleMessage},
	"chat.deleteScheduledMessage": {tier: tier3, scopes: []string{"chat:write"}, run: chatDeleteScheduledMessage},
	"chat.scheduledMessages.list": {tier: tier3, run: chatScheduledMessagesList},

	"conversations.list":       {tier: tier2, scopes: readsChannels, run: conversationsList},
	"conversations.info":       {tier: tier3, scopes: readsChannels, run: conversationsInfo},
	"conversations.members":    {tier: tier4, scopes: readsChannels, run: conversationsMembers},
	"conversations.history":    {tier: tier3, scopes: readsHistory, run: conversationsHistory},
	"conversations.replies":    {tier: tier3, scopes: readsHistory, run: conversationsReplies},
	"conversations.open":       {tier: tier3, scopes: []string{"im:write|mpim:write"}, run: conversationsOpen},
	"conversations.join":       {tier: tier3, scopes: []string{"channels:join"}, run: conversationsJoin},
	"conversations.create":     {tier: tier2, scopes: managesChannels, run: conversationsCreate},
	"conversations.invite":     {tier: tier3, scopes: invitesToChannel, run: conversationsInvite},
	"conversations.kick":       {tier: tier3, scopes: managesChannels, run: conversationsKick},
	"conversations.leave":      {tier: tier3, scopes: managesChannels, run: conversationsLeave},
	"conversations.setTopic":   {tier: tier2, scopes: setsTopics, run: conversationsSetTopic},
	"conversations.setPurpose": {tier: tier2, scopes: setsTopics, run: conversationsSetPurpose},
	"conversations.rename":     {tier: tier2, scopes: managesChannels, run: conversationsRename},
	"conversations.archive":    {tier: tier2, scopes: managesChannels, run: conversationsArchive},
	"conversations.unarchive":  {tier: tier2, scopes: managesChannels, run: conversationsUnarchive},

	"users.info":              {tier: tier4, scopes: []string{"users:read"}, run: usersInfo},
	"users.list":              {tier: tier2, scopes: []string{"users:read"}, run: usersList},
	"users.lookupByEmail":     {tier: tier3, scopes: []string{"users:read.email"}, run: usersLookupByEmail},
	"users.getPresence":       {tier: tier3, scopes: []string{"users:read"}, run: usersGetPresence},
	"users.profile.get":       {tier: tier4, scopes: []string{"users.profile:read"}, run: usersProfileGet},
	"users.conversations":     {tier: tier3, scopes: readsChannels, run: usersConversations},
	"usergroups.list":         {tier: tier2, scopes: []string{"usergroups:read"}, run: usergroupsList},
	"usergroups.users.list":   {tier: tier2, scopes: []string{"usergroups:read"}, run: usergroupsUsersList},
	"usergroups.users.update": {tier: tier2, scopes: []string{"usergroups:write"}, run: usergroupsUsersUpdate},

	"views.open":    {tier: tier4, run: viewsOpen},
	"views.push":    {tier: tier4, run: viewsPush},
	"views.update":  {tier: tier4, run: viewsUpdate},
	"views.publish": {tier: tier4, run: viewsPublish},

	"files.getUploadURLExternal":   {tier: tier4, scopes: []string{"files:write"}, run: filesGetUploadURL},
	"files.completeUploadExternal": {tier: tier4, scopes: []string{"files:write"}, run: filesCompleteUpload},
	"files.info":                   {tier: tier4, scopes: []string{"files:read"}, run: filesInfo},
	"files.list":                   {tier: tier3, scopes: []string{"files:read"}, run: filesList},
	"files.delete":                 {tier: tier3, scopes: []string{"files:write"}, run: filesDelete},

	"reactions.add":    {tier: tier3, scopes: []string{"reactions:write"}, run: reactionsAdd},
	"reactions.remove": {tier: tier2, scopes: []string{"reactions:write"}, run: reactionsRemove},
	"reactions.get":    {tier: tier3, scopes: []string{"reactions:read"}, run: reactionsGet},
	"reactions.list":   {tier: tier2, scopes: []string{"reactions:read"}, run: reactionsList},
	"pins.add":         {tier: tier2, scopes: []string{"pins:write"}, run: pinsAdd},
	"pins.remove":      {tier: tier2, scopes: []string{"pins:write"}, run: pinsRemove},
	"pins.list":        {tier: tier2, scopes: []string{"pins:read"}, run: pinsList},
	"bookmarks.add":    {tier: tier2, scopes: []string{"bookmarks:write"}, run: bookmarksAdd},
	"bookmarks.edit":   {tier: tier2, scopes: []string{"bookmarks:write"}, run: bookmarksEdit},
	"bookmarks.remove": {tier: tier2, scopes: []string{"bookmarks:write"}, run: bookmarksRemove},
	"bookmarks.list":   {tier: tier3, scopes: []string{"bookmarks:read"}, run: bookmarksList},
}

// eventScopes is what an app needs in order to hear of an event; messages depend on the kind of the channel.
var eventScopes = map[string]string{
	"app_mention": "app_mentions:read", "reaction_added": "reactions:read", "reaction_removed": "reactions:read",
	"member_joined_channel": "channels:read|groups:read", "member_left_channel": "channels:read|groups:read", "channel_created": "channels:read",
	"channel_rename": "channels:read", "channel_archive": "channels:read", "channel_unarchive": "channels:read",
	"group_rename": "groups:read", "group_archive": "groups:read", "group_unarchive": "groups:read",
	"pin_added": "pins:read", "pin_removed": "pins:read", "file_shared": "files:read",
}

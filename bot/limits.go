package bot

// Slack's limits, in characters unless said otherwise.
// https://docs.slack.dev/reference/block-kit/blocks
// https://docs.slack.dev/reference/block-kit/block-elements
// https://docs.slack.dev/surfaces/modals
const (
	maxBlocks      = 50  // in a message
	maxViewBlocks  = 100 // in a modal or App Home
	maxTotal       = 13_000
	blockWeight    = 125 // what each block counts toward maxTotal besides its text
	maxSection     = 3_000
	maxHeader      = 150
	maxFields      = 10 // in a section
	maxField       = 2_000
	maxElements    = 25 // in an actions block
	maxButton      = 75
	maxValue       = 2_000
	maxURL         = 3_000
	maxSummary     = 3_000
	maxActionID    = 255
	maxOptions     = 100
	maxGroups      = 100
	maxChoices     = 10 // of checkboxes and radio buttons
	maxMenu        = 5
	maxOption      = 75
	maxOptionValue = 150
	maxViewTitle   = 24
	maxPlaceholder = 150
	maxInputLabel  = 2_000
	maxInitial     = 3_000
	maxMeta        = 3_000
	maxAlt         = 1_000 // https://docs.slack.dev/reference/methods/files.getUploadURLExternal
	// maxAck is the size in bytes from which Slack drops the answer to an envelope without a word, as slack-go found.
	maxAck = 20 * 1024
)

// maxTotal: Slack answers msg_blocks_too_long somewhat above 13,000 characters in all blocks together. It is
// undocumented, and blocks seem to count by themselves too.
// https://github.com/slackapi/bolt-js/issues/2509

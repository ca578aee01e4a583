package app

import (
	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/commands"
	"github.com/kampyn/opsbot/config"
)

// answers says what the bot listens to and who may ask for it: one table for the running bot, whose parts do the work,
// and for the manifest, which needs none.
func answers(c *config.Config, parts commands.Parts) bot.Options {
	parts.Incidents, parts.Checks, parts.Checklists = c.Incidents != nil, c.Health != nil, c.Checklists != nil
	return bot.Options{Commands: commands.All(parts), Home: commands.Home(parts), Roles: roles(c.Roles), Prefix: c.Slack.CommandPrefix}
}

// Manifest describes the Slack app for exactly what the configuration switches on. Only slack.command_prefix,
// roles and whether there are incidents, health checks and checklists are looked at, so it may come from config.LoadForManifest.
func Manifest(c *config.Config) (bot.Manifest, error) {
	return bot.NewManifest(answers(c, commands.Parts{}))
}

// Scopes are the permissions in the manifest, each with its reason.
func Scopes(c *config.Config) []bot.Scope {
	return bot.Scopes(answers(c, commands.Parts{}))
}

// Draws Slack's mrkdwn. https://docs.slack.dev/messaging/formatting-message-text
import { h } from "./dom.js";
import { emoji } from "./emoji.js";

const unescape = (s) => s.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const inline = new RegExp([
  "```\\n?(?<fence>[\\s\\S]*?)\\n?```",
  "`(?<code>[^`\\n]+)`",
  "<(?<token>[^<>\\n]+)>",
  "(?<![\\w:]):(?<emoji>[a-z0-9_+'-]+(?:::skin-tone-[2-6])?):(?![\\w:])",
  "(?<![\\w*])\\*(?<bold>\\S|\\S[^*\\n]*?\\S)\\*(?![\\w*])",
  "(?<![\\w_])_(?<italic>\\S|\\S[^_\\n]*?\\S)_(?![\\w_])",
  "(?<![\\w~])~(?<strike>\\S|\\S[^~\\n]*?\\S)~(?![\\w~])",
].join("|"), "g");

// mrkdwn answers the nodes of a text. names turns ids into names.
export function mrkdwn(text, names) {
  const nodes = [];
  let quote = null;
  const flush = (lines) => { if (lines.length) nodes.push(...spans(lines.join("\n"), names)); };
  let plain = [];
  let fenced = false;
  for (const line of text.split("\n")) {
    const quoted = !fenced && line.match(/^(?:&gt;|>)(?:&gt;&gt;)? ?(.*)$/);
    if ((line.match(/```/g) ?? []).length % 2) fenced = !fenced;
    if (quoted) {
      flush(plain);
      plain = [];
      if (!quote) nodes.push((quote = h("blockquote")));
      quote.append(...spans(quoted[1], names), h("br"));
      continue;
    }
    quote = null;
    plain.push(line);
  }
  flush(plain);
  return nodes;
}

function spans(text, names) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(inline)) {
    nodes.push(...lines(text.slice(last, match.index)));
    nodes.push(span(match.groups, match[0], names));
    last = match.index + match[0].length;
  }
  nodes.push(...lines(text.slice(last)));
  return nodes;
}

function lines(text) {
  return unescape(text).split("\n").flatMap((line, i) => (i ? [h("br"), line] : [line])).filter((n) => n !== "");
}

function span(g, whole, names) {
  if (g.fence !== undefined) return h("pre", {}, unescape(g.fence));
  if (g.code !== undefined) return h("code", {}, unescape(g.code));
  if (g.token !== undefined) return token(g.token, names);
  if (g.emoji !== undefined) return drawEmoji(g.emoji);
  if (g.bold !== undefined) return h("strong", {}, ...spans(g.bold, names));
  if (g.italic !== undefined) return h("em", {}, ...spans(g.italic, names));
  if (g.strike !== undefined) return h("s", {}, ...spans(g.strike, names));
  return whole;
}

export function drawEmoji(name) {
  const sign = emoji(name);
  return sign ? h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") }, sign) : `:${name}:`;
}

function token(inner, names) {
  const bar = inner.indexOf("|");
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? null : unescape(inner.slice(bar + 1));
  if (target.startsWith("@")) return h("span", { class: "mention" }, "@" + names(target.slice(1)));
  if (target.startsWith("#")) return h("a", { class: "mention", href: "#" + target.slice(1) }, "#" + names(target.slice(1)));
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!subteam^")) return h("span", { class: "mention" }, "@" + names(target.slice(9)));
  if (target.startsWith("!")) return h("span", { class: "mention" }, "@" + target.slice(1));
  const url = unescape(target);
  if (!/^(https?:|mailto:)/.test(url)) return `<${inner}>`;
  return h("a", { href: url, target: "_blank", rel: "noreferrer" }, label ?? url);
}

// date writes an instant in the reader's own zone, as the format asks.
// https://docs.slack.dev/messaging/formatting-message-text#date-formatting
function date(target, fallback) {
  const [, seconds, format, link] = target.split("^");
  const at = new Date(Number(seconds) * 1000);
  if (!format || Number.isNaN(at.getTime())) return fallback ?? target;
  const today = new Date().toDateString() === at.toDateString();
  const on = (options) => at.toLocaleDateString([], options);
  const known = {
    date_num: at.toISOString().slice(0, 10), date: on({ dateStyle: "long" }), date_short: on({ dateStyle: "medium" }),
    date_long: on({ dateStyle: "full" }), date_pretty: today ? "today" : on({ dateStyle: "long" }),
    date_short_pretty: today ? "today" : on({ dateStyle: "medium" }), date_long_pretty: today ? "today" : on({ dateStyle: "full" }),
    time: at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }), time_secs: at.toLocaleTimeString(),
    ago: ago(at),
  };
  const text = format.replace(/\{(\w+)\}/g, (whole, name) => known[name] ?? whole);
  const node = h("time", { datetime: at.toISOString(), title: fallback ?? "" }, text);
  return link && /^https?:/.test(link) ? h("a", { href: link, target: "_blank", rel: "noreferrer" }, node) : node;
}

function ago(at) {
  const minutes = Math.round((at.getTime() - Date.now()) / 60000);
  const words = new Intl.RelativeTimeFormat([], { numeric: "auto" });
  if (Math.abs(minutes) < 60) return words.format(minutes, "minute");
  if (Math.abs(minutes) < 60 * 36) return words.format(Math.round(minutes / 60), "hour");
  return words.format(Math.round(minutes / 1440), "day");
}

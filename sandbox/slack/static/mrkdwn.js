// Draws Slack's mrkdwn. https://docs.slack.dev/messaging/formatting-message-text
import { h, link } from "./dom.js";
import { emoji } from "./emoji.js";
import { names, now } from "./workspace.js";

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

// mrkdwn answers the nodes of a text.
export function mrkdwn(text) {
  const nodes = [];
  let plain = [];
  let quoted = [];
  let fenced = false;
  let rest = false; // of the text is quoted, after >>>
  const flush = () => {
    if (quoted.length) nodes.push(h("blockquote", {}, spans(quoted.join("\n"))));
    if (plain.length) nodes.push(...spans(plain.join("\n")));
    plain = [];
    quoted = [];
  };
  for (const line of (text ?? "").split("\n")) {
    const mark = !fenced && !rest && line.match(/^(?:&gt;|>)((?:&gt;&gt;|>>)?) ?(.*)$/);
    if ((line.match(/```/g) ?? []).length % 2) fenced = !fenced;
    if (mark || rest) {
      if (plain.length) flush();
      quoted.push(mark ? mark[2] : line);
      rest ||= Boolean(mark?.[1]);
    } else {
      if (quoted.length) flush();
      plain.push(line);
    }
  }
  flush();
  return nodes;
}

function spans(text) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(inline)) {
    nodes.push(...lines(text.slice(last, match.index)));
    nodes.push(span(match.groups, match[0]));
    last = match.index + match[0].length;
  }
  nodes.push(...lines(text.slice(last)));
  return nodes;
}

function lines(text) {
  return unescape(text).split("\n").flatMap((line, i) => (i ? [h("br"), line] : [line])).filter((n) => n !== "");
}

function span(g, whole) {
  if (g.fence !== undefined) return h("pre", {}, unescape(g.fence));
  if (g.code !== undefined) return h("code", {}, unescape(g.code));
  if (g.token !== undefined) return token(g.token);
  if (g.emoji !== undefined) return drawEmoji(g.emoji);
  if (g.bold !== undefined) return h("strong", {}, spans(g.bold));
  if (g.italic !== undefined) return h("em", {}, spans(g.italic));
  if (g.strike !== undefined) return h("s", {}, spans(g.strike));
  return whole;
}

// drawEmoji shows a name as its sign, or as :name: when it is none of ours.
export function drawEmoji(name) {
  const sign = emoji(name);
  return sign ? h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") }, sign) : `:${name}:`;
}

// plainText answers the nodes of a plain_text object: only emoji are drawn.
export function plainText(t) {
  return (t?.text ?? "").split(/(:[a-z0-9_+'-]+:)/g).map((part, i) => (i % 2 ? drawEmoji(part.slice(1, -1)) : part));
}

// drawText answers the nodes of a text object of either kind.
export const drawText = (t) => (t?.type === "mrkdwn" ? mrkdwn(t.text) : plainText(t));

export const mention = (id) => h("span", { class: id === now.me ? "mention me" : "mention" }, "@" + names(id));
export const channelLink = (id) => h("a", { class: "mention", href: "#" + encodeURIComponent(id) }, "#" + names(id));
export const broadcast = (range) => h("span", { class: "mention me" }, "@" + range);

export function anchor(url, label) {
  const safe = link(url);
  return safe ? h("a", { href: safe, target: "_blank", rel: "noreferrer" }, label ?? url) : label ?? url;
}

function token(inner) {
  const bar = inner.indexOf("|");
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? null : unescape(inner.slice(bar + 1));
  if (target.startsWith("@")) return mention(target.slice(1));
  if (target.startsWith("#")) return channelLink(target.slice(1));
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!subteam^")) return h("span", { class: "mention" }, "@" + names(target.slice(9)));
  if (target.startsWith("!")) return broadcast(target.slice(1));
  const url = unescape(target);
  return link(url) ? anchor(url, label) : `<${inner}>`;
}

// date writes an instant in the reader's own zone, as the format asks.
// https://docs.slack.dev/messaging/formatting-message-text#date-formatting
export function date(target, fallback) {
  const [, seconds, format, url] = target.split("^");
  const at = new Date(Number(seconds) * 1000);
  if (!format || Number.isNaN(at.getTime())) return fallback ?? target;
  const near = nearDay(at);
  const on = (dateStyle) => at.toLocaleDateString([], { dateStyle });
  const known = {
    date_num: at.toLocaleDateString("sv"), date: on("long"), date_short: on("medium"), date_long: on("full"),
    date_pretty: near ?? on("long"), date_short_pretty: near ?? on("medium"), date_long_pretty: near ?? on("full"),
    time: at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }), time_secs: at.toLocaleTimeString(), ago: ago(at),
  };
  const node = h("time", { datetime: at.toISOString(), title: at.toLocaleString([], { dateStyle: "full", timeStyle: "long" }) },
    format.replace(/\{(\w+)\}/g, (whole, name) => known[name] ?? whole));
  return link(url) ? h("a", { href: url, target: "_blank", rel: "noreferrer" }, node) : node;
}

function nearDay(at) {
  const days = Math.round((new Date(at).setHours(12, 0, 0, 0) - new Date().setHours(12, 0, 0, 0)) / 86400000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days];
}

function ago(at) {
  const minutes = Math.round((at.getTime() - Date.now()) / 60000);
  const words = new Intl.RelativeTimeFormat([], { numeric: "auto" });
  if (Math.abs(minutes) < 60) return words.format(minutes, "minute");
  if (Math.abs(minutes) < 60 * 36) return words.format(Math.round(minutes / 60), "hour");
  return words.format(Math.round(minutes / 1440), "day");
}

// Draws rich_text blocks. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
import { h } from "./dom.js";
import { anchor, broadcast, channelLink, date, drawEmoji, mention } from "./mrkdwn.js";
import { names } from "./workspace.js";

export function richText(e) {
  const inner = () => (e.elements ?? []).map(richText);
  switch (e.type) {
    case "rich_text_section": return h("div", {}, inner());
    case "rich_text_list": return list(e);
    case "rich_text_preformatted": return h("pre", {}, inner());
    case "rich_text_quote": return h("blockquote", {}, inner());
    case "user": return styled(mention(e.user_id), e.style);
    case "channel": return styled(channelLink(e.channel_id), e.style);
    case "usergroup": return h("span", { class: "mention" }, "@" + names(e.usergroup_id));
    case "broadcast": return broadcast(e.range);
    case "emoji": return drawEmoji(e.name);
    case "link": return styled(anchor(e.url, e.text), e.style);
    case "date": return date(`!date^${e.timestamp}^${e.format}^${e.url ?? ""}`, e.fallback);
    case "color": return h("code", {}, e.value);
  }
  return styled(breaks(e.text ?? ""), e.style);
}

// list draws a list; deeper ones follow as lists of their own, with an indent.
function list(e) {
  const tag = e.style === "ordered" ? "ol" : "ul";
  return h(tag, { class: `indent-${Math.min(e.indent ?? 0, 8)}`, start: e.offset ? e.offset + 1 : null },
    (e.elements ?? []).map((one) => h("li", {}, richText(one))));
}

const breaks = (text) => text.split("\n").flatMap((line, i) => (i ? [h("br"), line] : [line]));

function styled(node, style) {
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"]]) {
    if (style?.[name]) node = h(tag, {}, node);
  }
  return node;
}

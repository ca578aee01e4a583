// Draws Block Kit. What a person does with an element goes to the context:
//   press(key, value)      a button was pressed; keys are "block_id/action_id"
//   choose(key, values)    a menu, picker or box was used that tells the app at once
//   changed(key, values)   an input of a form holds something else now
//   values, dirty, errors  what elements hold as Slack keeps it, what was changed since, and messages below inputs
// https://docs.slack.dev/reference/block-kit
import { drawButton, drawFeedback, drawOverflow } from "./buttons.js";
import { control, grouped } from "./controls.js";
import { h, link } from "./dom.js";
import { icon } from "./icons.js";
import { drawText, mrkdwn, plainText } from "./mrkdwn.js";
import { richText } from "./richtext.js";

export function drawBlocks(blocks, context) {
  return (blocks ?? []).map((block) => {
    const draw = kinds[block.type];
    return h("div", { class: "block " + block.type }, draw ? draw(block, context) : h("p", { class: "unknown" }, `${block.type} blocks are not drawn here.`));
  });
}

const kinds = {
  divider: () => h("hr"),
  header: (b) => h("h3", {}, plainText(b.text)),
  section: (b, c) => [
    h("div", { class: "section-main" },
      b.text && h("div", {}, drawText(b.text)),
      b.fields && h("div", { class: "fields" }, b.fields.map((f) => h("div", {}, drawText(f))))),
    b.accessory && h("div", { class: "accessory" }, drawElement(b.accessory, b, c)),
  ],
  context: (b) => b.elements.map((e) => (e.type === "image" ? picture(e) : h("span", {}, drawText(e)))),
  actions: (b, c) => b.elements.map((e) => drawElement(e, b, c)),
  context_actions: (b, c) => b.elements.map((e) => drawFeedback(e, `${b.block_id}/${e.action_id}`, c)),
  image: (b) => h("figure", {}, b.title && h("figcaption", {}, plainText(b.title)), picture(b)),
  markdown: (b) => markdown(b.text),
  rich_text: (b) => b.elements.map(richText),
  table: (b) => h("div", { class: "table", tabindex: "0" }, h("table", {}, b.rows.map((row, i) => h("tr", {}, row.map((cell) =>
    h(i ? "td" : "th", {}, cell.type === "rich_text" ? (cell.elements ?? []).map(richText) : cell.text ?? "")))))),
  file: (b) => h("span", { class: "file" }, icon("file"), h("strong", {}, b.external_id ?? "file")),
  video: (b) => [
    h("div", {}, b.author_name && h("small", {}, b.author_name), h("strong", {}, link(b.title_url) ? h("a", { href: b.title_url, target: "_blank", rel: "noreferrer" }, plainText(b.title)) : plainText(b.title)),
      b.description && h("p", {}, plainText(b.description))),
    h("a", { class: "video-frame", href: link(b.title_url) ?? link(b.video_url), target: "_blank", rel: "noreferrer" }, h("img", { src: link(b.thumbnail_url), alt: b.alt_text ?? "" }), icon("video")),
  ],
  input: drawInput,
};

function drawInput(b, c) {
  const problem = c.errors?.[b.block_id];
  const id = "input-" + b.block_id;
  const group = grouped(b.element.type);
  const about = [problem && id + "-problem", b.hint && id + "-hint"].filter(Boolean).join(" ");
  const name = [plainText(b.label), b.optional && h("span", { class: "optional" }, " (optional)")];
  return h("div", { class: problem ? "field wrong" : "field", role: group ? "group" : null, "aria-labelledby": group ? id + "-label" : null, "aria-describedby": group ? about : null },
    group ? h("span", { class: "label", id: id + "-label" }, name) : h("label", { class: "label", for: id, id: id + "-label" }, name),
    drawElement(b.element, b, c, { id, required: !b.optional, about, wrong: Boolean(problem) }),
    problem && h("p", { class: "problem", id: id + "-problem" }, icon("warning"), problem),
    b.hint && h("p", { class: "hint", id: id + "-hint" }, plainText(b.hint)));
}

// picture draws an image block or element, of an address or of a file that was uploaded.
function picture(e) {
  const file = e.slack_file?.id ?? e.slack_file?.url?.match(/-(F[A-Z0-9]+)\//)?.[1];
  return h("img", { src: file ? "/page/file/" + file : link(e.image_url), alt: e.alt_text ?? "", title: e.alt_text ?? null });
}

function drawElement(e, block, c, field) {
  const key = `${block.block_id}/${e.action_id}`;
  if (e.type === "image") return picture(e);
  if (e.type === "button" || e.type === "workflow_button") return drawButton(e, key, c);
  if (e.type === "overflow") return drawOverflow(e, key, c);
  const held = c.values?.[block.block_id]?.[e.action_id];
  const inInput = block.type === "input";
  return control(e, key, held, { ...c, ...field, inInput, tells: !inInput || block.dispatch_action });
}

// markdown draws the standard kind, as far as messages use it: headings, lists, bold, links, quotes and code.
function markdown(text) {
  const parts = text.split(/(```[\s\S]*?```)/g);
  return parts.map((part, i) => (i % 2 ? mrkdwn(part.replace(/^```\w*\n?/, "```")) : part.split("\n").map((line) => {
    const heading = line.match(/^#{1,6} (.*)$/);
    const item = line.match(/^(\s*)([-*+]|\d+\.) (.*)$/);
    if (heading) return h("h4", {}, mrkdwn(toMrkdwn(heading[1])));
    if (item) return h("div", { class: "item" }, /\d/.test(item[2]) ? item[2] : "•", h("span", {}, mrkdwn(toMrkdwn(item[3]))));
    return line.trim() ? h("div", {}, mrkdwn(toMrkdwn(line))) : h("div", { class: "gap" });
  })));
}

const toMrkdwn = (s) => s.replace(/\[([^\]]+)\]\((https?:[^)\s]+)\)/g, "<$2|$1>").replace(/(?<!\*)\*(?!\*)([^*]+)\*(?!\*)/g, "_$1_").replace(/\*\*(.+?)\*\*/g, "*$1*").replace(/~~(.+?)~~/g, "~$1~");

// drawAttachments draws the older kind of message, with a coloured bar.
export function drawAttachments(attachments, context) {
  return (attachments ?? []).map((a) => {
    const node = h("div", { class: "attachment" },
      a.pretext && h("p", {}, mrkdwn(a.pretext)),
      h("div", { class: "attachment-body" },
        a.title && h("strong", {}, link(a.title_link) ? h("a", { href: a.title_link, target: "_blank", rel: "noreferrer" }, a.title) : a.title),
        a.blocks ? drawBlocks(a.blocks, context) : h("div", {}, mrkdwn(a.text ?? a.fallback ?? "")),
        a.fields && h("div", { class: "fields" }, a.fields.map((f) => h("div", {}, h("strong", {}, f.title), h("br"), mrkdwn(f.value ?? "")))),
        a.footer && h("small", {}, a.footer)));
    const colour = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" }[a.color] ?? (/^#?[0-9a-f]{6}$/i.test(a.color ?? "") ? "#" + a.color.replace("#", "") : "");
    if (colour) node.style.setProperty("--bar", colour);
    return node;
  });
}

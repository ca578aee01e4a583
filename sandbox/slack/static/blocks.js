// Draws Block Kit. What a person does with an element goes to the context:
//   names(id)                    the name of a user, channel or group
//   press(key, value)            a button was pressed
//   choose(key, values)          a menu, picker or box outside an input block was used
//   values                       what the elements hold, by block_id and action_id, as Slack keeps it
//   errors                       messages below inputs, by block_id
import { ask, h } from "./dom.js";
import { control } from "./inputs.js";
import { drawEmoji, mrkdwn } from "./mrkdwn.js";

export function drawBlocks(blocks, context) {
  return blocks.map((block) => {
    const draw = kinds[block.type];
    return h("div", { class: "block " + block.type }, draw ? draw(block, context) : `(${block.type} is not drawn here)`);
  });
}

const kinds = {
  divider: () => h("hr"),
  header: (b) => h("h3", {}, plainText(b.text)),
  section: (b, c) => [
    h("div", { class: "section-main" },
      b.text && h("div", {}, drawText(b.text, c)),
      b.fields && h("div", { class: "fields" }, b.fields.map((f) => h("div", {}, drawText(f, c))))),
    b.accessory && h("div", { class: "accessory" }, drawElement(b.accessory, b, c)),
  ],
  context: (b, c) => b.elements.map((e) => e.type === "image" ? picture(e) : h("span", {}, drawText(e, c))),
  actions: (b, c) => b.elements.map((e) => drawElement(e, b, c)),
  image: (b) => h("figure", {}, b.title && h("figcaption", {}, plainText(b.title)), picture(b)),
  markdown: (b, c) => mrkdwn(b.text.replace(/\*\*(.+?)\*\*/g, "*$1*"), c.names),
  rich_text: (b, c) => b.elements.map((e) => rich(e, c)),
  input: (b, c) => {
    const problem = c.errors?.[b.block_id];
    const id = "input-" + b.block_id;
    const element = drawElement(b.element, b, c, id);
    const group = ["checkboxes", "radio_buttons"].includes(b.element.type) || b.element.type.startsWith("multi_");
    return h(group ? "fieldset" : "div", { class: problem ? "field wrong" : "field" },
      h(group ? "legend" : "label", group ? {} : { for: id }, plainText(b.label), b.optional && h("span", { class: "optional" }, " (optional)")),
      element,
      problem && h("p", { class: "problem", id: id + "-problem", role: "alert" }, problem),
      b.hint && h("p", { class: "hint" }, plainText(b.hint)));
  },
};

const plainText = (t) => (t.text ?? "").split(/(:[a-z0-9_+-]+:)/g).map((part, i) => (i % 2 ? drawEmoji(part.slice(1, -1)) : part));

export function drawText(t, c) {
  return t.type === "plain_text" ? plainText(t) : mrkdwn(t.text, c.names);
}

function picture(e) {
  return h("img", { src: e.image_url ?? "", alt: e.alt_text ?? "", loading: "lazy" });
}

function drawElement(e, block, c, id) {
  const key = `${block.block_id}/${e.action_id}`;
  if (e.type === "image") return picture(e);
  if (e.type === "button" || e.type === "workflow_button") return drawButton(e, key, c);
  if (e.type === "overflow") return overflow(e, key, c);
  const held = c.values?.[block.block_id]?.[e.action_id];
  return control(e, key, held, { ...c, id, inInput: block.type === "input", tells: block.type !== "input" || block.dispatch_action });
}

function drawButton(e, key, c) {
  const button = h("button", {
    type: "button", class: "button " + (e.style ?? ""), "aria-label": e.accessibility_label ?? null,
    onclick: async () => {
      if (e.confirm && !(await ask({ ...e.confirm, body: drawText(e.confirm.text, c) }))) return;
      if (e.url) window.open(e.url, "_blank", "noreferrer");
      button.disabled = true;
      button.classList.add("busy");
      await c.press(key, e.value ?? "");
      button.disabled = false;
      button.classList.remove("busy");
    },
  }, plainText(e.text));
  return button;
}

function overflow(e, key, c) {
  const menu = h("details", { class: "overflow" }, h("summary", { "aria-label": "More" }, "⋯"),
    h("div", { role: "menu" }, e.options.map((o) => h("button", {
      type: "button", role: "menuitem",
      onclick: () => { menu.open = false; c.choose(key, [o.value]); },
    }, plainText(o.text)))));
  return menu;
}

function rich(e, c) {
  const inner = () => (e.elements ?? []).map((one) => rich(one, c));
  switch (e.type) {
    case "rich_text_section": return h("div", {}, inner());
    case "rich_text_list": return h(e.style === "ordered" ? "ol" : "ul", {}, e.elements.map((one) => h("li", {}, rich(one, c))));
    case "rich_text_preformatted": return h("pre", {}, inner());
    case "rich_text_quote": return h("blockquote", {}, inner());
    case "user": return h("span", { class: "mention" }, "@" + c.names(e.user_id));
    case "channel": return h("span", { class: "mention" }, "#" + c.names(e.channel_id));
    case "usergroup": return h("span", { class: "mention" }, "@" + c.names(e.usergroup_id));
    case "broadcast": return h("span", { class: "mention" }, "@" + e.range);
    case "emoji": return drawEmoji(e.name);
    case "link": return h("a", { href: e.url, target: "_blank", rel: "noreferrer" }, e.text ?? e.url);
  }
  let node = e.text ?? "";
  for (const [style, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) {
    if (e.style?.[style]) node = h(tag, {}, node);
  }
  return node;
}

// Draws what is pressed: buttons and overflow menus of Block Kit.
import { ask } from "./dialog.js";
import { classes, h, link } from "./dom.js";
import { icon } from "./icons.js";
import { menu } from "./menu.js";
import { drawText, plainText } from "./mrkdwn.js";

// confirmed asks the element's question, if it has one.
export const confirmed = async (e) => !e.confirm || ask({ ...e.confirm, body: drawText(e.confirm.text) });

// drawButton keeps the button busy until the app has acknowledged.
export function drawButton(e, key, c) {
  const button = h("button", {
    type: "button", class: classes("button", e.style && "filled", e.style), "data-key": `${key} ${e.value ?? ""}`, "aria-label": e.accessibility_label ?? null,
    onclick: async () => {
      if (button.ariaBusy === "true" || !(await confirmed(e))) return;
      if (link(e.url)) window.open(e.url, "_blank", "noreferrer");
      button.ariaBusy = "true";
      await c.press(key, e.value ?? "");
      button.ariaBusy = null;
    },
  }, plainText(e.text), link(e.url) && icon("right"));
  return button;
}

export function drawOverflow(e, key, c) {
  const button = h("button", { type: "button", class: "button dots", "data-key": key, "aria-label": "More options", "aria-haspopup": "menu", "aria-expanded": "false",
    onclick: () => menu(button, "More options", e.options.map((o) => ({
      name: o.text.text, note: o.description?.text, value: o.value,
      do: async () => {
        if (!(await confirmed(e))) return;
        if (link(o.url)) window.open(o.url, "_blank", "noreferrer");
        c.choose(key, [o.value]);
      },
    }))) }, icon("dots"));
  return button;
}

// drawFeedback shows the small buttons below an answer; they do nothing here.
export function drawFeedback(e) {
  const labels = e.type === "feedback_buttons" ? [e.positive_button, e.negative_button] : [e];
  return labels.filter(Boolean).map((one) => h("button", { type: "button", class: "button", disabled: true }, plainText(one.text)));
}

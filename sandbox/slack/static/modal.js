// Draws the form that the person has open. What was typed is kept here until it is sent.
import { drawBlocks } from "./blocks.js";
import { $, h } from "./dom.js";
import { act, lists, names, now } from "./workspace.js";

let shown = ""; // which form, in which state
let viewID = "";
let dirty = {};

export function drawModal(view) {
  const dialog = $("modal");
  if (!view) {
    shown = viewID = "";
    dirty = {};
    if (dialog.open) dialog.close();
    return;
  }
  const state = JSON.stringify([view.id, view.hash, view.errors, now.me]);
  if (state === shown) return;
  shown = state;
  if (viewID !== view.id) {
    viewID = view.id;
    dirty = {};
  }
  const focused = document.activeElement?.dataset?.key;
  const at = focused && document.activeElement.selectionStart;
  const context = {
    names, ...lists, values: view.values, errors: view.errors, dirty,
    changed: (key, values) => { dirty[key] = values; },
    press: (action, value) => act({ do: "pressView", action, value, inputs: dirty }),
    choose: (action, chosen) => act({ do: "fill", action, chosen, inputs: dirty }),
  };
  dialog.replaceChildren(form(view, context));
  if (!dialog.open) dialog.showModal();
  const again = focused && dialog.querySelector(`[data-key="${CSS.escape(focused)}"]`);
  const target = again || dialog.querySelector("[autofocus]") || dialog.querySelector(".body input, .body select, .body textarea");
  target?.focus();
  if (["text", "url", "textarea"].includes(target?.type)) {
    const end = again ? at : target.value.length;
    target.setSelectionRange(end, end);
  }
  dialog.oncancel = (event) => { event.preventDefault(); act({ do: "cancel" }); };
}

function form(view, context) {
  const submit = view.submit && h("button", { class: "button primary", type: "submit" }, view.submit);
  return h("form", {
    novalidate: true,
    onsubmit: async (event) => {
      event.preventDefault();
      if (!submit) return;
      submit.disabled = true;
      await act({ do: "submit", inputs: dirty });
      submit.disabled = false;
    },
  },
    h("header", {}, h("h2", { id: "modal-title" }, view.title), view.depth > 1 && h("span", { class: "depth" }, `step ${view.depth}`),
      h("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => act({ do: "cancel" }) }, "✕")),
    h("div", { class: "body" }, drawBlocks(view.blocks, context)),
    h("p", { class: "notice", role: "alert" }),
    h("footer", {}, h("button", { class: "button", type: "button", onclick: () => act({ do: "cancel" }) }, view.close || "Cancel"), submit));
}

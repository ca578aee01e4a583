// Draws the form that the person has open. What was typed is kept here until it is sent.
import { drawBlocks } from "./blocks.js";
import { $, classes, h } from "./dom.js";
import { icon } from "./icons.js";
import { dismiss, isFloating } from "./menu.js";
import { act, avatar, now, refresh } from "./workspace.js";

let shown = ""; // which form, in which state
const typed = new Map(); // by view: what was entered since it was opened, by key
let back = null; // what had the focus before
let refused = false; // the form was just not taken: the focus goes to what is wrong

export function drawModal(view) {
  const dialog = $("modal");
  if (!view) {
    if (!dialog.open) return;
    shown = "";
    typed.clear();
    dismiss();
    dialog.close();
    (back?.isConnected ? back : $("line"))?.focus({ preventScroll: true });
    return;
  }
  const state = JSON.stringify([view.id, view.hash, view.errors, view.depth, now.me]);
  if (state === shown) return;
  shown = state;
  if (!dialog.open) back = document.activeElement;
  const another = dialog.dataset.view !== view.id;
  dialog.dataset.view = view.id;
  dialog.dataset.depth = view.depth;
  if (!typed.has(view.id)) typed.set(view.id, {});
  const dirty = typed.get(view.id);
  const context = {
    values: view.values, errors: view.errors, dirty,
    changed: (key, values) => { dirty[key] = values; },
    press: (action, value) => act({ do: "pressView", action, value, inputs: dirty }),
    choose: (action, chosen) => act({ do: "fill", action, chosen, inputs: dirty }),
  };
  const focused = document.activeElement?.dataset?.key;
  const caret = focused && document.activeElement.selectionStart;
  const filter = !another && document.activeElement?.getAttribute("aria-expanded") === "true" ? document.activeElement.value : null;
  const scrolled = another ? 0 : dialog.querySelector(".body")?.scrollTop ?? 0;
  const message = dialog.querySelector(".notice")?.textContent;
  dismiss();
  dialog.replaceChildren(form(view, context, dirty));
  if (!another && message) dialog.querySelector(".notice").textContent = message;
  if (!dialog.open) dialog.showModal();
  dialog.querySelector(".body").scrollTop = scrolled;
  focusIn(dialog, another, focused, caret);
  if (filter !== null) openAgain(document.activeElement, focused, filter);
  dialog.oncancel = (event) => { event.preventDefault(); if (!isFloating()) act({ do: "cancel" }); };
}

// openAgain opens the menu that somebody was choosing from while the form was drawn anew, with what they had typed.
function openAgain(input, focused, filter) {
  if (input?.dataset?.key !== focused || input.getAttribute("role") !== "combobox") return;
  const untouched = input.value === filter;
  input.click();
  if (untouched) return;
  input.value = filter;
  input.dispatchEvent(new Event("input"));
}

// focusIn sets the focus: to what is wrong, to where it was, or to the first input.
function focusIn(dialog, another, focused, caret) {
  const wrong = refused && firstWrong(dialog);
  refused &&= !wrong;
  const again = !another && focused && focused !== "close" && dialog.querySelector(`[data-key="${CSS.escape(focused)}"]`);
  const target = wrong || again || dialog.querySelector("[autofocus]") || dialog.querySelector(".body input, .body textarea, .body button") || dialog.querySelector("footer .filled, footer .button");
  target?.focus({ preventScroll: !wrong });
  if (target && ["text", "textarea"].includes(target.type) && target.getAttribute("role") !== "combobox") {
    const at = target === again && caret !== undefined ? caret : target.value.length;
    target.setSelectionRange(at, at);
  }
}

const firstWrong = (dialog) => dialog.querySelector(".field.wrong :is(input, textarea, button)");

function form(view, context, dirty) {
  const submit = view.submit && h("button", { class: "button filled primary", type: "submit" }, view.submit);
  const one = h("form", {
    noValidate: true, class: classes("sheet", view.depth > 1 && "upon"),
    onsubmit: async (event) => {
      event.preventDefault();
      if (!submit || one.ariaBusy === "true") return;
      one.ariaBusy = submit.ariaBusy = "true";
      const answer = await act({ do: "submit", inputs: dirty });
      one.ariaBusy = submit.ariaBusy = null;
      refused = Boolean(answer.fields);
      if (!refused) return;
      await refresh();
      if (refused) firstWrong($("modal"))?.focus(); // the same is wrong as before, so nothing was drawn
      refused = false;
    },
  },
    h("header", {},
      view.depth > 1 ? h("button", { type: "button", class: "icon-button", "aria-label": "Back", title: "Back", onclick: () => act({ do: "cancel" }) }, icon("left")) : h("img", { class: "avatar", src: avatar(now.state.app.id), alt: "" }),
      h("h2", { id: "modal-title" }, view.title, h("small", {}, now.state.app.name)),
      h("button", { type: "button", class: "icon-button", "aria-label": "Close", title: "Close", onclick: () => act({ do: "cancelAll" }) }, icon("close"))),
    h("div", { class: "body" }, drawBlocks(view.blocks, context)),
    h("p", { class: "notice", role: "alert" }),
    (submit || view.close) && h("footer", {}, h("button", { class: "button", type: "button", "data-key": "close", onclick: () => act({ do: "cancel" }) }, view.close || "Cancel"), submit));
  return one;
}

// The pane on the right: a thread, or else the guide.
import { makeComposer } from "./composer.js";
import { $, h } from "./dom.js";
import { drawGuide, guideIsOpen } from "./guide.js";
import { icon } from "./icons.js";
import { makeList } from "./messages.js";
import { here, now, redraw } from "./workspace.js";

const side = $("side");
const section = h("section", { class: "list", role: "log", "aria-live": "off", "aria-label": "Thread" });
const form = h("form", { class: "composer" });
const where = h("small", {});
const pane = h("div", { class: "pane", id: "thread" },
  h("header", {}, h("h2", {}, "Thread", where), h("button", { type: "button", class: "icon-button", "aria-label": "Close the thread", title: "Close (Esc)", onclick: closeThread }, icon("close"))),
  h("div", { class: "list-frame" }, section), form);
side.append(pane);
const list = makeList(section, "thread");
const composer = makeComposer(form, { id: "thread-line", thread: () => now.thread });
pane.addEventListener("keydown", (event) => { if (event.key === "Escape" && !event.defaultPrevented) closeThread(); });

let opener = null;

// openThread shows the thread that begins with a message, ready to answer.
export function openThread(ts) {
  opener = document.activeElement?.closest("article")?.dataset.ts;
  now.thread = ts;
  redraw();
  composer.focus();
}

export function closeThread() {
  now.thread = "";
  redraw();
  document.querySelector(`#messages [data-ts="${opener}"]`)?.focus();
}

export function drawSide(state) {
  const messages = state.messages.filter((m) => m.thread === now.thread || m.ts === now.thread);
  if (now.thread && !messages.some((m) => m.ts === now.thread)) now.thread = "";
  pane.hidden = !now.thread;
  drawGuide(state, Boolean(now.thread));
  side.hidden = !now.thread && !guideIsOpen(state);
  if (!now.thread) return;
  where.textContent = here().kind === "im" ? here().name : "#" + here().name;
  list.draw(messages);
  composer.draw("Reply…", here().archived);
}


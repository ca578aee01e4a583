// The greeting: who one can be and what to try. What it says comes from the server; it is checked off there, too.
import { $, classes, fill, h, keepFocus } from "./dom.js";
import { icon } from "./icons.js";
import { mrkdwn } from "./mrkdwn.js";
import { openDM } from "./sidebar.js";
import { avatar, become, goTo, names, now, redraw } from "./workspace.js";

const roomy = () => window.innerWidth >= 1120;
let beside = sessionStorage.getItem("guide") !== "closed"; // open where there is room for it
let above = false; // open where it covers the messages
let shown = "";
let put = () => {};

// onFill is told which line a step puts into the composer.
export const onFill = (listener) => { put = listener; };
const isOpen = () => (roomy() ? beside : above);
export const guideIsOpen = (state) => Boolean(state.guide) && isOpen();
let wasRoomy = roomy();
window.addEventListener("resize", () => { if (roomy() !== wasRoomy) { wasRoomy = roomy(); redraw(); } });

function toggle(to) {
  if (roomy()) {
    beside = to;
    sessionStorage.setItem("guide", to ? "open" : "closed");
  } else {
    above = to;
  }
  redraw();
}

export const openGuide = () => toggle(true);

// guideButton shows how far one has come, and opens the guide.
export function guideButton(state) {
  if (!state.guide) return null;
  const steps = state.guide.steps ?? [];
  const done = steps.filter((s) => s.done).length;
  return h("button", {
    type: "button", class: classes("bar-button", "guide-button", done < steps.length && "fresh"), "data-key": "guide", "aria-pressed": String(isOpen()), title: "What to try", "aria-label": `What to try, ${done} of ${steps.length} done`,
    onclick: () => {
      const wasThread = now.thread;
      now.thread = "";
      toggle(wasThread ? true : !isOpen());
    },
  }, icon("guide"), h("span", {}, `${done}/${steps.length}`));
}

// drawGuide brings the guide's pane up to date; covered says that something else stands in its place.
export function drawGuide(state, covered) {
  const visible = guideIsOpen(state) && !covered;
  let pane = $("guide");
  if (!visible) { if (pane) pane.hidden = true; return; }
  if (!pane) $("side").append(pane = h("div", { class: "pane", id: "guide", "aria-label": "What to try", role: "region" }));
  pane.hidden = false;
  const key = JSON.stringify([state.guide, now.me]);
  if (key === shown) return;
  shown = key;
  const { title, text, people, steps } = state.guide;
  const done = (steps ?? []).filter((s) => s.done).length;
  const next = (steps ?? []).find((s) => !s.done);
  const bar = h("div", { class: "progress", role: "progressbar", "aria-label": "Done", "aria-valuemin": "0", "aria-valuemax": String(steps.length), "aria-valuenow": String(done) }, h("span"));
  bar.firstChild.style.width = `${(100 * done) / Math.max(1, steps.length)}%`;
  const top = pane.querySelector(".guide-body")?.scrollTop ?? 0;
  keepFocus(() => fill(pane,
    h("header", {}, h("h2", {}, title), h("button", { type: "button", class: "icon-button", "data-key": "close-guide", "aria-label": "Close the guide", title: "Close", onclick: () => toggle(false) }, icon("close"))),
    h("div", { class: "guide-body" },
      h("p", { class: "welcome" }, mrkdwn(text)),
      people?.length && [h("h3", {}, "Who you can be"), h("ul", { class: "who" }, people.map(personEntry))],
      h("h3", {}, "What to try", h("small", {}, `${done} of ${steps.length}`)), bar,
      h("ol", { class: "steps" }, steps.map((s, i) => stepEntry(s, i, s === next))),
      done === steps.length && h("p", { class: "welcome" }, "That was all of it. Well done."))));
  pane.querySelector(".guide-body").scrollTop = top;
}

function personEntry(p) {
  const mine = p.id === now.me;
  return h("li", {}, h("button", { type: "button", class: mine ? "mine" : "", "aria-pressed": String(mine), "data-key": "be " + p.id, onclick: () => become(p.id) },
    h("img", { class: "avatar", src: avatar(p.id), alt: "" }), h("span", {}, h("strong", {}, names(p.id), mine && h("span", { class: "badge" }, "You")), h("small", {}, p.about))));
}

function stepEntry(step, i, isNext) {
  return h("li", { class: classes(step.done && "done", isNext && "next") },
    h("button", { type: "button", "data-key": "step " + i, "aria-current": isNext ? "step" : null, onclick: () => go(step) },
      h("span", { class: "tick" }, step.done ? icon("check") : String(i + 1)),
      h("span", { class: "step" }, h("strong", {}, step.title, step.done && h("span", { class: "unseen" }, " (done)")), h("span", { class: "step-about" }, mrkdwn(step.about)),
        h("span", { class: "step-how" }, step.as && [h("img", { class: "avatar small", src: avatar(step.as), alt: "" }), h("small", {}, "as " + names(step.as))], step.line && h("code", {}, step.line), step.home && h("small", {}, "opens Home")))));
}

// go makes one the person of a step, goes where it is done, and puts its line into the composer.
async function go(step) {
  if (!roomy()) toggle(false);
  if (step.as && step.as !== now.me) await become(step.as);
  if (step.home) { openDM(now.state.app.id, "home"); return; }
  if (step.channel && (step.channel !== now.channel || now.tab !== "messages")) goTo(step.channel);
  put(step.channel || now.channel, step.line ?? "");
}

// A grid of emoji to choose from, with a search.
import { h } from "./dom.js";
import { emojiNames, quickName } from "./emoji.js";
import { dismiss, float } from "./menu.js";
import { drawEmoji } from "./mrkdwn.js";

const columns = 8;

// emojiPicker calls chosen with a name.
export function emojiPicker(anchor, chosen) {
  const search = h("input", { type: "search", placeholder: "Search emoji", "aria-label": "Search emoji", oninput: fill, onkeydown: (event) => {
    if (event.key === "ArrowDown") { event.preventDefault(); grid.querySelector("button")?.focus(); }
    if (event.key === "Enter") { event.preventDefault(); grid.querySelector("button")?.click(); }
  } });
  const grid = h("div", { class: "emoji-grid", role: "group", "aria-label": "Emoji", onkeydown: move });
  float(anchor, h("div", { class: "emoji-picker", role: "dialog", "aria-label": "Emoji" }, search, grid));
  fill();
  search.focus();

  function fill() {
    const typed = search.value.trim().toLowerCase().replace(/^:|:$/g, "");
    grid.replaceChildren(...emojiNames.filter((n) => quickName(n).includes(typed) || n.includes(typed)).map((name) =>
      h("button", { type: "button", title: `:${name}:`, "aria-label": quickName(name), tabindex: "-1", onclick: () => { dismiss(true); chosen(name); } }, drawEmoji(name))));
    grid.firstChild?.setAttribute("tabindex", "0");
  }

  function move(event) {
    const all = [...grid.children];
    const at = all.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (at < 0 || !step) return;
    event.preventDefault();
    if (at + step < 0) search.focus();
    else all[Math.min(at + step, all.length - 1)].focus();
  }
}

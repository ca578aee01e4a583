// A menu to choose from, with a filter; one choice or several. https://www.w3.org/WAI/ARIA/apg/patterns/combobox
import { classes, h } from "./dom.js";
import { icon } from "./icons.js";
import { dismiss, float } from "./menu.js";

let made = 0;

// combobox answers the element. groups are [{label, options: [{value, name, about, image, sign}]}]; set(values) is told
// of each choice and answers false when it does not count.
export function combobox({ named, multi, most, optional, placeholder, chosen, groups, set }) {
  const listID = `options-${++made}`;
  const all = groups.flatMap((g) => g.options);
  const find = (value) => all.find((o) => o.value === value);
  let close = null;
  let shown = []; // options in the list, in order
  let at = 0;

  const input = h("input", {
    ...named, type: "text", role: "combobox", autocomplete: "off", spellcheck: false, "aria-expanded": "false", "aria-haspopup": "listbox", "aria-controls": listID, "aria-autocomplete": "list",
    onclick: open, oninput: () => { open(); at = 0; fill(); }, onkeydown: key, onblur: () => setTimeout(leave),
  });
  const chips = h("span", { class: "chips" });
  const clear = h("button", { type: "button", class: "clear", tabindex: "-1", "aria-label": "Clear", onclick: () => { choose([]); input.focus(); } }, icon("close"));
  const box = h("div", { class: classes("select", multi && "many"), onclick: (event) => { if (event.target === box || event.target === chips) { input.focus(); open(); } } }, chips, input, clear, icon("down", "arrow"));
  const list = h("ul", { class: "options", role: "listbox", id: listID, "aria-multiselectable": multi ? "true" : null });
  draw();
  return box;

  // draw shows what is chosen.
  function draw() {
    const one = find(chosen[0]);
    input.value = multi ? "" : one?.name ?? "";
    input.placeholder = multi && chosen.length ? "" : placeholder;
    box.title = multi ? "" : one?.name ?? "";
    clear.hidden = multi || !optional || chosen.length === 0;
    chips.replaceChildren(...(multi ? chosen.map((value) => h("span", { class: "chip" }, picture(find(value)), find(value)?.name ?? value,
      h("button", { type: "button", tabindex: "-1", "aria-label": "Remove " + (find(value)?.name ?? value), onclick: () => { choose(chosen.filter((v) => v !== value)); input.focus(); } }, icon("close")))) : []));
  }

  function open() {
    if (close) return;
    at = Math.max(0, all.findIndex((o) => o.value === chosen[0]));
    close = float(box, list, { wide: true, keepFocus: true, onclose: () => { close = null; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); draw(); } });
    input.setAttribute("aria-expanded", "true");
    if (!multi) input.select();
    fill(true);
  }

  function leave() { if (close && document.activeElement !== input) dismiss(); }

  // fill lists what the filter lets through; untouched lets all through.
  function fill(untouched) {
    const typed = untouched ? "" : input.value.trim().toLowerCase();
    shown = [];
    const rows = groups.flatMap((g) => {
      const fit = g.options.filter((o) => `${o.name} ${o.about ?? ""}`.toLowerCase().includes(typed));
      if (fit.length === 0) return [];
      return [g.label && h("li", { class: "menu-title", role: "presentation" }, g.label), ...fit.map(row)];
    });
    list.replaceChildren(...rows.filter(Boolean));
    if (shown.length === 0) list.append(h("li", { class: "none", role: "presentation" }, "Nothing fits"));
    at = Math.min(at, Math.max(0, shown.length - 1));
    mark();
  }

  function row(o) {
    const i = shown.push(o) - 1;
    const taken = chosen.includes(o.value);
    return h("li", {
      role: "option", id: `${listID}-${i}`, "data-value": o.value, "aria-selected": String(taken),
      onpointerdown: (event) => event.preventDefault(), onclick: () => take(i), onpointermove: () => { if (at !== i) { at = i; mark(); } },
    }, picture(o), h("span", { class: "menu-name" }, o.name, o.about && h("small", {}, o.about)), taken && icon("check"));
  }

  function picture(o) {
    if (o?.image) return h("img", { class: "avatar small", src: o.image, alt: "" });
    return o?.sign ? icon(o.sign) : null;
  }

  function mark() {
    [...list.querySelectorAll("[role=option]")].forEach((node, i) => {
      node.classList.toggle("at", i === at);
      if (i === at) node.scrollIntoView({ block: "nearest" });
    });
    if (shown.length) input.setAttribute("aria-activedescendant", `${listID}-${at}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function take(i) {
    const value = shown[i]?.value;
    if (value === undefined) return;
    if (!multi) {
      dismiss();
      if (value !== chosen[0]) choose([value]);
      input.focus();
      return;
    }
    const next = chosen.includes(value) ? chosen.filter((v) => v !== value) : [...chosen, value];
    if (next.length <= most) choose(next);
    if (close) fill();
  }

  function choose(values) {
    const before = chosen;
    chosen = values;
    draw();
    Promise.resolve(set(values)).then((counts) => {
      if (counts !== false) return;
      chosen = before;
      draw();
    });
  }

  function key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!close) { open(); return; }
      at = (at + (event.key === "ArrowDown" ? 1 : shown.length - 1)) % Math.max(1, shown.length);
      mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (close) take(at); else open();
    } else if (event.key === "Tab") {
      if (close) dismiss();
    } else if (event.key === "Backspace" && multi && input.value === "" && chosen.length) {
      choose(chosen.slice(0, -1));
      if (close) fill();
    }
  }
}

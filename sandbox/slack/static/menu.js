// Menus and other things that float above the page: one at a time, closed by Escape, a click elsewhere, or a choice.
import { h, rove } from "./dom.js";
import { icon } from "./icons.js";

let open = null; // {node, anchor, close}

// float shows a node beside an anchor, above everything, and answers how to close it. The focus returns to the anchor.
export function float(anchor, node, { above = false, wide = false, keepFocus = false, onclose } = {}) {
  dismiss();
  node.setAttribute("popover", "manual");
  node.classList.add("float");
  (anchor.closest("dialog") ?? document.body).append(node);
  node.showPopover();
  const me = { node, anchor, keepFocus, place: () => place(anchor, node, above, wide) };
  me.close = (toAnchor = true) => {
    if (open !== me) return;
    open = null;
    node.remove();
    anchor.setAttribute("aria-expanded", "false");
    onclose?.();
    if (toAnchor && !keepFocus) refind(anchor)?.focus();
  };
  anchor.setAttribute("aria-expanded", "true");
  open = me;
  me.place();
  return me.close;
}

// refind answers the anchor, or its like when it was drawn anew.
function refind(anchor) {
  if (anchor.isConnected || !anchor.dataset.key) return anchor;
  return document.querySelector(`[data-key="${CSS.escape(anchor.dataset.key)}"]`);
}

export function dismiss(toAnchor = false) { open?.close(toAnchor); }
export const isFloating = () => open !== null;

function place(anchor, node, above, wide) {
  const a = anchor.getBoundingClientRect();
  if (wide) node.style.minWidth = a.width + "px";
  node.style.maxHeight = "";
  const n = node.getBoundingClientRect();
  const room = window.innerHeight - a.bottom - 12;
  const up = above ? a.top - 12 > Math.min(n.height, 200) : room < n.height && a.top > room;
  node.style.maxHeight = Math.max(120, up ? a.top - 12 : room) + "px";
  const high = node.getBoundingClientRect().height;
  node.style.top = Math.max(6, up ? a.top - high - 4 : a.bottom + 4) + "px";
  node.style.left = Math.max(6, Math.min(a.left, window.innerWidth - n.width - 6)) + "px";
}

document.addEventListener("pointerdown", (event) => {
  if (open && !open.node.contains(event.target) && !open.anchor.contains(event.target)) dismiss();
}, true);
document.addEventListener("keydown", (event) => {
  if (!open || event.key !== "Escape") return;
  event.preventDefault();
  event.stopPropagation();
  dismiss(true);
}, true);
window.addEventListener("resize", () => open?.place());
document.addEventListener("scroll", (event) => { if (open && !open.node.contains(event.target)) open.place(); }, true);

// menu shows items below an anchor: {name, icon, image, note, hint, danger, on, do}, "-" for a line, {title} for a heading.
export function menu(anchor, label, items, options = {}) {
  if (open?.anchor === anchor) { dismiss(true); return; }
  const node = h("div", { role: "menu", class: "menu", "aria-label": label }, items.filter(Boolean).map((item) => {
    if (item === "-") return h("hr", { role: "separator" });
    if (item.title) return h("p", { class: "menu-title", role: "presentation" }, item.title);
    return h("button", {
      type: "button", role: item.on === undefined ? "menuitem" : "menuitemradio", tabindex: "-1", class: item.danger ? "danger" : null,
      "aria-checked": item.on === undefined ? null : String(item.on), "data-value": item.value ?? null,
      onclick: () => { dismiss(true); item.do(); },
    },
      item.icon && icon(item.icon), item.image && h("img", { class: "avatar small", src: item.image, alt: "" }),
      h("span", { class: "menu-name" }, item.name, item.note && h("small", {}, item.note)),
      item.badge && h("span", { class: "count" }, item.badge), item.hint && h("kbd", {}, item.hint), item.on && icon("check"));
  }));
  float(anchor, node, options);
  rove(node, "[role^=menuitem]");
  typeAhead(node);
  node.addEventListener("keydown", (event) => { if (event.key === "Tab") { event.preventDefault(); dismiss(true); } });
  (node.querySelector("[aria-checked=true]") ?? node.querySelector("[role^=menuitem]"))?.focus();
}

// typeAhead moves to the item that begins with a letter.
function typeAhead(node) {
  node.addEventListener("keydown", (event) => {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.key === " ") return;
    const all = [...node.querySelectorAll("[role^=menuitem]")];
    const from = all.indexOf(document.activeElement) + 1;
    [...all.slice(from), ...all.slice(0, from)].find((i) => i.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
  });
}

// Small helpers to build the page. Everything that comes from people goes in as text, never as markup.

// h makes an element; properties that begin with "on" are listeners, null and false ones are left out.
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...present(children));
  return element;
}

const present = (children) => children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false && c !== "");

// fill puts children in the place of those that were there.
export const fill = (element, ...children) => element.replaceChildren(...present(children));

export const $ = (id) => document.getElementById(id);

// classes joins the names that are set.
export const classes = (...names) => names.filter(Boolean).join(" ");

// link answers an address that is safe to follow, or null.
export const link = (url) => (/^(https?:|mailto:)/i.test(url ?? "") ? url : null);

// clock and day write the time of a timestamp in the reader's own zone.
export const clock = (ts) => new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export function day(ts) {
  const date = new Date(Number(ts) * 1000);
  const today = new Date();
  if (date.toDateString() === today.toDateString()) return "Today";
  today.setDate(today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return "Yesterday";
  return date.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
}

export const size = (n) => (n < 1000 ? `${n} B` : n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`);

// keepFocus runs a redraw and gives the focus back to the element with the same data-key, should it be a new one; or to
// the message that it was on.
export function keepFocus(redraw) {
  const before = document.activeElement;
  const key = before?.dataset?.key;
  const message = before?.closest?.("[data-ts]");
  const scope = before?.closest?.("dialog, #home, #sidebar, #bar, #side, #inspector");
  const at = key && before.selectionStart;
  redraw();
  if (before?.isConnected) return;
  const place = message ? [...document.querySelectorAll(`[data-ts="${message.dataset.ts}"]`)].find((n) => n.dataset.place === message.dataset.place) : scope;
  const again = key && place?.querySelector(`[data-key="${CSS.escape(key)}"]`);
  (again ?? (message && place))?.focus({ preventScroll: true });
  if (again && typeof at === "number") try { again.setSelectionRange(at, at); } catch { /* numbers and addresses have no caret to set */ }
}

// rove makes the arrow keys move among the items of a place, of which one at a time can be reached with Tab.
export function rove(place, selector, { across = false } = {}) {
  const items = () => [...place.querySelectorAll(selector)].filter((i) => !i.disabled && i.checkVisibility());
  const settle = (chosen) => { for (const i of items()) i.tabIndex = i === chosen ? 0 : -1; };
  place.addEventListener("focusin", (event) => { const item = event.target.closest(selector); if (item && place.contains(item)) settle(item); });
  place.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const keys = across ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const step = { [keys[0]]: at - 1, [keys[1]]: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    all[(step + all.length) % all.length].focus();
  });
  return (chosen) => settle(chosen ?? items()[0]);
}

// say tells screen readers something, once.
export function say(text) {
  const region = $("live");
  region.textContent = region.textContent === text ? text + " " : text;
}

let held = null; // while the pointer's first button is down: a promise of its release
addEventListener("pointerdown", (event) => { if (event.button === 0) held ??= Promise.withResolvers(); }, true);
for (const end of ["pointerup", "pointercancel"]) {
  addEventListener(end, () => { const was = held; held = null; if (was) setTimeout(was.resolve); }, true); // after the click
}

// released waits until the pointer is let go of: what is drawn anew between press and release is never clicked.
export const released = () => held?.promise;

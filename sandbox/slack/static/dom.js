// Small helpers to build the page.

// h makes an element; properties that begin with "on" are listeners, null and false ones are left out.
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

export const $ = (id) => document.getElementById(id);

// ask shows a dialog's content and answers what the person chose.
export function ask(confirm) {
  const dialog = $("confirm");
  return new Promise((resolve) => {
    const close = (answer) => () => { dialog.close(); resolve(answer); };
    const yes = h("button", { class: "button " + (confirm.style ?? "primary"), type: "button", onclick: close(true) }, confirm.confirm?.text ?? "Yes");
    dialog.replaceChildren(
      h("h2", { id: "confirm-title" }, confirm.title?.text ?? "Are you sure?"),
      h("div", { class: "body" }, confirm.body ?? confirm.text?.text ?? ""),
      h("footer", {}, h("button", { class: "button", type: "button", onclick: close(false) }, confirm.deny?.text ?? "Cancel"), yes));
    dialog.oncancel = close(false);
    dialog.showModal();
    yes.focus();
  });
}

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

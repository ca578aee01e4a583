// Where the person writes. A line that begins with / is a command; names are completed after @ and #.
import { $, h } from "./dom.js";
import { act, now } from "./workspace.js";

let input, list, chosen = 0, offered = [];

export function makeComposer() {
  input = h("textarea", { id: "line", rows: 1, "aria-label": "Message", "aria-controls": "offers", "aria-autocomplete": "list", autocomplete: "off", oninput: changed, onkeydown: key });
  list = h("ul", { id: "offers", role: "listbox", hidden: true });
  const form = $("composer");
  form.replaceChildren(list, input, h("button", { class: "button primary", type: "submit" }, "Send"));
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
}

export function drawComposer(channel) {
  input.placeholder = channel.archived ? "This channel is archived" : `Message ${channel.kind === "im" ? channel.name : "#" + channel.name}, or / for commands`;
  input.disabled = Boolean(channel.archived);
}

async function send() {
  const text = input.value.trim();
  if (!text) return;
  input.value = "";
  changed();
  const answer = await act({ do: text.startsWith("/") ? "slash" : "say", text });
  if (answer.error && !input.value) input.value = text;
  input.focus();
}

function changed() {
  input.style.height = "auto";
  input.style.height = Math.min(input.scrollHeight, 160) + "px";
  offered = offers();
  chosen = 0;
  draw();
}

function offers() {
  const before = input.value.slice(0, input.selectionStart);
  if (/^\/\S*$/.test(before)) {
    return (now.state.commands ?? []).filter((c) => c.name.startsWith(before))
      .map((c) => ({ text: c.name + " ", name: c.name, hint: c.hint, about: c.description, from: 0 }));
  }
  const mark = before.match(/(^|\s)([@#])(\S*)$/);
  if (!mark) return [];
  const all = mark[2] === "@" ? now.state.people : now.state.channels.filter((c) => c.kind !== "im");
  return all.filter((one) => one.name.startsWith(mark[3])).slice(0, 8)
    .map((one) => ({ text: mark[2] + one.name + " ", name: mark[2] + one.name, from: before.length - mark[3].length - 1 }));
}

function draw() {
  list.hidden = offered.length === 0;
  input.setAttribute("aria-expanded", String(!list.hidden));
  list.replaceChildren(...offered.map((o, i) => h("li", {
    role: "option", id: "offer-" + i, "aria-selected": String(i === chosen), onmousedown: (event) => { event.preventDefault(); take(i); },
  }, h("strong", {}, o.name), o.hint && h("code", {}, o.hint), o.about && h("span", {}, o.about))));
  if (list.hidden) input.removeAttribute("aria-activedescendant");
  else input.setAttribute("aria-activedescendant", "offer-" + chosen);
}

function take(i) {
  const rest = input.value.slice(input.selectionStart);
  input.value = input.value.slice(0, offered[i].from) + offered[i].text;
  const at = input.value.length;
  input.value += rest;
  input.setSelectionRange(at, at);
  offered = [];
  draw();
}

function key(event) {
  if (offered.length > 0) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : offered.length - 1)) % offered.length;
      draw();
      return;
    }
    const exact = offered[chosen].name === input.value;
    if (event.key === "Tab" || (event.key === "Enter" && !exact)) {
      event.preventDefault();
      take(chosen);
      return;
    }
    if (event.key === "Escape") {
      offered = [];
      draw();
      return;
    }
  }
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
}

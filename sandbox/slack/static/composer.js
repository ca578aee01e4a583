// Where the person writes: below a channel, and below a thread. Drafts stay with their place until they are sent.
import { completion } from "./completion.js";
import { h } from "./dom.js";
import { emojiPicker } from "./emojipicker.js";
import { icon } from "./icons.js";
import { dismiss, menu } from "./menu.js";
import { act, now, upload } from "./workspace.js";

const drafts = new Map();
const keptLines = 50;
const history = JSON.parse(sessionStorage.getItem("history") ?? "{}"); // of each person: the lines that were sent

// makeComposer fills a form; thread answers the thread it writes to, or "".
export function makeComposer(form, { id, thread = () => "" }) {
  let place = "";
  let back = 0; // lines gone back in the history
  const input = h("textarea", { id, rows: 1, autocomplete: "off", spellcheck: true, "aria-autocomplete": "list", "aria-haspopup": "listbox", oninput: changed, onkeydown: key, onpaste: paste });
  const offers = completion(input, { commands: () => !thread(), changed });
  const button = (name, sign, onclick, more) => h("button", { type: "button", class: "icon-button", "aria-label": name, title: name, onclick, ...more }, icon(sign));
  const popup = { "aria-haspopup": "true", "aria-expanded": "false" };
  const add = button("Add a file or use a shortcut", "plus", () => menu(add, "Add", additions(), { above: true }), popup);
  const smile = button("Emoji", "smile", () => emojiPicker(smile, (name) => insert(`:${name}: `)), popup);
  const send = h("button", { type: "submit", class: "send", "aria-label": "Send", title: "Send (Enter)" }, icon("send"));
  const file = h("input", { type: "file", hidden: true, multiple: true, onchange: () => share(file.files) });
  const box = h("div", { class: "compose-box" }, input,
    h("div", { class: "compose-bar" }, add, smile, button("Mention someone", "at", () => insert("@")), h("span", { class: "keys", "aria-hidden": "true" }, h("kbd", {}, "Shift"), " + ", h("kbd", {}, "Enter"), " adds a line"), send), file);
  form.replaceChildren(h("p", { class: "notice", role: "alert" }), offers.node, box);
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  box.addEventListener("dragover", (event) => { event.preventDefault(); box.classList.add("drop"); });
  box.addEventListener("dragleave", () => box.classList.remove("drop"));
  box.addEventListener("drop", (event) => { event.preventDefault(); box.classList.remove("drop"); share(event.dataTransfer.files); });

  function additions() {
    const shortcuts = thread() ? [] : (now.state.shortcuts ?? []).filter((s) => !s.onMessage);
    return [
      { name: "Upload from your computer", icon: "clip", do: () => file.click() },
      shortcuts.length && "-",
      shortcuts.length && { title: "Shortcuts" },
      ...shortcuts.map((s) => ({ name: s.name, note: now.state.app.name, icon: "bolt", value: s.id, do: () => act({ do: "shortcut", callback: s.id }) })),
    ];
  }

  async function share(files) {
    for (const one of [...files]) await upload(one, { channel: now.channel, thread: thread(), text: input.value.trim() });
    file.value = "";
    if (files.length) set("");
  }

  function paste(event) {
    if (event.clipboardData.files.length) { event.preventDefault(); share(event.clipboardData.files); }
  }

  async function submit() {
    const text = input.value.trim();
    if (!text || input.disabled) return;
    remember(text);
    set("");
    send.ariaBusy = "true";
    const isCommand = text.startsWith("/") && !thread();
    const answer = await act({ do: isCommand ? "slash" : "say", thread: thread(), text });
    send.ariaBusy = null;
    if (answer.error && !input.value) set(text);
    input.focus();
  }

  function changed() {
    drafts.set(place, input.value);
    input.style.height = "auto";
    input.style.height = Math.min(input.scrollHeight, 180) + "px";
    send.disabled = input.value.trim() === "";
    offers.update();
  }

  function set(text) {
    input.value = text;
    input.setSelectionRange(text.length, text.length);
    changed();
  }

  function insert(text) {
    const { selectionStart: from, selectionEnd: to, value } = input;
    const gap = text === "@" && from > 0 && !/\s$/.test(value.slice(0, from)) ? " " : "";
    input.focus();
    input.setRangeText(gap + text, from, to, "end");
    changed();
  }

  function remember(text) {
    const mine = (history[now.me] ??= []);
    if (mine.at(-1) !== text) mine.push(text);
    if (mine.length > keptLines) mine.shift();
    sessionStorage.setItem("history", JSON.stringify(history));
    back = 0;
  }

  // recall goes through the lines that were sent, while nothing else was typed.
  function recall(step) {
    const mine = history[now.me] ?? [];
    const untouched = input.value === "" || back > 0 && input.value === mine.at(-back);
    if (!untouched || back + step < 0 || back + step > mine.length) return false;
    back += step;
    set(back ? mine.at(-back) : "");
    offers.hide();
    return true;
  }

  function key(event) {
    if (event.isComposing || offers.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "ArrowUp" && recall(1) || event.key === "ArrowDown" && recall(-1)) {
      event.preventDefault();
    }
  }

  return {
    focus: () => input.focus(),
    // fill puts a line in, as if typed.
    fill(text) { dismiss(); set(text); offers.hide(); input.focus(); },
    // draw follows the person to another place.
    draw(placeholder, disabled) {
      input.placeholder = placeholder;
      input.setAttribute("aria-label", placeholder);
      input.disabled = Boolean(disabled);
      add.disabled = smile.disabled = input.disabled;
      const here = [now.me, now.channel, thread()].join();
      if (here === place) return;
      place = here;
      back = 0;
      input.value = drafts.get(here) ?? "";
      changed();
      offers.hide();
    },
  };
}

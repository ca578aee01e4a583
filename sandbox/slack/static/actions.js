// What a person can do with a message: the bar that appears above it, its menu, and reactions.
import { ask } from "./dialog.js";
import { h, rove, say } from "./dom.js";
import { emojiPicker } from "./emojipicker.js";
import { quick, quickName } from "./emoji.js";
import { icon } from "./icons.js";
import { menu } from "./menu.js";
import { drawEmoji } from "./mrkdwn.js";
import { act, now } from "./workspace.js";

const react = (m, emoji) => act({ do: "react", ts: m.ts, emoji });
export const reactMenu = (anchor, m) => emojiPicker(anchor, (name) => react(m, name));

// toolbar is the bar of a message: quick reactions, thread, and all else in a menu.
export function toolbar(m, place, openThread) {
  const item = (name, key, sign, onclick, more) => h("button", { type: "button", title: name, "aria-label": name, "data-key": "do " + key, onclick, ...more }, sign);
  const popup = { "aria-haspopup": "true", "aria-expanded": "false" };
  const add = item("Add a reaction", "react", icon("smile"), () => reactMenu(add, m), popup);
  const more = item("More actions", "more", icon("more"), () => menu(more, "Message", entries(m)), popup);
  const bar = h("div", { class: "toolbar", role: "toolbar", "aria-label": "Message actions" },
    quick.map((name) => item("React with " + quickName(name), name, drawEmoji(name), () => react(m, name))), add,
    place === "channel" && item("Reply in thread", "thread", icon("thread"), () => openThread(m.thread || m.ts)), more);
  rove(bar, "button", { across: true });
  return bar;
}

function entries(m) {
  const mine = m.user === now.me;
  const shortcuts = (now.state.shortcuts ?? []).filter((s) => s.onMessage);
  return [
    { name: m.pinned ? "Unpin from channel" : "Pin to channel", icon: "pin", hint: "P", do: () => pin(m) },
    { name: "Copy link", icon: "link", do: () => copy(`${location.origin}/archives/${now.channel}/p${m.ts.replace(".", "")}`) },
    { name: "Copy text", icon: "copy", do: () => copy(m.plain || m.text) },
    mine && "-",
    mine && { name: "Edit message", icon: "pencil", hint: "E", do: () => edit(m) },
    mine && { name: "Delete message", icon: "trash", danger: true, do: () => remove(m) },
    shortcuts.length && "-",
    shortcuts.length && { title: now.state.app.name },
    ...shortcuts.map((s) => ({ name: s.name, icon: "bolt", value: s.id, do: () => act({ do: "messageShortcut", ts: m.ts, callback: s.id }) })),
  ];
}

export const pin = (m) => act({ do: m.pinned ? "unpin" : "pin", ts: m.ts });

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say("Copied");
  } catch {
    await ask({ title: { text: "Copy this" }, body: h("textarea", { rows: 3, readOnly: true, value: text }, text), confirm: { text: "Done" } });
  }
}

export async function edit(m) {
  const area = h("textarea", { rows: 4, "aria-label": "Message" });
  area.value = m.text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  if (await ask({ title: { text: "Edit the message" }, body: area, confirm: { text: "Save" } })) act({ do: "edit", ts: m.ts, text: area.value });
}

async function remove(m) {
  if (await ask({ title: { text: "Delete this message?" }, text: { text: "It cannot be brought back." }, style: "danger", confirm: { text: "Delete" } })) act({ do: "delete", ts: m.ts });
}

// Draws the messages of a channel or a thread, each again only when it has changed.
import { drawBlocks } from "./blocks.js";
import { $, ask, clock, day, h } from "./dom.js";
import { quick } from "./emoji.js";
import { drawEmoji, mrkdwn } from "./mrkdwn.js";
import { act, lists, names, now } from "./workspace.js";

const drawn = new WeakMap(); // of a place: what it shows, by message

// isSystem tells lines like "has joined the channel" from what someone said.
const isSystem = (m) => m.subtype && m.subtype !== "file_share";

// drawMessages brings a place up to date and stays at its end when it was there.
export function drawMessages(place, messages, { inThread = false } = {}) {
  const atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 80;
  const before = drawn.get(place) ?? new Map();
  const after = new Map();
  const nodes = [];
  let previous = null;
  for (const m of messages) {
    if (!previous || day(previous.ts) !== day(m.ts)) nodes.push(keep(before, after, "day" + m.ts, 0, () => h("div", { class: "day", role: "separator" }, h("span", {}, day(m.ts)))));
    const joined = previous && previous.user === m.user && !m.ephemeral === !previous.ephemeral && !m.subtype && !previous.subtype &&
      m.ts - previous.ts < 300 && day(previous.ts) === day(m.ts);
    const answers = inThread ? [] : now.state.messages.filter((a) => a.thread === m.ts && a.ts !== m.ts);
    const version = [m.version, joined, answers.length, now.me, now.channel].join();
    nodes.push(keep(before, after, m.ts, version, () => draw(m, joined, answers, inThread)));
    previous = m;
  }
  if (nodes.length === 0) nodes.push(h("p", { class: "empty" }, inThread ? "" : "Nothing was said here yet."));
  drawn.set(place, after);
  sync(place, nodes);
  if (atEnd || before.size === 0) place.scrollTop = place.scrollHeight;
}

function keep(before, after, key, version, make) {
  const old = before.get(key);
  const entry = old && old.version === version ? old : { version, node: make() };
  after.set(key, entry);
  return entry.node;
}

// sync makes the nodes the children of a place without touching those that stay.
function sync(place, nodes) {
  let at = place.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else place.insertBefore(node, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function draw(m, joined, answers, inThread) {
  const context = {
    names, ...lists, values: m.values,
    press: (action, value) => act({ do: "press", ts: m.ts, action, value }),
    choose: (action, chosen) => act({ do: "choose", ts: m.ts, action, chosen }),
  };
  const author = now.state.people.find((p) => p.id === m.user);
  const body = m.blocks ? drawBlocks(m.blocks, context) : h("div", { class: "text" }, mrkdwn(m.text, names));
  return h("article", { class: ["message", joined && "joined", m.ephemeral && "ephemeral", isSystem(m) && "system"].filter(Boolean).join(" "), "data-ts": m.ts, "aria-label": `${names(m.user)} at ${clock(m.ts)}` },
    h("div", { class: "margin" }, joined ? h("time", {}, clock(m.ts)) : h("img", { class: "avatar", src: "/page/avatar/" + m.user, alt: "" })),
    h("div", { class: "content" },
      m.ephemeral && h("div", { class: "only-you" }, "👁 Only visible to you"),
      m.pinned && h("div", { class: "only-you" }, "📌 Pinned"),
      !joined && h("div", { class: "by" }, h("strong", {}, names(m.user)), m.bot && h("span", { class: "badge" }, "APP"), author?.other && h("span", { class: "badge" }, "OTHER WORKSPACE"),
        h("time", { title: new Date(m.ts * 1000).toLocaleString() }, clock(m.ts))),
      body,
      m.edited && h("span", { class: "edited" }, "(edited)"),
      (m.files ?? []).map((f) => h("a", { class: "file", href: "/page/file/" + f.id, target: "_blank" }, "📄 ", h("strong", {}, f.title || f.name), h("small", {}, `${f.name} · ${size(f.size)}`))),
      m.reactions && h("div", { class: "reactions" }, m.reactions.map((r) => h("button", {
        type: "button", class: r.users.includes(now.me) ? "mine" : "", title: r.users.map(names).join(", "),
        onclick: () => act({ do: "react", ts: m.ts, emoji: r.name }),
      }, drawEmoji(r.name), ` ${r.users.length}`))),
      answers.length > 0 && h("button", { type: "button", class: "replies", onclick: () => openThread(m.ts) }, answers.length === 1 ? "1 reply" : `${answers.length} replies`)),
    !m.ephemeral && toolbar(m, inThread));
}

const size = (n) => (n < 1000 ? `${n} B` : n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`);

function toolbar(m, inThread) {
  const item = (name, sign, onclick) => h("button", { type: "button", title: name, "aria-label": name, onclick }, sign);
  const mine = m.user === now.me;
  return h("div", { class: "toolbar", role: "toolbar", "aria-label": "Message" },
    quick.map((name) => item("React with " + name, drawEmoji(name), () => act({ do: "react", ts: m.ts, emoji: name }))),
    !inThread && item("Answer in a thread", "💬", () => openThread(m.thread || m.ts)),
    (now.state.shortcuts ?? []).filter((s) => s.onMessage).map((s) => item(s.name, "⚡", () => act({ do: "messageShortcut", ts: m.ts, callback: s.id }))),
    mine && item("Edit", "✎", () => edit(m)),
    mine && item("Delete", "🗑", async () => {
      if (await ask({ title: { text: "Delete this message?" }, style: "danger", confirm: { text: "Delete" } })) act({ do: "delete", ts: m.ts });
    }));
}

async function edit(m) {
  const area = h("textarea", { rows: 3, "aria-label": "Message" });
  area.value = m.text;
  if (await ask({ title: { text: "Edit the message" }, body: area, confirm: { text: "Save" } })) act({ do: "edit", ts: m.ts, text: area.value });
}

export function openThread(ts) {
  now.thread = ts;
  drawThread();
}

// drawThread shows the open thread beside the channel.
export function drawThread() {
  const aside = $("thread");
  aside.hidden = !now.thread;
  if (!now.thread) return;
  if (aside.dataset.ts !== now.thread) {
    aside.dataset.ts = now.thread;
    const input = h("textarea", { rows: 1, placeholder: "Answer…", "aria-label": "Answer in the thread" });
    const send = async () => {
      const text = input.value.trim();
      if (text && !(await act({ do: "say", thread: now.thread, text })).error) input.value = "";
    };
    input.addEventListener("keydown", (e) => { if (e.key === "Enter" && !e.shiftKey) { e.preventDefault(); send(); } });
    aside.replaceChildren(
      h("header", {}, h("h2", {}, "Thread"), h("button", { type: "button", "aria-label": "Close the thread", onclick: () => openThread("") }, "✕")),
      h("section", { role: "log", "aria-label": "Thread", tabindex: "0" }),
      h("form", { class: "composer" }, input));
  }
  drawMessages(aside.querySelector("section"), now.state.messages.filter((m) => m.thread === now.thread || m.ts === now.thread), { inThread: true });
}

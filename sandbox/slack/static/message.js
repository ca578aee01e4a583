// Draws one message with all that hangs on it.
import { reactMenu, toolbar } from "./actions.js";
import { drawAttachments, drawBlocks } from "./blocks.js";
import { classes, clock, h } from "./dom.js";
import { quickName } from "./emoji.js";
import { drawFile } from "./files.js";
import { icon } from "./icons.js";
import { drawEmoji, mrkdwn } from "./mrkdwn.js";
import { act, avatar, names, now, person } from "./workspace.js";

// isSystem tells lines like "has joined the channel" from what someone said.
export const isSystem = (m) => Boolean(m.subtype) && m.subtype !== "file_share";

export const author = (m) => m.username || names(m.user);

// spoken is a message in short, for those who hear the page.
export const spoken = (m) => `${author(m)}: ${(m.plain || m.text).replace(/<[^>|]*\|([^>]*)>/g, "$1").slice(0, 200)}`;

// drawMessage draws m; joined ones follow another of the same author and show no name.
export function drawMessage(m, { joined, place, openThread }) {
  const context = {
    values: m.values,
    press: (action, value) => act({ do: "press", ts: m.ts, action, value }),
    choose: (action, chosen) => act({ do: "choose", ts: m.ts, action, chosen }),
  };
  const edited = m.edited && h("span", { class: "edited" }, " (edited)");
  const said = [
    m.blocks ? drawBlocks(m.blocks, context) : m.text && h("div", { class: "text" }, mrkdwn(m.text), edited),
    m.attachments && drawAttachments(m.attachments, context),
  ];
  return h("article", {
    class: classes("message", joined && "joined", m.ephemeral && "ephemeral", isSystem(m) && "system", m.pinned && "pinned", m.mentioned && "mentioned"),
    "data-ts": m.ts, "data-place": place, tabindex: "-1", "aria-label": `${spoken(m)}, ${clock(m.ts)}`,
  },
    (m.ephemeral || m.pinned) && h("div", { class: "why" },
      m.ephemeral ? [icon("eye"), "Only visible to you", h("button", { type: "button", class: "plain-link", "data-key": "dismiss", onclick: () => act({ do: "dismiss", ts: m.ts }) }, "Dismiss")]
        : [icon("pin"), `Pinned by ${m.pinned === now.me ? "you" : names(m.pinned)}`]),
    h("div", { class: "margin" }, joined ? h("time", {}, clock(m.ts)) : h("img", { class: "avatar", src: avatar(m.user), alt: "" })),
    h("div", { class: "content" },
      !joined && heading(m),
      said,
      m.blocks && edited,
      m.files && h("div", { class: "files" }, m.files.map(drawFile)),
      m.reactions && reactions(m),
      m.replies && place === "channel" && replies(m, openThread),
      m.thread && m.thread !== m.ts && place === "channel" && h("button", { type: "button", class: "plain-link", "data-key": "root", onclick: () => openThread(m.thread) }, m.ephemeral ? "In a thread" : "Also sent from a thread")),
    !m.ephemeral && toolbar(m, place, openThread));
}

function heading(m) {
  const who = person(m.user);
  return h("div", { class: "by" }, h("strong", {}, author(m)), m.bot && h("span", { class: "badge" }, "App"),
    who?.guest && h("span", { class: "badge" }, "Guest"), who?.other && h("span", { class: "badge" }, "Other workspace"),
    h("time", { title: new Date(m.ts * 1000).toLocaleString([], { dateStyle: "full", timeStyle: "medium" }) }, clock(m.ts)));
}

function reactions(m) {
  const add = h("button", { type: "button", class: "add", "data-key": "add-reaction", "aria-label": "Add a reaction", title: "Add a reaction", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => reactMenu(add, m) }, icon("smile"));
  return h("div", { class: "reactions" }, m.reactions.map((r) => {
    const mine = r.users.includes(now.me);
    const who = r.users.map((id) => (id === now.me ? "you" : names(id))).join(", ");
    return h("button", {
      type: "button", class: mine ? "mine" : "", "data-key": "reaction " + r.name, "aria-pressed": String(mine), title: `${who} reacted with :${r.name}:`,
      "aria-label": `${quickName(r.name)}, ${r.users.length}: ${who}`, onclick: () => act({ do: "react", ts: m.ts, emoji: r.name }),
    }, drawEmoji(r.name), h("span", { "aria-hidden": "true" }, r.users.length));
  }), add);
}

function replies(m, openThread) {
  const { count, users, latest } = m.replies;
  return h("button", { type: "button", class: "replies", "data-key": "replies", onclick: () => openThread(m.ts) },
    users.map((id) => h("img", { class: "avatar small", src: avatar(id), alt: "" })), h("strong", {}, count === 1 ? "1 reply" : `${count} replies`), h("small", {}, "Last at " + clock(latest)), icon("right"));
}

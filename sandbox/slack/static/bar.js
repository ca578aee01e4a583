// The bar above the messages: where one is, who is there, what is pinned, and the panes beside.
import { $, fill, h, keepFocus, link } from "./dom.js";
import { guideButton } from "./guide.js";
import { icon } from "./icons.js";
import { inspectorButton } from "./inspector.js";
import { menu } from "./menu.js";
import { author } from "./message.js";
import { drawEmoji } from "./mrkdwn.js";
import { meButton } from "./sidebar.js";
import { avatar, goTo, names, now } from "./workspace.js";

export function drawBar(state, channel, isApp) {
  keepFocus(() => fill($("bar"), 
    h("button", { type: "button", class: "icon-button narrow-only", id: "open-nav", "data-key": "nav", "aria-label": "Channels and people", "aria-expanded": String(document.body.classList.contains("nav-open")), onclick: openNav },
      icon("menu"), state.channels.some((c) => c.id !== channel.id && (c.unread || c.mentions)) && h("span", { class: "dot" })),
    title(channel),
    isApp && h("nav", { class: "tabs", "aria-label": state.app.name }, tab(channel, "home", "Home"), tab(channel, "messages", "Messages")),
    channel.topic ? h("p", { class: "topic", title: channel.topic }, channel.topic) : h("span", { class: "topic" }),
    channel.kind !== "im" && membersButton(channel),
    pinsButton(state),
    guideButton(state), inspectorButton(),
    h("span", { class: "narrow-only" }, meButton(state, "me-in-bar"))));
  const links = (channel.links ?? []).filter((l) => link(l.link));
  $("links").hidden = links.length === 0;
  $("links").replaceChildren(...links.map((l) => h("a", { href: l.link, target: "_blank", rel: "noreferrer" }, l.emoji ? drawEmoji(l.emoji.replaceAll(":", "")) : icon("bookmark"), " ", l.title)));
}

function openNav() {
  const open = document.body.classList.toggle("nav-open");
  $("open-nav").setAttribute("aria-expanded", String(open));
  if (open) $("channels").querySelector('[tabindex="0"]')?.focus();
}

function title(channel) {
  const sign = channel.kind === "im" ? h("img", { class: "avatar small", src: avatar(channel.with), alt: "" }) : icon({ private_channel: "lock", mpim: "people" }[channel.kind] ?? "hash");
  return h("h2", {}, sign, h("span", {}, channel.name));
}

const tab = (channel, name, label) => h("a", { href: `#${channel.id}${name === "home" ? "/home" : ""}`, "data-key": "tab " + name, "aria-current": now.tab === name ? "page" : null }, label);

function membersButton(channel) {
  const all = channel.members;
  const button = h("button", { type: "button", class: "bar-button members", "data-key": "members", "aria-label": `${all.length} members`, title: "Members", "aria-haspopup": "menu", "aria-expanded": "false",
    onclick: () => menu(button, "Members", [{ title: `Members of ${channel.name}` }, ...all.map((id) => ({ name: names(id) + (id === now.me ? " (you)" : ""), image: avatar(id), do: () => {} }))]) },
    all.slice(0, 3).map((id) => h("img", { class: "avatar small", src: avatar(id), alt: "" })), h("span", {}, all.length));
  return button;
}

function pinsButton(state) {
  const pinned = state.messages.filter((m) => m.pinned);
  if (pinned.length === 0) return null;
  const button = h("button", { type: "button", class: "bar-button", "data-key": "pins", "aria-label": `${pinned.length} pinned`, title: "Pinned messages", "aria-haspopup": "menu", "aria-expanded": "false",
    onclick: () => menu(button, "Pinned", [{ title: "Pinned here" }, ...pinned.map((m) => ({
      name: (m.plain || m.text || m.files?.[0]?.name || "").split("\n")[0].slice(0, 80), note: author(m), icon: "pin", value: m.ts, do: () => goTo(now.channel, "p" + m.ts.replace(".", "")),
    }))]) }, icon("pin"), h("span", {}, pinned.length));
  return button;
}

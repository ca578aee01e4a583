// The page of the workspace: who you are, where you are, and what stands there.
import { drawBlocks } from "./blocks.js";
import { drawComposer, makeComposer } from "./composer.js";
import { $, h } from "./dom.js";
import { drawMessages, drawThread } from "./messages.js";
import { drawModal } from "./modal.js";
import { act, follow, lists, names, notice, now, onState, refresh } from "./workspace.js";

makeComposer();
onState(draw);
window.addEventListener("hashchange", go);
$("me").addEventListener("change", (event) => {
  now.me = event.target.value;
  now.thread = "";
  sessionStorage.setItem("me", now.me);
  refresh();
});
go();
follow();

// go opens the channel and message that the address names.
function go() {
  const [channel, place] = location.hash.slice(1).split("/").map(decodeURIComponent);
  if (channel) now.channel = channel;
  now.tab = place === "home" ? "home" : "messages";
  now.thread = "";
  notice("");
  refresh().then(() => {
    if (now.tab === "home") act({ do: "home" });
    if (place?.startsWith("p")) document.querySelector(`[data-ts="${place.slice(1, -6)}.${place.slice(-6)}"]`)?.scrollIntoView();
  });
}

function draw(state) {
  const channel = state.channels.find((c) => c.id === now.channel) ?? state.channels[0];
  document.title = `${channel ? channel.name + " · " : ""}${state.team}`;
  $("team").textContent = state.team;
  $("online").textContent = state.online ? `${state.app.name} is connected` : `${state.app.name} is not connected`;
  $("online").className = state.online ? "on" : "off";
  drawPeople(state);
  if (!channel) return;
  const isApp = channel.kind === "im" && channel.name === state.app.name;
  const home = isApp && now.tab === "home";
  read(channel);
  drawChannels(state, channel);
  drawBar(channel, isApp);
  $("messages").hidden = home;
  $("home").hidden = !home;
  $("composer").hidden = home;
  if (home) drawHome(state);
  else drawMessages($("messages"), state.messages.filter((m) => !m.thread || m.thread === m.ts || m.broadcast || m.ephemeral));
  drawComposer(channel);
  drawThread();
  drawModal(state.modal);
}

// read remembers that the person has seen a channel.
function read(channel) {
  if (document.hidden || !channel.latest) return;
  now.seen[now.me + channel.id] = channel.latest;
  sessionStorage.setItem("seen", JSON.stringify(now.seen));
}

function drawPeople(state) {
  const people = state.people.filter((p) => !p.bot);
  const key = JSON.stringify([people, now.me]);
  if ($("me").dataset.key === key) return;
  $("me").dataset.key = key;
  $("me").replaceChildren(...people.map((p) => h("option", { value: p.id, selected: p.id === now.me },
    p.name + (p.guest ? " (guest)" : "") + (p.other ? " (other workspace)" : ""))));
}

function drawChannels(state, current) {
  const unread = (c) => c.latest && c.id !== current.id && c.latest > (now.seen[now.me + c.id] ?? "");
  const link = (c) => h("a", {
    href: "#" + c.id, class: [unread(c) && "unread", c.archived && "archived"].filter(Boolean).join(" "), "aria-current": c.id === current.id ? "page" : null,
  }, h("span", { class: "sign" }, { public_channel: "#", private_channel: "🔒", mpim: "👥" }[c.kind] ?? h("img", { src: "/page/avatar/" + (state.people.find((p) => p.name === c.name)?.id ?? ""), alt: "" })), c.name);
  const rooms = state.channels.filter((c) => c.kind !== "im");
  const direct = state.channels.filter((c) => c.kind === "im");
  const shortcuts = (state.shortcuts ?? []).filter((s) => !s.onMessage);
  const hasApp = direct.some((c) => c.name === state.app.name);
  $("channels").replaceChildren(
    h("h2", {}, "Channels"), ...rooms.map(link),
    h("h2", {}, "Direct messages"), ...direct.map(link),
    !hasApp && h("button", { type: "button", class: "link", onclick: () => act({ do: "dm", value: state.app.id }) }, "+ " + state.app.name),
    ...(shortcuts.length ? [h("h2", {}, "Shortcuts"), ...shortcuts.map((s) => h("button", { type: "button", class: "link", onclick: () => act({ do: "shortcut", callback: s.id }) }, "⚡ " + s.name))] : []));
  for (const node of [...$("channels").childNodes]) if (node.nodeType === Node.TEXT_NODE) node.remove();
}

function drawBar(channel, isApp) {
  const tab = (name, label) => h("a", { href: `#${channel.id}${name === "home" ? "/home" : ""}`, "aria-current": now.tab === name ? "page" : null }, label);
  const bar = [
    h("h2", {}, (channel.kind === "im" ? "" : "# ") + channel.name),
    isApp && h("nav", { class: "tabs", "aria-label": "App" }, tab("home", "Home"), tab("messages", "Messages")),
    channel.topic && h("p", { class: "topic", title: channel.topic }, channel.topic),
    channel.kind !== "im" && h("span", { class: "members", title: "Members" }, `${channel.members.length} members`),
  ].filter(Boolean);
  $("bar").replaceChildren(...bar);
}

let homeShown = "";

function drawHome(state) {
  const key = JSON.stringify([state.home, now.me]);
  if (key === homeShown) return;
  homeShown = key;
  const context = {
    names, ...lists, values: state.home?.values, errors: {},
    press: (action, value) => act({ do: "pressHome", action, value }),
    choose: (action, chosen) => act({ do: "chooseHome", action, chosen }),
  };
  $("home").replaceChildren(...(state.home ? drawBlocks(state.home.blocks, context) : [h("p", { class: "empty" }, `${state.app.name} has put nothing here yet.`)]));
}

// The page of the workspace: who one is, where one is, and what stands there.
import { drawBar } from "./bar.js";
import { makeComposer } from "./composer.js";
import { $, h } from "./dom.js";
import { guideIsOpen, onFill, openGuide } from "./guide.js";
import { drawHome } from "./home.js";
import { icon } from "./icons.js";
import { onTraffic } from "./inspector.js";
import { isFloating } from "./menu.js";
import { begin, makeList } from "./messages.js";
import { drawModal } from "./modal.js";
import { mrkdwn } from "./mrkdwn.js";
import { drawSide, openThread } from "./side.js";
import { closeNav, drawSidebar } from "./sidebar.js";
import { act, avatar, follow, here, notice, now, onState, refresh } from "./workspace.js";

const composer = makeComposer($("composer"), { id: "line" });
const list = makeList($("messages"), "channel", { openThread, empty });
let opened = ""; // person and channel for which now.since was taken
let wish = null; // a line for the composer of a channel that is not drawn yet

onState(draw);
onFill((channel, text) => { wish = { channel, text }; grant(); });
window.addEventListener("hashchange", go);
document.addEventListener("keydown", keys);
if (new URLSearchParams(location.search).has("as")) window.history.replaceState(null, "", location.pathname + location.hash);
go();
follow(onTraffic);

// go opens the channel, message or tab that the address names.
function go() {
  const [channel, place] = location.hash.slice(1).split("/").map(decodeURIComponent);
  if (channel) now.channel = channel;
  now.tab = place === "home" ? "home" : "messages";
  now.goal = /^p\d{7,}$/.test(place ?? "") ? `${place.slice(1, -6)}.${place.slice(-6)}` : "";
  now.thread = "";
  notice("");
  closeNav();
  refresh().then(() => { if (now.tab === "home") act({ do: "home" }); });
}

function draw(state) {
  const channel = here();
  const mentions = state.channels.reduce((n, c) => n + (c.mentions ?? 0), 0);
  document.title = `${mentions ? `(${mentions}) ` : ""}${channel ? channel.name + " · " : ""}${state.team}`;
  drawSidebar(state, channel);
  if (!channel) return;
  if (opened !== now.me + channel.id) {
    opened = now.me + channel.id;
    now.since = channel.unread ? channel.since ?? "" : undefined;
    if (window.innerWidth > 760 && !document.querySelector("dialog[open]") && !isFloating() && !document.activeElement?.closest("#guide, #sidebar")) setTimeout(composer.focus);
  }
  const isApp = channel.with === state.app.id;
  const home = isApp && now.tab === "home";
  drawBar(state, channel, isApp);
  $("frame").hidden = home;
  $("messages").hidden = home;
  $("home").hidden = !home;
  $("composer").hidden = home;
  if (home) drawHome(state);
  else list.draw(state.messages.filter((m) => !m.thread || m.thread === m.ts || m.broadcast));
  composer.draw(channel.archived ? "This channel is archived" : `Message ${channel.kind === "im" ? "" : "#"}${channel.name}`, channel.archived);
  reach(state);
  drawSide(state);
  drawModal(state.modal);
  grant();
}

// reach shows the message that the address names, in its thread when it is an answer.
function reach(state) {
  if (!now.goal) return;
  const m = state.messages.find((one) => one.ts === now.goal);
  now.goal = "";
  if (!m) return;
  if (m.thread && m.thread !== m.ts && !m.broadcast) now.thread = m.thread;
  else list.show(m.ts);
}

// grant puts a wished line into the composer once its channel is there.
function grant() {
  if (!wish || wish.channel !== now.state?.channel || now.tab !== "messages") return;
  const { text } = wish;
  wish = null;
  if (text) composer.fill(text);
  else list.toEnd();
}

function empty() {
  const channel = here();
  const { guide } = now.state;
  if (guide && !guideIsOpen(now.state)) return begin(icon("guide"), guide.title, mrkdwn(guide.text), h("button", { type: "button", class: "button filled primary", onclick: openGuide }, "What to try"));
  if (channel.kind !== "im") return begin(icon("hash"), `This is the very beginning of #${channel.name}`, "Type / for commands, or say something.");
  return begin(h("img", { class: "avatar", src: avatar(channel.with), alt: "" }), channel.name, channel.with === now.state.app.id ? `Messages from ${channel.name} to you alone stand here.` : `This is between you and ${channel.name}.`);
}

// keys: F6 goes from pane to pane, Escape puts the side bar away.
function keys(event) {
  if (event.key === "Escape" && document.body.classList.contains("nav-open")) closeNav();
  if (event.key !== "F6" || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  const panes = [$("sidebar"), $("messages"), $("home"), $("composer"), $("side"), $("inspector")].filter((p) => p.checkVisibility());
  const at = panes.findIndex((p) => p.contains(document.activeElement));
  const next = panes[(at + (event.shiftKey ? panes.length - 1 : 1)) % panes.length];
  const visible = (selector) => [...next.querySelectorAll(selector)].find((e) => e.checkVisibility({ visibilityProperty: true }));
  (visible('textarea, [aria-current="page"], article[tabindex="0"]') ?? visible("button, a, input, [tabindex]"))?.focus();
}

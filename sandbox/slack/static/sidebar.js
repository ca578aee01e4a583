// The side bar: the workspace, who one is, and where one can go.
import { $, classes, h, keepFocus, rove } from "./dom.js";
import { icon } from "./icons.js";
import { menu } from "./menu.js";
import { themeButton } from "./theme.js";
import { act, avatar, become, goTo, now, person, refresh } from "./workspace.js";

rove($("channels"), "a, button");

// closeNav puts the side bar away where it lies above the page.
export function closeNav() {
  document.body.classList.remove("nav-open");
  $("open-nav")?.setAttribute("aria-expanded", "false");
}
$("scrim").addEventListener("click", closeNav);

export function drawSidebar(state, current) {
  keepFocus(() => {
    $("workspace").replaceChildren(
      h("div", { class: "team" }, h("h1", {}, state.team), h("p", { class: state.online ? "on" : "off", role: "status" }, state.online ? `${state.app.name} is connected` : `${state.app.name} is not connected`)),
      themeButton());
    $("me").replaceChildren(meButton(state, "me-button"));
    drawChannels(state, current);
  });
}

// meButton shows who one is; its menu makes one somebody else.
export function meButton(state, key) {
  const me = person(state.me);
  const others = state.people.filter((p) => !p.bot && p.id !== state.me);
  const waiting = others.reduce((n, p) => n + (p.mentions ?? 0), 0);
  const button = h("button", { type: "button", class: "me-button", "data-key": key, "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": `You are ${me.name}. Become somebody else`, onclick: open },
    h("img", { class: "avatar", src: avatar(me.id), alt: "" }), h("span", { class: "me-name" }, h("small", {}, "You are"), h("strong", {}, me.name)),
    waiting > 0 && h("span", { class: "count", title: "Messages wait for others" }, waiting), icon("down"));
  function open() {
    const about = new Map((state.guide?.people ?? []).map((p) => [p.id, p.about]));
    menu(button, "Become somebody else", [{ title: "Become somebody else" }, ...state.people.filter((p) => !p.bot).map((p) => ({
      name: p.name, note: [about.get(p.id), !about.has(p.id) && p.guest && "Guest", !about.has(p.id) && p.other && "Other workspace"].filter(Boolean).join(" · "),
      image: avatar(p.id), value: p.id, on: p.id === now.me, badge: p.mentions || (p.unread ? "•" : ""), do: () => { closeNav(); become(p.id); },
    }))]);
  }
  return button;
}

function drawChannels(state, current) {
  const rooms = state.channels.filter((c) => c.kind !== "im");
  const app = state.channels.find((c) => c.kind === "im" && c.with === state.app.id);
  const others = state.people.filter((p) => !p.bot && p.id !== state.me);
  const signs = { public_channel: "hash", private_channel: "lock", mpim: "people" };
  $("channels").replaceChildren(
    section("Channels", rooms.filter((c) => !c.archived).map((c) => entry(c, icon(signs[c.kind]), current))),
    section("Direct messages", others.map((p) => {
      const c = state.channels.find((one) => one.kind === "im" && one.with === p.id);
      const image = h("img", { class: "avatar small", src: avatar(p.id), alt: "" });
      return c ? entry(c, image, current) : opener(p, image);
    })),
    section("Apps", [app ? entry(app, h("img", { class: "avatar small", src: avatar(state.app.id), alt: "" }), current) : opener(state.app, h("img", { class: "avatar small", src: avatar(state.app.id), alt: "" }))]),
    ...(rooms.some((c) => c.archived) ? [section("Archived", rooms.filter((c) => c.archived).map((c) => entry(c, icon(signs[c.kind]), current)))] : []));
  const chosen = $("channels").querySelector("[aria-current]") ?? $("channels").querySelector("a, button");
  for (const one of $("channels").querySelectorAll("a, button")) one.tabIndex = one === chosen ? 0 : -1;
}

const section = (title, entries) => h("section", {}, h("h2", {}, title), h("ul", {}, entries.map((e) => h("li", {}, e))));

function entry(c, sign, current) {
  const isCurrent = c.id === current?.id;
  const waiting = !isCurrent && c.mentions > 0;
  return h("a", {
    href: "#" + encodeURIComponent(c.id), class: classes("place", !isCurrent && (c.unread || waiting) && "unread", c.archived && "archived", !c.member && "outside"),
    "aria-current": isCurrent ? "page" : null, "data-key": c.id, onclick: closeNav,
    "aria-label": classes(c.name, waiting ? `, ${c.mentions} for you` : c.unread && !isCurrent ? ", unread" : ""),
  }, sign, h("span", { class: "place-name" }, c.name), waiting && h("span", { class: "count" }, c.mentions));
}

// opener begins direct messages with someone.
function opener(p, sign) {
  return h("button", { type: "button", class: "place", "data-key": p.id, onclick: () => openDM(p.id) }, sign, h("span", { class: "place-name" }, p.name));
}

// openDM leads to the direct messages with someone, or to a tab of them.
export async function openDM(id, tab = "") {
  closeNav();
  if ((await act({ do: "dm", value: id })).error) return;
  await refresh();
  const channel = now.state.channels.find((c) => c.kind === "im" && c.with === id);
  if (channel) goTo(channel.id, tab);
}

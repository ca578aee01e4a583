// Draws the messages of a channel or a thread, each again only when it has changed.
import { edit, pin, reactMenu } from "./actions.js";
import { day, h, keepFocus, rove, say } from "./dom.js";
import { icon } from "./icons.js";
import { drawMessage, isSystem, spoken } from "./message.js";
import { act, now } from "./workspace.js";

const joinWithin = 300; // seconds between messages that share one heading

// makeList answers a list of messages in a place: draw(messages) brings it up to date.
export function makeList(place, kind, { openThread = () => {}, empty = () => [] } = {}) {
  let drawn = new Map(); // by key: {version, node}
  let about = ""; // whose list of what is shown
  let heard = ""; // timestamp of the newest message that was read out
  const latest = h("button", { type: "button", class: "to-latest", hidden: true, onclick: () => toEnd(true) }, icon("bottom"), "Newest messages");
  place.after(latest);
  place.addEventListener("scroll", () => { latest.hidden = atEnd(); if (atEnd()) see(); });
  rove(place, "article");
  place.addEventListener("keydown", shortcuts);
  document.addEventListener("visibilitychange", see);
  new ResizeObserver(() => { if (stuck) toEnd(); }).observe(place);

  let stuck = true; // to the end
  let newest = "";
  const atEnd = () => place.scrollHeight - place.scrollTop - place.clientHeight < 60;
  const toEnd = (smooth) => { place.scrollTo({ top: place.scrollHeight, behavior: smooth ? "smooth" : "instant" }); };

  // see tells the server that the person has seen everything down to the end.
  function see() {
    stuck = atEnd();
    if (kind !== "channel" || document.hidden || place.hidden || !stuck) return;
    const channel = now.state?.channels.find((c) => c.id === now.channel);
    if (channel && (channel.unread || channel.mentions) && newest && !(channel.since >= channel.latest)) act({ do: "read", ts: channel.latest });
  }

  // shortcuts are keys that work on the message that has the focus.
  function shortcuts(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName !== "ARTICLE") return;
    const m = now.state.messages.find((one) => one.ts === event.target.dataset.ts);
    if (!m || m.ephemeral) return;
    const anchor = event.target.querySelector('[data-key="do react"]');
    const does = { r: () => reactMenu(anchor, m), t: () => openThread(m.thread || m.ts), p: () => pin(m), e: () => m.user === now.me && edit(m) }[event.key.toLowerCase()];
    if (!does) return;
    event.preventDefault();
    does();
  }

  function draw(messages) {
    const whose = [now.me, now.channel, kind === "thread" ? now.thread : ""].join();
    const fresh = whose !== about;
    if (fresh) { drawn = new Map(); about = whose; heard = ""; stuck = true; }
    const after = new Map();
    const nodes = [];
    const keep = (key, version, make) => {
      const old = drawn.get(key);
      const entry = old?.version === version ? old : { version, node: make() };
      after.set(key, entry);
      nodes.push(entry.node);
    };
    let previous = null;
    let divided = false;
    for (const m of messages) {
      if (!previous || day(previous.ts) !== day(m.ts)) keep("day" + m.ts, day(m.ts), () => h("div", { class: "day", role: "separator" }, h("span", {}, day(m.ts))));
      const isNew = kind === "channel" && !divided && now.since !== undefined && m.ts > now.since && m.user !== now.me && !isSystem(m) && !m.ephemeral;
      if (isNew && previous) { divided = true; keep("new", "", () => h("div", { class: "day new", role: "separator" }, h("span", {}, "New"))); }
      const joined = Boolean(previous && previous.user === m.user && previous.username === m.username && !m.ephemeral && !previous.ephemeral && !isSystem(m) && !isSystem(previous) &&
        !m.pinned && m.ts - previous.ts < joinWithin && day(previous.ts) === day(m.ts));
      keep(m.ts, [m.version, joined, JSON.stringify(m.replies ?? 0), m.values && JSON.stringify(m.values)].join(), () => drawMessage(m, { joined, place: kind, openThread }));
      previous = m;
    }
    newest = previous?.ts ?? "";
    if (nodes.length === 0) nodes.push(...empty());
    drawn = after;
    keepFocus(() => sync(place, nodes));
    if (!place.contains(document.activeElement)) { // Tab leads to the newest
      const all = [...place.querySelectorAll("article")];
      for (const one of all) one.tabIndex = one === all.at(-1) ? 0 : -1;
    }
    tell(messages);
    if (stuck) toEnd();
    latest.hidden = atEnd();
    see();
  }

  // tell reads out what came since the last drawing.
  function tell(messages) {
    const last = messages.at(-1);
    if (!last) return;
    if (heard && last.ts > heard && last.user !== now.me) say(spoken(last));
    heard = last.ts;
  }

  // show scrolls to a message and marks it for a moment.
  function show(ts) {
    const node = place.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
    if (!node) return false;
    stuck = false;
    node.scrollIntoView({ block: "center" });
    node.classList.remove("goal");
    node.offsetWidth; // begins the animation anew
    node.classList.add("goal");
    node.focus({ preventScroll: true });
    return true;
  }
  return { draw, show, toEnd };
}

// sync makes the nodes the children of a place without touching those that stay.
function sync(place, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...place.childNodes]) if (!wanted.has(node)) node.remove();
  nodes.forEach((node, i) => { if (place.childNodes[i] !== node) place.insertBefore(node, place.childNodes[i] ?? null); });
}

// begin is what stands at the top of a channel in which nothing was said.
export const begin = (sign, title, ...rest) => [h("div", { class: "beginning" }, sign, h("h3", {}, title), h("p", {}, rest[0]), rest.slice(1))];

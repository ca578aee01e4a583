// What the page knows, how it asks for more, and how it acts for the person.
import { released, say } from "./dom.js";

export const now = {
  me: new URLSearchParams(location.search).get("as") ?? sessionStorage.getItem("me") ?? "",
  channel: "",
  tab: "messages", // or "home", in the app's own channel
  thread: "", // timestamp of the open thread's root
  goal: "", // timestamp of a message to show
  since: "", // up to here the channel was read when it was opened
  state: null,
};

const listeners = [];
export const onState = (listener) => listeners.push(listener);
export const redraw = () => { if (now.state) for (const listener of listeners) listener(now.state); };

let fetching = null; // the refresh that runs
let again = false;

// refresh fetches what the person sees and draws it; calls that come meanwhile are done once more at the end. It is over
// when what was there at the time of the call is drawn.
export function refresh() {
  if (fetching) again = true;
  else fetching = fetchAndDraw().finally(() => { fetching = null; });
  return fetching;
}

async function fetchAndDraw() {
  do {
    again = false;
    const query = new URLSearchParams({ user: now.me, channel: now.channel });
    const state = await (await fetch("/page/state?" + query)).json();
    await released();
    if (again) continue;
    now.state = state;
    now.me = state.me;
    now.channel = state.channel;
    redraw();
  } while (again);
}

// follow refreshes whenever the server says that something has changed, and tells onTraffic of what went over the wires.
export function follow(onTraffic) {
  const source = new EventSource("/page/changes");
  source.onmessage = () => refresh().catch((error) => notice(error.message));
  source.addEventListener("traffic", onTraffic);
  source.onerror = () => { document.body.classList.add("offline"); };
  source.onopen = () => { document.body.classList.remove("offline"); };
}

// become makes the page another person's.
export function become(id) {
  now.me = id;
  now.thread = now.goal = "";
  sessionStorage.setItem("me", id);
  notice("");
  const entry = now.state?.channels.find((c) => c.id === now.channel);
  if (entry && !entry.members.includes(id) && entry.kind !== "public_channel") now.channel = "";
  now.since = undefined;
  return refresh();
}

// act does something as the person and answers {ok} or {error} or {fields}. An error is shown.
export async function act(what) {
  notice("");
  try {
    const answer = await fetch("/page/act", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ as: now.me, channel: now.channel, ...what }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    const result = await answer.json();
    if (result.error) notice(result.error);
    return result;
  } catch (error) {
    notice(error.message);
    return { error: error.message };
  }
}

// upload sends a file: only attached, or posted when where names a channel. It answers {id} or {error}.
export async function upload(file, where = {}) {
  const body = new FormData();
  body.append("file", file);
  try {
    const answer = await fetch("/page/upload?" + new URLSearchParams({ as: now.me, ...where }), { method: "POST", headers: { "X-Workspace": "1" }, body });
    const result = answer.ok ? await answer.json() : { error: await answer.text() };
    if (result.error) notice(result.error);
    return result;
  } catch (error) {
    notice(error.message);
    return { error: error.message };
  }
}

// notice shows what went wrong above the composer, and in the open form.
export function notice(text) {
  for (const place of document.querySelectorAll(".notice")) place.textContent = text;
  if (text) say(text);
}

export const person = (id) => now.state.people.find((p) => p.id === id);
export const here = () => now.state.channels.find((c) => c.id === now.channel);

// names turns an id into the name that people read.
export function names(id) {
  const { people, channels, groups } = now.state;
  const found = people.find((p) => p.id === id) ?? channels.find((c) => c.id === id);
  return found?.name ?? groups?.find((g) => g.id === id)?.handle ?? id;
}

export const avatar = (id) => "/page/avatar/" + encodeURIComponent(id);

// goTo leads to a channel, a message of it, or a tab.
export function goTo(channel, place = "") {
  const hash = "#" + encodeURIComponent(channel) + (place ? "/" + place : "");
  if (location.hash === hash) window.dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = hash;
}

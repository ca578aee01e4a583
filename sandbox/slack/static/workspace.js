// What the page knows and how it asks for more.

export const now = {
  me: sessionStorage.getItem("me") ?? "",
  channel: "",
  tab: "messages", // or "home", in the app's own channel
  thread: "",
  state: null,
  seen: JSON.parse(sessionStorage.getItem("seen") ?? "{}"), // by person and channel: the newest message that was read
};

const listeners = [];
export const onState = (listener) => listeners.push(listener);

let fetching = false;
let again = false;

// refresh fetches what the person sees and draws it; calls that come meanwhile are done once more at the end.
export async function refresh() {
  if (fetching) { again = true; return; }
  fetching = true;
  try {
    do {
      again = false;
      const query = new URLSearchParams({ user: now.me, channel: now.channel });
      const answer = await fetch("/page/state?" + query);
      const state = await answer.json();
      if (state.channel !== now.channel && now.channel && !again) now.channel = state.channel;
      now.state = state;
      now.me = state.me;
      now.channel ||= state.channel;
      for (const listener of listeners) listener(state);
    } while (again);
  } finally {
    fetching = false;
  }
}

// follow refreshes whenever the server says that something has changed.
export function follow() {
  const source = new EventSource("/page/changes");
  source.onmessage = () => refresh().catch((error) => notice(error.message));
  source.onerror = () => document.body.classList.add("offline");
  source.onopen = () => document.body.classList.remove("offline");
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

export function notice(text) {
  for (const place of document.querySelectorAll("#notice, #modal .notice")) place.textContent = text;
}

// names turns an id into the name that people read.
export function names(id) {
  const { people, channels, groups } = now.state;
  const found = people.find((p) => p.id === id) ?? channels.find((c) => c.id === id);
  return found?.name ?? groups?.find((g) => g.id === id)?.handle ?? id;
}

export const lists = {
  people: () => now.state.people.filter((p) => !p.bot),
  channels: () => now.state.channels.filter((c) => c.kind !== "im"),
};

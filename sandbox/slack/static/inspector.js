// The raw traffic between the workspace and its apps: envelopes with their acknowledgements, and calls with their answers.
import { $, classes, fill, h, rove, say } from "./dom.js";
import { icon } from "./icons.js";
import { names, redraw } from "./workspace.js";

const pane = $("inspector");
const kept = new Map(); // by seq
let rev = 0;
let open = sessionStorage.getItem("inspector") === "open";
let kind = "all";
let chosen = 0; // seq of the one that is shown whole
let fetching = false;
let cleared = 0; // seq up to which nothing is listed
let drawnRows = new Map();

export function inspectorButton() {
  return h("button", { type: "button", class: "bar-button", "data-key": "inspector", "aria-pressed": String(open), "aria-label": "Raw traffic", title: "Raw traffic between the workspace and the app", onclick: () => toggle(!open) }, icon("traffic"));
}

function toggle(to) {
  open = to;
  sessionStorage.setItem("inspector", open ? "open" : "closed");
  pane.hidden = !open;
  redraw();
  if (open) { filter.focus(); fetchMore(); } // the focus at once: later it would be taken from somebody who types
  else document.querySelector('[data-key="inspector"]')?.focus();
}

const filter = h("input", { type: "search", placeholder: "Filter: name, channel, words in it", "aria-label": "Filter the traffic", oninput: draw });
const kinds = h("div", { class: "segments", role: "group", "aria-label": "What to list" }, [["all", "All"], ["envelope", "Envelopes"], ["call", "Calls"], ["failed", "Failed"]].map(([value, label]) =>
  h("button", { type: "button", "data-kind": value, "aria-pressed": String(value === kind), onclick: () => {
    kind = value;
    for (const b of kinds.children) b.setAttribute("aria-pressed", String(b.dataset.kind === kind));
    draw();
  } }, label)));
const rows = h("ol", { class: "rows", "aria-label": "Traffic, newest last" });
const details = h("div", { class: "details", tabindex: "0", role: "region", "aria-label": "The one that is chosen" });
const empty = h("p", { class: "none" });
pane.append(
  h("header", {}, h("h2", {}, "Traffic"), kinds, filter,
    h("button", { type: "button", class: "button", onclick: () => { cleared = Math.max(0, ...kept.keys()); chosen = 0; draw(); } }, "Clear"),
    h("button", { type: "button", class: "icon-button", "aria-label": "Close the traffic", title: "Close", onclick: () => toggle(false) }, icon("close"))),
  h("div", { class: "split" }, h("div", { class: "rows-frame" }, rows, empty), details));
pane.hidden = !open;
rove(rows, "button");
pane.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (chosen) { const was = chosen; chosen = 0; draw(); rows.querySelector(`[data-seq="${was}"]`)?.focus(); } else toggle(false);
});
if (open) fetchMore();

// onTraffic is called when something went over the wires.
export function onTraffic() { if (open) fetchMore(); }

async function fetchMore() {
  if (fetching) { fetching = "again"; return; }
  fetching = true;
  try {
    do {
      fetching = true;
      for (const e of await (await fetch("/page/traffic?since=" + rev)).json()) {
        kept.set(e.seq, e);
        rev = Math.max(rev, e.rev);
      }
      draw();
    } while (fetching === "again");
  } finally {
    fetching = false;
  }
}

function fits(e) {
  if (e.seq <= cleared) return false;
  if (kind === "failed" ? e.state !== "failed" && e.state !== "late" : kind !== "all" && e.kind !== kind) return false;
  const typed = filter.value.trim().toLowerCase();
  return !typed || `${e.name} ${e.about ?? ""} ${names(e.about ?? "")} ${e.status ?? ""} ${JSON.stringify(e.sent)} ${JSON.stringify(e.answer)}`.toLowerCase().includes(typed);
}

const states = { waiting: "waiting…", ok: "", failed: "failed", late: "too late" };

function draw() {
  if (!open) return;
  const frame = rows.parentElement;
  const atEnd = frame.scrollHeight - frame.scrollTop - frame.clientHeight < 40;
  const next = new Map();
  const nodes = [...kept.values()].sort((a, b) => a.seq - b.seq).filter(fits).map((e) => {
    const version = `${e.rev} ${e.seq === chosen}`;
    const old = drawnRows.get(e.seq);
    const entry = old?.version === version ? old : { version, node: row(e, old?.node) };
    next.set(e.seq, entry);
    return entry.node;
  });
  drawnRows = next;
  const wanted = new Set(nodes);
  for (const n of [...rows.children]) if (!wanted.has(n)) n.remove();
  nodes.forEach((n, i) => { if (rows.children[i] !== n) rows.insertBefore(n, rows.children[i] ?? null); });
  empty.textContent = nodes.length ? "" : kept.size > cleared ? "Nothing fits the filter." : "Nothing went over the wires yet.";
  if (!rows.querySelector('[tabindex="0"]')) rows.querySelector("li:last-child button")?.setAttribute("tabindex", "0");
  if (atEnd && !chosen) frame.scrollTop = frame.scrollHeight;
  drawDetails();
}

// row draws one, into the node that it had.
function row(e, node = h("li")) {
  const took = e.state === "waiting" ? "" : e.took < 10 ? `${e.took.toFixed(1)} ms` : `${Math.round(e.took)} ms`;
  const about = e.about ? names(e.about) : "";
  const button = node.firstChild ?? h("button", { type: "button", tabindex: "-1", "data-seq": e.seq, onclick: () => { chosen = chosen === e.seq ? 0 : e.seq; draw(); } });
  button.className = classes(e.kind, e.state);
  button.setAttribute("aria-expanded", String(e.seq === chosen));
  button.replaceChildren(h("time", {}, new Date(e.at).toLocaleTimeString("sv") + "." + String(e.at % 1000).padStart(3, "0")),
    h("span", { class: "way", title: e.kind === "envelope" ? "To the app, over the socket" : "From the app, to the Web API" }, icon(e.kind === "envelope" ? "right" : "left"), h("span", { class: "unseen" }, e.kind)),
    h("span", { class: "what" }, h("strong", {}, e.name), about && h("span", {}, about)),
    h("span", { class: "state" }, classes(e.status, !e.status && states[e.state])), h("span", { class: "took" }, took && (e.kind === "envelope" ? "ack " : "") + took));
  if (!node.firstChild) node.append(button);
  return node;
}

function drawDetails() {
  const e = kept.get(chosen);
  details.hidden = !e;
  pane.classList.toggle("detailed", Boolean(e));
  if (!e) return;
  const key = `${e.seq} ${e.rev}`;
  if (details.dataset.key === key) return;
  details.dataset.key = key;
  const took = `${e.took.toFixed(1)} ms`;
  fill(details,
    h("header", {}, h("h3", {}, e.name), h("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => { chosen = 0; draw(); } }, icon("close"))),
    body(e.kind === "envelope" ? "Envelope, to the app" : "Arguments, from the app", e.sent),
    e.kind === "envelope"
      ? h("p", { class: "ack" }, e.state === "ok" ? `Acknowledged after ${took}` : e.state === "late" ? `Acknowledged too late, after ${took}` : e.status || "Waiting for the acknowledgement")
      : h("p", { class: "ack" }, `Answered after ${took}${e.status ? ": " + e.status : ""}`),
    e.answer !== undefined && body(e.kind === "envelope" ? "Sent with the acknowledgement" : "Answer", e.answer));
}

function body(title, value) {
  const text = JSON.stringify(value, null, 2) ?? "";
  return h("section", {}, h("h4", {}, title, h("button", { type: "button", class: "plain-link", onclick: () => navigator.clipboard?.writeText(text).then(() => say("Copied")) }, "Copy")), h("pre", {}, coloured(text)));
}

// coloured marks keys, texts and other values of JSON.
function coloured(text) {
  return text.split(/("(?:[^"\\]|\\.)*"(?:\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?)/g).map((part, i) => {
    if (i % 2 === 0) return part;
    return h("span", { class: part.endsWith(":") ? "json-key" : part.startsWith('"') ? "json-text" : "json-value" }, part);
  });
}

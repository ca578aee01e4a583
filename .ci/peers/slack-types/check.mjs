// Holds what the bot has sent to Slack's own published types: node check.mjs FOLDER, where FOLDER holds the records
// that the sandbox workspace makes (SANDBOX_SLACK_RECORD). Each thing said in a shape of its own becomes a constant in
// one TypeScript file, which must compile. Exits 1 with a line for each thing that does not, or when nothing was sent.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2];

// Tests of the sandbox itself send what no bot would.
const records = readdirSync(folder)
  .filter((name) => name.endsWith(".jsonl") && !name.startsWith("slack.test-"))
  .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
  .filter(Boolean)
  .map((line) => JSON.parse(line));

// Forms carry everything as text.
const structured = new Set(["blocks", "attachments", "view", "metadata", "files"]);
const booleans = new Set(["as_user", "exclude_archived", "force", "include_all_metadata", "include_count", "include_disabled",
  "include_labels", "include_locale", "include_num_members", "include_users", "inclusive", "is_private", "link_names", "mrkdwn",
  "prevent_creation", "reply_broadcast", "return_im", "unfurl_links", "unfurl_media", "full"]);
const numbers = new Set(["limit", "length", "count", "page", "post_at"]);

function argumentsOf(params) {
  const out = {};
  for (const [name, value] of Object.entries(params)) {
    if (typeof value !== "string") out[name] = value;
    else if (value === "") continue; // an argument left out
    else if (structured.has(name)) out[name] = JSON.parse(value);
    else if (booleans.has(name)) out[name] = value === "true" || value === "1";
    else if (numbers.has(name)) out[name] = Number(value);
    else out[name] = value;
  }
  return out;
}

// shape is the same for things that differ only in words.
const telling = new Set(["type", "style", "response_type", "response_action", "event_type", "format"]);
function shape(value, key = "") {
  if (Array.isArray(value)) return [...new Set(value.map((v) => JSON.stringify(shape(v, key))))];
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).sort().map(([k, v]) => [k, shape(v, k)]));
  }
  return telling.has(key) ? value : typeof value;
}

// What is sent but is no method of the Web API's client.
const others = new Set(["upload", "download"]);
const lines = [
  'import type { WebClient } from "@slack/web-api";',
  'import type { HomeView, KnownBlock, ModalView } from "@slack/types";',
  "// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses",
  'type Response = { text?: string; blocks?: KnownBlock[]; response_type?: "in_channel" | "ephemeral"; replace_original?: boolean; delete_original?: boolean; thread_ts?: string };',
  "// https://docs.slack.dev/interactivity/implementing-slash-commands#responding_immediate_response",
  'type CommandAnswer = { text?: string; blocks?: KnownBlock[]; response_type?: "in_channel" | "ephemeral" };',
  "// https://docs.slack.dev/surfaces/modals#updating_response",
  'type FormAnswer = { response_action: "update" | "push"; view: ModalView } | { response_action: "clear" } | { response_action: "errors"; errors: Record<string, string> };',
];
const told = new Map(); // by line of the file: what stands there
const seen = new Set();
const methods = new Map();

function constant(type, what, value) {
  const key = what + JSON.stringify(shape(value));
  if (seen.has(key)) return;
  seen.add(key);
  lines.push(`export const c${seen.size}: ${type} = ${JSON.stringify(value)};`);
  told.set(lines.length, { what, value });
}

for (const { method, params } of records) {
  if (others.has(method)) continue;
  methods.set(method, (methods.get(method) ?? 0) + 1);
  const args = argumentsOf(params);
  // Slack documents alt_txt; its own client calls it alt_text.
  // https://docs.slack.dev/reference/methods/files.getUploadURLExternal
  if (method === "files.getUploadURLExternal" && "alt_txt" in args) {
    args.alt_text = args.alt_txt;
    delete args.alt_txt;
  }
  // The client's types also take blocks that they do not know, so blocks are held to the known ones as well.
  if (args.blocks) constant("KnownBlock[]", `${method}: blocks`, args.blocks);
  if (args.view) {
    constant("KnownBlock[]", `${method}: blocks of the view`, args.view.blocks);
    constant(args.view.type === "home" ? "HomeView" : "ModalView", `${method}: view`, args.view);
  }
  if (method === "response_url") constant("Response", method, args);
  else if (method === "acknowledgement of slash_commands") constant("CommandAnswer", method, args);
  else if (method === "acknowledgement of interactive") constant("FormAnswer", method, args);
  else {
    const path = method.split(".").map((part) => `[${JSON.stringify(part)}]`).join("");
    constant(`NonNullable<Parameters<WebClient${path}>[0]>`, method, args);
  }
}
if (seen.size === 0 || !methods.has("chat.postMessage")) {
  console.error("Nothing was recorded, so nothing was checked.");
  process.exit(1);
}

const file = join(here, "sent.ts");
writeFileSync(file, lines.join("\n") + "\n");
const program = ts.createProgram([file], {
  noEmit: true, strict: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [],
});
const faults = ts.getPreEmitDiagnostics(program);
for (const fault of faults) {
  const at = fault.file && fault.start !== undefined ? fault.file.getLineAndCharacterOfPosition(fault.start) : undefined;
  const thing = at && told.get(at.line + 1);
  console.error(`${thing ? thing.what : fault.file?.fileName ?? "types"}: ${ts.flattenDiagnosticMessageText(fault.messageText, " ")}`);
  if (thing) console.error(`    near ${fault.file.text.slice(Math.max(0, fault.start - 120), fault.start + 120)}`);
}
const called = [...methods].sort().map(([name, n]) => `${name} ${n}`).join(", ");
console.log(`${seen.size} shapes of what was sent, ${faults.length ? faults.length + " faults" : "all as Slack's types say"} (${called})`);
process.exit(faults.length ? 1 : 0);

// Draws what can be filled in. A control knows its key ("block_id/action_id") and the words that it holds; the context
// hears of changes through changed(key, words), and through choose(key, words) when the element tells the app at once.
import { confirmed } from "./buttons.js";
import { combobox } from "./combobox.js";
import { classes, h, size } from "./dom.js";
import { icon } from "./icons.js";
import { drawText } from "./mrkdwn.js";
import { avatar, now, upload } from "./workspace.js";

const label = (t) => t?.text ?? "";

// words are what an element holds, in short: a text, ids, or the values of options.
export function words(held) {
  if (!held) return [];
  const key = Object.keys(held).find((k) => k === "value" || k === "files" || k.startsWith("selected_") || k === "rich_text_value");
  const value = held[key];
  if (value === null || value === undefined) return [];
  if (key === "rich_text_value") return [richWords(value)];
  return [value].flat().map((v) => String(v.value ?? v.id ?? v));
}

const richWords = (e) => (e.elements ?? []).map((one) => one.text ?? one.url ?? (one.user_id ? `<@${one.user_id}>` : one.name ? `:${one.name}:` : richWords(one))).join("");

// grouped says which inputs are several things with one name.
export const grouped = (type) => ["checkboxes", "radio_buttons", "file_input"].includes(type);

export function control(e, key, held, context) {
  const c = {
    ...context, key, own: context.dirty?.[key] ?? words(held),
    async set(values) {
      if (!(await confirmed(e))) return false;
      c.own = values;
      context.changed?.(key, values);
      if (context.tells) await context.choose(key, values);
      return true;
    },
  };
  c.named = { id: c.id ?? null, "data-key": key, "aria-label": c.inInput ? null : label(e.placeholder) || kindNames[e.type] || "Choose", "aria-required": c.required ? "true" : null,
    "aria-invalid": c.wrong ? "true" : null, "aria-describedby": c.about || null, autofocus: Boolean(e.focus_on_load) };
  if (e.type === "file_input") return files(e, c);
  if (e.type.endsWith("_input")) return textInput(e, c);
  if (e.type === "checkboxes") return boxes(e.options, "checkbox", c);
  if (e.type === "radio_buttons") return boxes(e.options, "radio", c);
  if (e.type in pickers) return picker(e, c);
  return select(e, c);
}

const pickers = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local" };
const kindNames = { datepicker: "Date", timepicker: "Time", datetimepicker: "Date and time", checkboxes: "Choose", radio_buttons: "Choose" };
const modes = { number_input: "decimal", email_text_input: "email", url_text_input: "url" };

function textInput(e, c) {
  const many = e.multiline || e.type === "rich_text_input";
  const at = e.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  let waiting = 0;
  const tell = () => { clearTimeout(waiting); if (c.tells) c.choose(c.key, c.own); };
  const input = h(many ? "textarea" : "input", {
    ...c.named, name: c.key, placeholder: label(e.placeholder), type: many ? null : "text", inputMode: modes[e.type] ?? null, autocomplete: "off", rows: many ? 4 : null,
    oninput: () => {
      c.own = input.value === "" ? [] : [input.value];
      c.changed?.(c.key, c.own);
      count();
      if (!c.tells || !at.includes("on_character_entered")) return;
      clearTimeout(waiting);
      waiting = setTimeout(tell, 250);
    },
    onkeydown: (event) => {
      if (event.key !== "Enter" || event.isComposing || many && !event.ctrlKey && !event.metaKey) return;
      if (c.tells && at.includes("on_enter_pressed")) { event.preventDefault(); tell(); }
    },
  });
  input.value = c.own[0] ?? "";
  const counter = e.max_length && h("span", { class: "counter", "aria-hidden": "true" });
  const count = () => { if (counter) counter.textContent = `${[...input.value].length}/${e.max_length}`; };
  count();
  return counter ? h("div", { class: "counted" }, input, counter) : input;
}

function boxes(all, type, c) {
  const group = h("div", { class: "boxes", role: c.inInput ? null : "group", "aria-label": c.named["aria-label"] });
  const chosen = () => [...group.querySelectorAll("input:checked")].map((box) => box.value);
  const name = `${c.key}-${boxes.made++}`;
  group.append(...all.map((o) => h("label", {},
    h("input", {
      type, name, value: o.value, checked: c.own.includes(o.value), "data-key": `${c.key} ${o.value}`,
      onchange: async () => {
        const before = c.own;
        if (!(await c.set(chosen()))) for (const box of group.querySelectorAll("input")) box.checked = before.includes(box.value);
      },
    }),
    h("span", {}, drawText(o.text), o.description && h("small", {}, drawText(o.description))))));
  return group;
}
boxes.made = 0;

function picker(e, c) {
  const seconds = e.type === "datetimepicker";
  const input = h("input", {
    ...c.named, type: pickers[e.type],
    onchange: async () => {
      const before = show();
      const value = input.value;
      if (!(await c.set(value === "" ? [] : [seconds ? String(Math.floor(new Date(value).getTime() / 1000)) : value]))) input.value = before;
    },
  });
  const show = () => (c.own[0] && seconds ? localTime(Number(c.own[0])) : c.own[0] ?? "");
  input.value = show();
  return input;
}

function localTime(seconds) {
  const at = new Date(seconds * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

function select(e, c) {
  const multi = e.type.startsWith("multi_");
  return combobox({
    named: c.named, multi, most: multi ? e.max_selected_items ?? Infinity : 1, optional: c.inInput && !c.required,
    placeholder: label(e.placeholder) || (multi ? "Choose options" : "Choose an option"), chosen: c.own, groups: options(e), set: c.set,
  });
}

// options are the groups of choices of a menu; people and channels come from the workspace.
function options(e) {
  const { people, channels } = now.state;
  if (e.type.includes("users_")) return [{ options: people.filter((p) => p.id !== "USLACKBOT").map((p) => ({ value: p.id, name: p.name, image: avatar(p.id) })) }];
  const rooms = channels.filter((c) => c.kind !== "im" && !c.archived).map((c) => ({ value: c.id, name: c.name, sign: c.kind === "private_channel" ? "lock" : "hash" }));
  if (e.type.includes("channels_")) return [{ options: rooms.filter((o) => o.sign === "hash") }];
  if (e.type.includes("conversations_")) return [{ options: [...rooms, ...channels.filter((c) => c.kind === "im").map((c) => ({ value: c.id, name: c.name, image: avatar(c.with) }))] }];
  const draw = (o) => ({ value: o.value, name: label(o.text), about: label(o.description) });
  return (e.option_groups ?? [{ options: e.options ?? [] }]).map((g) => ({ label: label(g.label), options: g.options.map(draw) }));
}

// files takes files that are uploaded at once and sent with the form.
function files(e, c) {
  const most = e.max_files ?? 10;
  const known = files.known ??= new Map();
  const list = h("ul", { class: "attached" });
  const input = h("input", { type: "file", hidden: true, multiple: most > 1, accept: (e.filetypes ?? []).map((t) => "." + t).join(",") || null, onchange: add });
  const button = h("button", { type: "button", class: "button", "data-key": c.key, "aria-describedby": c.about || null, onclick: () => input.click() }, icon("clip"), most > 1 ? "Add files" : "Add a file");
  async function add() {
    for (const file of [...input.files].slice(0, most - c.own.length)) {
      const answer = await upload(file);
      if (answer.error) return;
      known.set(answer.id, `${file.name} · ${size(file.size)}`);
      await c.set([...c.own, answer.id]);
    }
    input.value = "";
    show();
  }
  function show() {
    button.disabled = c.own.length >= most;
    list.replaceChildren(...c.own.map((id) => h("li", { class: "chip" }, icon("file"), known.get(id) ?? id,
      h("button", { type: "button", "aria-label": "Remove " + (known.get(id) ?? id), onclick: async () => { await c.set(c.own.filter((one) => one !== id)); show(); button.focus(); } }, icon("close")))));
  }
  show();
  return h("div", { class: classes("files-input") }, list, button, input);
}

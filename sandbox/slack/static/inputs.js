// Draws what can be filled in, and reads it again. A control knows its key ("block_id/action_id") and the words that
// it holds; the context hears of changes through changed(key, words), and through choose(key, words) when the element
// tells the app at once.
import { h } from "./dom.js";

const label = (t) => t?.text ?? "";

// words are what an element holds, in short: a text, ids, or the values of options.
export function words(held) {
  if (!held) return [];
  const value = held.value ?? held.selected_option ?? held.selected_options ?? held.selected_user ?? held.selected_users ??
    held.selected_channel ?? held.selected_channels ?? held.selected_conversation ?? held.selected_conversations ??
    held.selected_date ?? held.selected_time ?? held.selected_date_time;
  if (value === null || value === undefined) return [];
  return [value].flat().map((v) => String(v.value ?? v));
}

export function control(e, key, held, context) {
  const own = context.dirty?.[key] ?? words(held);
  const c = {
    ...context, key, own,
    set(values) {
      context.changed?.(key, values);
      if (context.tells && !isText(e.type)) context.choose(key, values);
    },
    send(values) { if (context.tells) context.choose(key, values); },
  };
  if (isText(e.type)) return textInput(e, c);
  if (e.type === "checkboxes") return boxes(e.options, "checkbox", c);
  if (e.type === "radio_buttons") return boxes(e.options, "radio", c);
  if (e.type in pickers) return picker(e, c);
  const offered = options(e, c);
  if (e.type.startsWith("multi_")) return boxes(offered.flatMap((g) => g.options), "checkbox", c, "many");
  return select(e, offered, c);
}

const isText = (type) => type.endsWith("_input");
const pickers = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local" };
const textTypes = { number_input: "number", email_text_input: "email", url_text_input: "url" };

function textInput(e, c) {
  const properties = {
    id: c.id ?? null, name: c.key, "data-key": c.key, placeholder: label(e.placeholder), value: c.own[0] ?? "", "aria-label": c.inInput ? null : label(e.placeholder),
    maxLength: Number(e.max_length ?? 3000), autofocus: Boolean(e.focus_on_load),
    oninput: (event) => c.set(event.target.value === "" ? [] : [event.target.value]),
    onkeydown: (event) => {
      if (event.key !== "Enter" || event.target.tagName === "TEXTAREA") return;
      if (c.tells) { event.preventDefault(); c.send([event.target.value]); }
    },
  };
  if (e.multiline) {
    const area = h("textarea", { ...properties, rows: 4 });
    area.value = c.own[0] ?? "";
    return area;
  }
  return h("input", { ...properties, type: textTypes[e.type] ?? "text", step: e.is_decimal_allowed ? "any" : null, autocomplete: "off" });
}

function boxes(all, type, c, extra) {
  const group = h("div", { class: "boxes " + (extra ?? ""), "data-key": c.key });
  const chosen = () => [...group.querySelectorAll("input:checked")].map((box) => box.value);
  const name = `${c.key}-${Math.random()}`;
  group.append(...all.map((o) => h("label", {},
    h("input", { type, name, value: o.value, checked: c.own.includes(o.value), onchange: () => c.set(chosen()) }),
    h("span", {}, label(o.text), o.description && h("small", {}, label(o.description))))));
  return group;
}

function picker(e, c) {
  const seconds = e.type === "datetimepicker";
  const shown = c.own[0] && seconds ? localTime(Number(c.own[0])) : c.own[0] ?? "";
  return h("input", {
    id: c.id ?? null, type: pickers[e.type], value: shown, "data-key": c.key, "aria-label": c.inInput ? null : label(e.placeholder) || e.type,
    onchange: (event) => {
      const value = event.target.value;
      c.set(value === "" ? [] : [seconds ? String(Math.floor(new Date(value).getTime() / 1000)) : value]);
    },
  });
}

function localTime(seconds) {
  const at = new Date(seconds * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

// options are the groups of choices of a menu; people and channels come from the workspace.
function options(e, c) {
  const list = (all, sign) => [{ options: all.map((one) => ({ value: one.id, text: { text: sign + one.name } })) }];
  if (e.type.includes("users_")) return list(c.people(), "@");
  if (e.type.includes("channels_") || e.type.includes("conversations_")) return list(c.channels(), "#");
  return e.option_groups ?? [{ options: e.options ?? [] }];
}

function select(e, groups, c) {
  const draw = (o) => h("option", { value: o.value, selected: c.own.includes(o.value) }, label(o.text));
  const draws = groups.map((g) => (g.label ? h("optgroup", { label: label(g.label) }, g.options.map(draw)) : g.options.map(draw)));
  return h("select", {
    id: c.id ?? null, "data-key": c.key, "aria-label": c.inInput ? null : label(e.placeholder) || "Choose",
    onchange: (event) => c.set(event.target.value === "" ? [] : [event.target.value]),
  }, h("option", { value: "", selected: c.own.length === 0 }, label(e.placeholder) || "Choose an option"), draws);
}

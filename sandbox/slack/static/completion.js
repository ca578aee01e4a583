// Offers what can be written next: commands and their words after /, people after @, channels after #, emoji after :.
import { classes, h } from "./dom.js";
import { emojiNames, quickName } from "./emoji.js";
import { icon } from "./icons.js";
import { drawEmoji } from "./mrkdwn.js";
import { avatar, now } from "./workspace.js";

const most = 8;

// completion answers a list for a text area; commands says whether commands can be written there, changed is called
// after something was taken.
export function completion(input, { commands, changed }) {
  const id = input.id + "-offers";
  const node = h("ul", { id, class: "offers", role: "listbox", "aria-label": "Suggestions", hidden: true });
  let offered = []; // {text, from, name, hint, about, image, sign}; those without text only explain
  let at = 0;
  input.setAttribute("aria-controls", id);
  input.addEventListener("blur", () => setTimeout(hide, 120));

  function update() {
    offered = document.activeElement === input || input.value.startsWith("/") ? offers(input.value.slice(0, input.selectionStart)) : [];
    at = offered.findIndex((o) => o.text !== undefined);
    draw();
  }

  function offers(before) {
    if (commands() && before.startsWith("/")) return commandOffers(before);
    const mark = before.match(/(?:^|\s)([@#:])([\w+.-]*)$/);
    if (!mark || mark[1] === ":" && mark[2].length < 2) return [];
    const from = before.length - mark[2].length - 1;
    const typed = mark[2].toLowerCase();
    const found = { "@": people, "#": rooms, ":": signs }[mark[1]]().filter((o) => o.key.toLowerCase().startsWith(typed));
    return found.slice(0, most).map((o) => ({ ...o, from }));
  }

  const people = () => [
    ...now.state.people.filter((p) => p.id !== "USLACKBOT").map((p) => ({ key: p.name, text: `@${p.name} `, name: p.name, image: avatar(p.id), about: p.bot ? "App" : p.other ? "Other workspace" : "" })),
    ...(now.state.groups ?? []).map((g) => ({ key: g.handle, text: `@${g.handle} `, name: g.handle, sign: "people", about: "Group" })),
    ...["here", "channel"].map((n) => ({ key: n, text: `@${n} `, name: "@" + n, sign: "people", about: "Everyone in the channel" })),
  ];
  const rooms = () => now.state.channels.filter((c) => c.kind !== "im").map((c) => ({ key: c.name, text: `#${c.name} `, name: c.name, sign: "hash" }));
  const signs = () => emojiNames.map((n) => ({ key: n, text: `:${n}: `, name: `:${n}:`, emoji: n, about: quickName(n) }));

  function draw() {
    node.hidden = offered.length === 0;
    input.setAttribute("aria-expanded", String(!node.hidden));
    let n = 0;
    node.replaceChildren(...offered.map((o, i) => h("li", {
      role: o.text === undefined ? "note" : "option", id: `${id}-${i}`, class: classes(i === at && "at", o.text === undefined && "explains"), "aria-selected": o.text === undefined ? null : String(i === at),
      onpointerdown: (event) => { event.preventDefault(); if (o.text !== undefined) take(i); },
      onpointermove: () => { if (o.text !== undefined && at !== i) { at = i; mark(); } },
    }, o.image && h("img", { class: "avatar small", src: o.image, alt: "" }), o.sign && icon(o.sign), o.emoji && drawEmoji(o.emoji),
      h("span", { class: "offer-name" }, h("strong", {}, o.name), o.hint && h("code", {}, o.hint)), o.about && h("span", { class: "offer-about" }, o.about), n++ === 0 && o.text !== undefined && h("kbd", {}, "Tab"))));
    mark();
  }

  function mark() {
    [...node.children].forEach((child, i) => {
      child.classList.toggle("at", i === at);
      if (child.getAttribute("role") === "option") child.setAttribute("aria-selected", String(i === at));
      if (i === at) child.scrollIntoView({ block: "nearest" });
    });
    if (node.hidden || at < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `${id}-${at}`);
  }

  function hide() {
    offered = [];
    draw();
  }

  function take(i) {
    const { from, text } = offered[i];
    input.setRangeText(text, from, input.selectionStart, "end");
    changed();
  }

  // key answers true when it was for the list.
  function key(event) {
    const choices = offered.flatMap((o, i) => (o.text === undefined ? [] : [i]));
    if (offered.length && event.key === "Escape") { event.preventDefault(); hide(); return true; }
    if (choices.length === 0) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = choices.indexOf(at) + (event.key === "ArrowDown" ? 1 : -1);
      at = choices[(next + choices.length) % choices.length];
      mark();
    } else if (event.key === "Tab" && !event.shiftKey || event.key === "Enter" && !event.shiftKey && !whole(offered[at])) {
      take(at);
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  // whole says that what is offered is written already, so that Enter sends it.
  const whole = (o) => input.value.trimEnd() === (input.value.slice(0, o.from) + o.text).trimEnd() || o.optional;

  return { node, update, hide, key };
}

// commandOffers completes a command's name, then the words that its usage hint begins its alternatives with.
function commandOffers(before) {
  const all = now.state.commands ?? [];
  if (!/\s/.test(before)) {
    return all.filter((c) => c.name.startsWith(before)).map((c) => ({ text: c.name + " ", from: 0, name: c.name, hint: c.hint, about: c.description }));
  }
  const command = all.find((c) => before.startsWith(c.name + " "));
  if (!command) return [];
  const typed = before.slice(command.name.length + 1);
  if (/\s/.test(typed)) {
    const words = alternatives(command.hint).find((a) => typed.startsWith(a.word + " "));
    return words?.rest ? [{ name: `${command.name} ${words.word}`, hint: words.rest }] : [];
  }
  const fit = alternatives(command.hint).filter((a) => a.word.startsWith(typed));
  if (fit.length === 0) return command.hint && !typed ? [{ name: command.name, hint: command.hint, about: command.description }] : [];
  return fit.map((a) => ({ text: a.word + (a.rest ? " " : ""), from: command.name.length + 1, name: a.word, hint: a.rest, optional: typed === "" }));
}

// alternatives reads a hint such as "now [database…] | show <backup>".
function alternatives(hint) {
  return inside(hint ?? "").split("|").map((part) => part.trim().match(/^([a-z][\w-]*)\s*(.*)$/)).filter(Boolean).map(([, word, rest]) => ({ word, rest }));
}

// inside takes off the brackets around the whole of a hint.
function inside(hint) {
  let depth = 0;
  for (let i = 0; i < hint.length; i++) {
    depth += hint[i] === "[" ? 1 : hint[i] === "]" ? -1 : 0;
    if (depth === 0) return hint[0] === "[" && i === hint.length - 1 ? hint.slice(1, -1) : hint;
  }
  return hint;
}

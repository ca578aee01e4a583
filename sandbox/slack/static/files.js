// Draws files that were shared: pictures, the beginning of texts, and a way to keep them.
import { h, size } from "./dom.js";
import { icon } from "./icons.js";

const shownLines = 8;

export function drawFile(f) {
  const address = "/page/file/" + encodeURIComponent(f.id);
  const head = h("div", { class: "file-head" }, icon("file"),
    h("a", { href: address, target: "_blank", class: "file-name", "data-key": f.id }, h("strong", {}, f.title || f.name), h("small", {}, `${f.name} · ${size(f.size)}`)),
    h("a", { class: "icon-button", href: address + "?download=1", download: f.name, "aria-label": "Download " + f.name, title: "Download" }, icon("download")));
  if (/^image\/(png|jpeg|gif|webp)$/.test(f.type)) {
    return h("div", { class: "file picture" }, head, h("a", { href: address, target: "_blank" }, h("img", { src: address, alt: f.alt || f.title || f.name })));
  }
  return h("div", { class: "file" }, head, f.preview && preview(f, address));
}

// preview shows how a text begins; the rest is one press away.
function preview(f, address) {
  const all = f.preview.replace(/\n$/, "").split("\n");
  const text = h("pre", { tabindex: "0", "aria-label": "How " + f.name + " begins" }, all.slice(0, shownLines).join("\n"));
  if (all.length <= shownLines && f.whole) return text;
  const more = h("button", { type: "button", class: "plain-link", "data-key": f.id + " more", onclick: async () => {
    more.remove();
    text.textContent = f.whole ? f.preview : await (await fetch(address)).text();
    text.classList.add("all");
    text.focus();
  } }, "Show all of it");
  return [text, more];
}

// Questions that must be answered before anything else.
import { $, h } from "./dom.js";
import { dismiss } from "./menu.js";

// ask shows a confirm dialog of Block Kit, or a body of our own, and answers what the person chose. The browser keeps
// the focus inside; it returns to where it was.
export function ask(confirm) {
  dismiss();
  const dialog = $("confirm");
  const back = document.activeElement;
  return new Promise((resolve) => {
    const close = (answer) => () => {
      dialog.close();
      dialog.replaceChildren();
      (back?.isConnected ? back : back?.dataset?.key && document.querySelector(`[data-key="${CSS.escape(back.dataset.key)}"]`))?.focus?.();
      resolve(answer);
    };
    const yes = h("button", { class: "button filled " + (confirm.style ?? "primary"), type: "submit" }, confirm.confirm?.text ?? "Yes");
    const no = h("button", { class: "button", type: "button", onclick: close(false) }, confirm.deny?.text ?? "Cancel");
    dialog.replaceChildren(h("form", { onsubmit: (event) => { event.preventDefault(); close(true)(); } },
      h("header", {}, h("h2", { id: "confirm-title" }, confirm.title?.text ?? "Are you sure?")),
      h("div", { class: "body" }, confirm.body ?? confirm.text?.text ?? ""),
      h("footer", {}, no, yes)));
    dialog.oncancel = (event) => { event.preventDefault(); close(false)(); };
    dialog.showModal();
    (dialog.querySelector(".body textarea") ?? (confirm.style === "danger" ? no : yes)).focus();
  });
}

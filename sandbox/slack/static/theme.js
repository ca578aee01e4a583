// Light, dark, or as the system has it.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { menu } from "./menu.js";

const themes = { auto: "As the system has it", light: "Light", dark: "Dark" };
const icons = { auto: "auto", light: "sun", dark: "moon" };
let theme = new URLSearchParams(location.search).get("theme") ?? localStorage.getItem("theme") ?? "auto";
apply();

function apply() {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function themeButton() {
  const button = h("button", { type: "button", class: "icon-button", "data-key": "theme", "aria-label": "Theme", title: "Theme", "aria-haspopup": "menu", "aria-expanded": "false",
    onclick: () => menu(button, "Theme", Object.entries(themes).map(([name, label]) => ({ name: label, icon: icons[name], value: name, on: name === theme, do: () => {
      theme = name;
      localStorage.setItem("theme", name);
      apply();
      button.querySelector("svg").replaceWith(icon(icons[name]));
    } }))) }, icon(icons[theme] ?? "auto"));
  return button;
}

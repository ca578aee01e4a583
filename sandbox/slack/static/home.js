// Draws the app's home.
import { drawBlocks } from "./blocks.js";
import { $, h, keepFocus } from "./dom.js";
import { act, avatar, now } from "./workspace.js";

let shown = "";

export function drawHome(state) {
  const key = JSON.stringify([state.home, now.me]);
  if (key === shown) return;
  shown = key;
  const context = {
    values: state.home?.values, errors: {},
    press: (action, value) => act({ do: "pressHome", action, value }),
    choose: (action, chosen) => act({ do: "chooseHome", action, chosen }),
  };
  keepFocus(() => $("home-body").replaceChildren(...(state.home ? drawBlocks(state.home.blocks, context) : [
    h("div", { class: "beginning" }, h("img", { class: "avatar", src: avatar(state.app.id), alt: "" }), h("h3", {}, state.app.name), h("p", {}, `${state.app.name} has put nothing here yet.`)),
  ])));
}

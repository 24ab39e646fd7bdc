// Who one writes as.

import { avatar } from "./avatars.js";
import { el } from "./element.js";
import { icon } from "./icons.js";

/** Draw the panel with the person one is; `become(id)` and `add()` change that. */
export function drawPeople(panel, { world, me, become, add }) {
  const self = world.person(me);
  const entry = (person) =>
    el(
      "button.person",
      {
        type: "button",
        role: "menuitemradio",
        "aria-checked": String(person.id === me),
        onclick: () => become(person.id),
      },
      avatar(person, "small"),
      el("span", {}, person.name),
    );
  const menu = el(
    "div.people",
    { role: "menu", hidden: true, "aria-label": "Write as" },
    world.people().map(entry),
    el("button.person.add", { type: "button", role: "menuitem", onclick: add }, icon("plus"), "Add somebody …"),
  );
  const button = el(
    "button.self",
    {
      type: "button",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-label": `You write as ${self.name}. Change`,
    },
    avatar(self),
    el("span.who", {}, el("small", {}, "You write as"), el("b", {}, self.name)),
    icon("down"),
  );
  const show = (open) => {
    menu.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) menu.querySelector('[aria-checked="true"]')?.focus();
  };
  button.onclick = () => show(menu.hidden);
  panel.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      show(false);
      button.focus();
    }
    if (!step || menu.hidden) return;
    const entries = [...menu.querySelectorAll(".person")];
    entries.at((entries.indexOf(document.activeElement) + step) % entries.length).focus();
    event.preventDefault();
  };
  panel.onfocusout = (event) => panel.contains(event.relatedTarget) || show(false);
  panel.replaceChildren(menu, button);
}

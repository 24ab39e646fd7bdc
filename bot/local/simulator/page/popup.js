// A small menu beside a button.

import { el } from "./element.js";

const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/**
 * Offer entries beside a button and call `picked(entry)`; `kind` is the menu's element, `show(entry)` the content of
 * an entry's button, `name(entry)` its label where the content has no words.
 */
export function choose(button, { kind, label, entries, show = (entry) => entry, name }, picked) {
  let open = true;
  const close = (focus) => {
    if (!open) return; // removing the menu takes the focus out of it
    open = false;
    menu.remove();
    button.setAttribute("aria-expanded", "false");
    if (focus) button.focus();
  };
  const pick = (entry) => {
    close(true);
    picked(entry);
  };
  const pressed = (event) => {
    const buttons = [...menu.children];
    const step = STEPS[event.key];
    if (event.key === "Escape") close(true);
    else if (step) buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length).focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const menu = el(
    kind,
    { role: "group", "aria-label": label, onkeydown: pressed },
    entries.map((each) =>
      el("button", { type: "button", onclick: () => pick(each), "aria-label": name?.(each), title: name?.(each) }, show(each)),
    ),
  );
  menu.addEventListener("focusout", (event) => menu.contains(event.relatedTarget) || close(false));
  button.setAttribute("aria-expanded", "true");
  button.parentElement.append(menu);
  menu.firstElementChild.focus();
}

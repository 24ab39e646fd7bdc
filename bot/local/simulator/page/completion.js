// The list of suggestions above the composer. The text field keeps the focus; the list follows by ARIA.

import { el } from "./element.js";

export class Completion {
  #entries = [];
  #chosen = 0;

  constructor(list, field) {
    Object.assign(this, { list, field });
    field.setAttribute("aria-controls", list.id);
    field.setAttribute("aria-autocomplete", "list");
    this.close();
  }

  get isOpen() {
    return this.#entries.length > 0;
  }

  /** Offer entries `{show: [children], pick()}` under a title. */
  open(title, entries) {
    if (!entries.length) return this.close();
    this.#entries = entries;
    this.#chosen = 0;
    this.list.hidden = false;
    this.list.replaceChildren(
      el("div.completion-title", { role: "presentation" }, title),
      ...entries.map((entry, index) =>
        el(
          "div.suggestion",
          {
            id: `${this.list.id}-${index}`,
            role: "option",
            // Before the field would lose the focus.
            onmousedown: (event) => {
              event.preventDefault();
              this.#pick(index);
            },
            onmousemove: () => this.#choose(index),
          },
          entry.show,
        ),
      ),
    );
    this.field.setAttribute("aria-expanded", "true");
    this.#choose(0);
  }

  close() {
    this.#entries = [];
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  /** Take a key that is meant for the list; true if it was. */
  press(event) {
    if (!this.isOpen || event.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const picks = event.key === "Tab" || (event.key === "Enter" && !event.shiftKey);
    if (step) this.#choose((this.#chosen + step + this.#entries.length) % this.#entries.length);
    else if (picks) this.#pick(this.#chosen);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    return true;
  }

  #choose(index) {
    this.#chosen = index;
    const options = this.list.querySelectorAll(".suggestion");
    options.forEach((each, at) => each.setAttribute("aria-selected", String(at === index)));
    options[index].scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", options[index].id);
  }

  #pick(index) {
    const entry = this.#entries[index];
    this.close();
    entry.pick();
  }
}

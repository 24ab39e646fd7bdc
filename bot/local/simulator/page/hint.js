// The one hint for somebody who sees the page for the first time.

import { el } from "./element.js";
import { iconButton } from "./icons.js";

const KEY = "hint-taken";

export class Hint {
  constructor(holder, { bot, begin }) {
    Object.assign(this, { holder, bot, begin });
  }

  /** Show the hint where it is of use, until it has been taken. */
  show(useful) {
    const bot = this.bot();
    this.holder.hidden = !useful || !bot || localStorage.getItem(KEY) !== null;
    if (this.holder.hidden) return;
    this.holder.replaceChildren(
      el("span.wave", { "aria-hidden": "true" }, "👋"),
      el(
        "p",
        {},
        "Welcome! Mention ",
        el("b.mention", {}, `@${bot.name}`),
        " in #general to begin: a thread opens, and the answer is written there.",
      ),
      el("button.button.primary", { type: "button", onclick: () => this.begin() }, "Begin"),
      iconButton("close", "Close the hint", { onclick: () => this.done() }),
    );
  }

  done() {
    localStorage.setItem(KEY, "yes");
    this.holder.hidden = true;
  }
}

// The bar above the composer that shows which message a reply goes to, and whether its author is pinged.

import { el } from "./element.js";
import { iconButton } from "./icons.js";

export class ReplyBar {
  message = null;
  ping = true;

  /** `changed(message)` is called with the message that is replied to, or null. */
  constructor(holder, { changed }) {
    Object.assign(this, { holder, changed });
  }

  /** Reply to a message: `name` is that of its author, `preview` an element, `own` if one replies to oneself. */
  open({ message, name, preview, own, ping = !own }) {
    Object.assign(this, { message, ping, shown: { message, name, preview, own } });
    this.holder.hidden = false;
    this.holder.replaceChildren(
      el("span.to", {}, "Replying to ", el("b", {}, name)),
      preview,
      // Nobody is pinged by a reply to oneself.
      own ? "" : this.#pingButton(),
      iconButton("close", "Do not reply (Escape)", { onclick: () => this.close() }),
    );
    this.changed(message);
  }

  close() {
    if (!this.message) return;
    Object.assign(this, { message: null, ping: true });
    this.holder.hidden = true;
    this.changed(null);
  }

  /** Return what `open` takes to restore the reply, or null, and close. */
  take() {
    const open = this.message && { ...this.shown, ping: this.ping };
    this.close();
    return open;
  }

  #pingButton() {
    const button = el("button.ping", { type: "button", onclick: () => show(!this.ping) });
    const show = (ping) => {
      this.ping = ping;
      button.textContent = ping ? "@ ON" : "@ OFF";
      button.title = ping ? "The author is pinged. Click to reply without a ping" : "Nobody is pinged. Click to ping";
      button.setAttribute("aria-pressed", String(ping));
      button.setAttribute("aria-label", "Ping the author");
    };
    show(this.ping);
    return button;
  }
}

// Where a message is written: mentions, the beginnings of commands, replies, editing the last one.

import { avatar } from "./avatars.js";
import { Completion } from "./completion.js";
import { el } from "./element.js";
import { Uploads } from "./uploads.js";
import { iconButton } from "./icons.js";
import { begun, encode, parts } from "./mentions.js";

const MOST_SUGGESTIONS = 10;
// Discord shows a typing indicator for 10 s, so one is sent a little more often than that.
const TYPING_EVERY_MS = 8000;

export class Composer {
  #reply = null;
  #typedAt = 0;
  #drafts = new Map();

  /**
   * `on` holds what happens: send(text, replyTo, files) -> whether it was taken, command(found), editLast(), typing();
   * `people()` and `commands()` say what there is to complete.
   */
  constructor(root, { on, people, commands }) {
    Object.assign(this, { on, people, commands, place: null });
    this.field = root.querySelector("textarea");
    this.mirror = root.querySelector(".mirror");
    this.bar = root.querySelector(".reply-bar");
    this.completion = new Completion(root.querySelector(".completion"), this.field);
    this.files = new Uploads(root, this.field);
    this.field.addEventListener("input", () => this.#changed(true));
    this.field.addEventListener("click", () => this.suggest());
    this.field.addEventListener("blur", () => this.completion.close());
    this.field.addEventListener("keydown", (event) => this.#pressed(event));
    root.querySelector(".send").addEventListener("click", () => this.#send());
  }

  /** Write to another channel; what was begun in the one before is kept for it. */
  move(place, placeholder, disabled = false) {
    if (this.place !== place) {
      this.#drafts.set(this.place, { text: this.field.value, files: this.files.take() });
      const draft = this.#drafts.get(place);
      this.field.value = draft?.text ?? "";
      this.files.add(draft?.files ?? []);
      this.place = place;
      this.reply(null);
    }
    this.field.placeholder = placeholder;
    this.field.setAttribute("aria-label", placeholder);
    this.field.disabled = disabled;
    this.files.disable(disabled);
    this.#changed(false);
  }

  focus() {
    this.field.focus();
  }

  /** Answer a message (with the author's person), or none any more. */
  reply(message, author) {
    this.#reply = message;
    this.bar.hidden = !message;
    if (!message) return;
    const cancel = iconButton("close", "Do not reply", { onclick: () => this.reply(null) });
    this.bar.replaceChildren(el("span", {}, "Replying to ", el("b", {}, author.name)), cancel);
    this.focus();
  }

  insert(text) {
    this.field.value += text;
    this.focus();
    this.#changed(false);
  }

  #changed(typed) {
    const shown = parts(this.field.value, this.people()).map(([text, mention]) =>
      mention ? el("mark", {}, text) : text,
    );
    // A line break at the very end takes up no room without something after it.
    this.mirror.replaceChildren(...shown, "\u200b");
    this.suggest();
    if (typed && this.field.value && Date.now() - this.#typedAt > TYPING_EVERY_MS) {
      this.#typedAt = Date.now();
      this.on.typing();
    }
  }

  /** Offer what the text before the caret may become. */
  suggest() {
    const { value, selectionStart } = this.field;
    if (document.activeElement !== this.field) return;
    const name = begun(value, selectionStart);
    if (/^\/[\w -]*$/.test(value)) return this.#suggestCommands(value.slice(1));
    if (name === null) return this.completion.close();
    const found = this.people().filter((person) => person.name.toLowerCase().startsWith(name.toLowerCase()));
    this.completion.open(
      "People",
      found
        .slice(0, MOST_SUGGESTIONS)
        .map((person) => ({
          show: [avatar(person, "small"), el("b", {}, person.name), person.bot && el("span.tag", {}, "BOT")],
          pick: () => this.#replace(selectionStart - name.length - 1, selectionStart, `@${person.name} `),
        })),
    );
  }

  #suggestCommands(typed) {
    const found = this.commands().filter((each) => each.name.startsWith(typed.trim().toLowerCase()));
    this.completion.open(
      "Commands",
      found.slice(0, MOST_SUGGESTIONS).map((each) => ({
        show: [el("b", {}, `/${each.name}`), el("span.what", {}, each.description), el("span.by", {}, each.by)],
        pick: () => {
          this.#empty();
          this.on.command(each);
        },
      })),
    );
  }

  #replace(from, to, text) {
    this.field.setRangeText(text, from, to, "end");
    this.#changed(true);
  }

  #pressed(event) {
    if (this.completion.press(event) || event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "ArrowUp" && !this.field.value) {
      event.preventDefault();
      this.on.editLast();
    } else if (event.key === "Escape" && this.#reply) this.reply(null);
  }

  async #send() {
    const written = this.field.value;
    if (!written.trim() && this.files.empty) return;
    const reply = this.#reply;
    const files = this.files.take();
    this.#empty();
    this.reply(null);
    this.#typedAt = 0;
    const sent = await this.on.send(encode(written.trim(), this.people()), reply?.id, files);
    if (!sent && !this.field.value && this.files.empty) {
      // It was refused: nobody shall have to write it again.
      this.field.value = written;
      this.files.add(files);
      this.#changed(false);
    }
  }

  #empty() {
    this.field.value = "";
    this.#changed(false);
  }
}

// Where a message is written: mentions, the beginnings of commands, files, replies, editing the last message.

import { avatar } from "./avatars.js";
import { Completion } from "./completion.js";
import { el } from "./element.js";
import { icon } from "./icons.js";
import { charactersLeft } from "./limits.js";
import { begun, encode, parts } from "./mentions.js";
import { choose } from "./popup.js";
import { ReplyBar } from "./replybar.js";
import { Uploads } from "./uploads.js";

const MOST_PEOPLE = 10;
// Discord shows a typing indicator for 10 s, so one is sent a little more often than that.
const TYPING_EVERY_MS = 8000;
// The counter shows when only this many characters are left.
const COUNTED_FROM = 200;

export class Composer {
  #typedAt = 0;
  #drafts = new Map();

  /**
   * `on` holds what happens: send({text, reply, ping, files}) -> whether the message was taken, command(found),
   * editLast(), typing(), replying(message), problem(text), and what the menu of the plus button offers: `extras()`
   * -> [{sign, label, run}]; `people()` and `commands(typed)` say what there is to complete.
   */
  constructor(root, { on, people, commands }) {
    Object.assign(this, { on, people, commands, channelId: null });
    this.field = root.querySelector("textarea");
    this.mirror = root.querySelector(".mirror");
    this.counter = root.querySelector(".counter");
    this.plus = root.querySelector(".plus");
    this.stickers = root.querySelector(".stickers");
    this.completion = new Completion(root.querySelector(".completion"), this.field);
    this.replyBar = new ReplyBar(root.querySelector(".reply-bar"), { changed: on.replying });
    this.uploads = new Uploads(root, this.field, { problem: on.problem });
    this.field.addEventListener("input", () => this.#changed(true));
    this.field.addEventListener("click", () => this.suggest());
    this.field.addEventListener("blur", () => this.completion.close());
    this.field.addEventListener("keydown", (event) => this.#pressed(event));
    // Whatever is clicked in the bar, Enter sends afterwards.
    root.querySelector(".reply-bar").addEventListener("click", () => this.focus());
    this.plus.addEventListener("click", () => this.#offer());
    root.querySelector(".send").addEventListener("click", () => this.#send());
  }

  /** Write to another channel; what was begun in the one before is kept for it. */
  move(channelId, placeholder, disabled = false) {
    if (this.channelId !== channelId) {
      const draft = { text: this.field.value, files: this.uploads.take(), reply: this.replyBar.take() };
      this.#drafts.set(this.channelId, draft);
      const begun = this.#drafts.get(channelId);
      this.field.value = begun?.text ?? "";
      this.uploads.add(begun?.files ?? []);
      if (begun?.reply) this.replyBar.open(begun.reply);
      this.channelId = channelId;
    }
    this.field.placeholder = placeholder;
    this.field.setAttribute("aria-label", placeholder);
    this.field.disabled = this.plus.disabled = this.stickers.disabled = disabled;
    this.uploads.enabled = !disabled;
    this.#changed(false);
  }

  focus() {
    this.field.focus();
  }

  /** Reply to a message; see `ReplyBar.open`. */
  reply(reply) {
    this.replyBar.open(reply);
    this.focus();
  }

  /** Return which message the next one replies to, `{reply, ping}`, and end the reply. */
  takeReply() {
    const open = this.replyBar.take();
    return { reply: open?.message.id, ping: open?.ping };
  }

  /** End what Escape ends; returns whether there was anything. */
  escape() {
    if (!this.replyBar.message) return false;
    this.replyBar.close();
    this.focus();
    return true;
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
    const left = charactersLeft(this.#encoded());
    this.counter.hidden = left > COUNTED_FROM;
    this.counter.textContent = left < 0 ? `${-left} too many: goes as a file` : `${left} left`;
    this.counter.classList.toggle("over", left < 0);
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
        .slice(0, MOST_PEOPLE)
        .map((person) => ({
          show: [avatar(person, "small"), el("b", {}, person.name), person.bot && el("span.tag", {}, "BOT")],
          pick: () => this.#replace(selectionStart - name.length - 1, selectionStart, `@${person.name} `),
        })),
    );
  }

  #suggestCommands(typed) {
    this.completion.open(
      "Commands",
      this.commands(typed).map((each) => ({
        show: [el("b", {}, `/${each.name}`), el("span.what", {}, each.description), el("span.by", {}, each.by)],
        pick: () => {
          this.#empty();
          this.on.command(each);
        },
      })),
    );
  }

  #offer() {
    const entries = [
      { sign: "attach", label: "Attach files", run: () => this.uploads.choose() },
      ...this.on.extras(),
    ];
    const show = ({ sign, label }) => el("span.entry", {}, icon(sign), label);
    choose(this.plus, { kind: "div.popup.upwards", label: "Add to the message", entries, show }, ({ run }) => run());
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
    }
  }

  async #send() {
    const written = this.field.value;
    if (this.field.disabled || (!written.trim() && this.uploads.isEmpty)) return;
    const text = this.#encoded();
    if (charactersLeft(text) < 0) return this.#attachText(written);
    const reply = this.replyBar.take();
    const files = this.uploads.take();
    this.#empty();
    this.#typedAt = 0;
    const sent = await this.on.send({ text, reply: reply?.message.id, ping: reply?.ping, files });
    if (!sent && !this.field.value && this.uploads.isEmpty) {
      // It was refused: nobody shall have to write it again.
      this.field.value = written;
      this.uploads.add(files);
      if (reply) this.replyBar.open(reply);
      this.#changed(false);
    }
  }

  /** Turn a text that is too long for a message into a file. */
  #attachText(text) {
    if (!this.uploads.addText(text)) return;
    this.#empty();
    this.on.problem("The text is too long for a message, so it is attached as message.txt. Enter sends it.");
  }

  #encoded() {
    return encode(this.field.value.trim(), this.people());
  }

  #empty() {
    this.field.value = "";
    this.#changed(false);
  }
}

// The list of messages of one channel: it loads, follows events, keeps its place, and acts on what is clicked.

import { el, morph } from "./element.js";
import { messageElement } from "./message.js";
import { follows } from "./following.js";
import { continues } from "./grouping.js";
import { counted, withOwnVotes } from "./polls.js";
import { day, sameDay } from "./timestamps.js";
import { isAwaited, isEphemeral, newer } from "./world.js";

const NEAR_START_PX = 200;
const PAGE = 100;
const REPLY = 19;

export class MessageList {
  #messages = new Map();
  #editing = null;
  #marked = null;
  #atEnd = true;
  #seen = { scrollTop: 0, scrollHeight: 0, clientHeight: 0 };
  #complete = false;
  #loading = false;
  #meanwhile = null;
  #drawn = new WeakMap();

  /** `act(action, message, element)` does what a button of a message names. */
  constructor({ scroller, list, world, act }) {
    Object.assign(this, { scroller, list, world, act, channel: null, api: null });
    scroller.addEventListener("scroll", () => this.#scrolled());
    list.addEventListener("click", (event) => this.#clicked(event));
    list.addEventListener("change", (event) => this.#chosen(event));
    list.addEventListener("keydown", (event) => this.#pressed(event));
    new ResizeObserver(() => this.#keepPlace()).observe(list);
    new ResizeObserver(() => this.#keepPlace()).observe(scroller);
    world.addEventListener("message", ({ detail }) => this.#apply(detail.name, detail.message));
  }

  /** Show a channel from its end; with the same channel, catch up on what was missed. */
  async show(channel, api) {
    if (this.channel?.id !== channel.id) {
      this.#editing = null;
      this.#atEnd = true;
    }
    this.channel = channel;
    this.api = api;
    this.#complete = false;
    const meanwhile = (this.#meanwhile = []);
    const page = await api.messages(channel.id);
    if (this.#meanwhile !== meanwhile) return; // another one was opened meanwhile
    this.#meanwhile = null;
    this.#complete = page.length < PAGE;
    this.#messages = new Map(page.map((message) => [message.id, message]));
    // The page may have been written before these happened.
    for (const [name, message] of meanwhile) this.#apply(name, message);
    this.draw();
    this.#keepPlace();
  }

  clear() {
    this.channel = null;
    this.#meanwhile = null;
    this.#messages.clear();
    this.list.replaceChildren();
  }

  /** Whether the list reaches back to the channel's first message. */
  get complete() {
    return this.#complete;
  }

  lastOf(userId) {
    return [...this.#messages.values()].findLast(
      (each) => each.author.id === userId && each.type < 20 && !isEphemeral(each),
    );
  }

  /** Highlight the message with this id, which is being replied to; none without an id. */
  mark(id) {
    this.#marked = id ?? null;
    if (this.channel) this.draw();
  }

  /** Replace a message's text by an editor; `null` ends it. */
  edit(message, editor) {
    this.#editing = message?.id ?? null;
    this.draw();
    if (message) {
      const body = this.#rowOf(message.id)?.querySelector(".body");
      body?.querySelector(":scope > .content")?.remove();
      body?.append(editor);
    }
  }

  /** Bring the elements into line with the messages; what has not changed is left alone. */
  draw() {
    const rows = new Map([...this.list.children].map((row) => [row.dataset.id ?? row.dataset.day, row]));
    const wanted = [];
    let before = null;
    for (const message of [...this.#messages.values()].sort((a, b) => newer(a.id, b.id))) {
      const at = new Date(message.timestamp);
      const newDay = !before || !sameDay(new Date(before.timestamp), at);
      if (newDay) wanted.push(this.#divider(at, rows));
      wanted.push(this.#row(message, !newDay && continues(message, before), rows.get(message.id)));
      before = message;
    }
    const kept = new Set(wanted);
    for (const row of [...this.list.children]) if (!kept.has(row)) row.remove();
    wanted.forEach((row, index) => {
      if (this.list.children[index] !== row) this.list.insertBefore(row, this.list.children[index] ?? null);
    });
    if (!this.list.querySelector('[tabindex="0"].message')) this.list.lastElementChild?.setAttribute("tabindex", "0");
  }

  #row(message, grouped, there) {
    if (there && message.id === this.#editing && there.querySelector(".editor")) return there;
    const { name, message_count } = this.world.channels.get(message.id) ?? {};
    const state = JSON.stringify([grouped, name, message_count, this.api.as, message.id === this.#marked]);
    const drawn = this.#drawn.get(there);
    if (there && drawn?.message === message && drawn.state === state && !there.querySelector(".editor")) return there;
    const made = messageElement(message, { world: this.world, me: this.api.as, grouped });
    made.classList.toggle("marked", message.id === this.#marked);
    this.#drawn.set(there ?? made, { message, state });
    if (!there) return made;
    for (const spoiler of there.querySelectorAll(".spoiler.shown")) {
      const same = made.querySelectorAll(".spoiler")[[...there.querySelectorAll(".spoiler")].indexOf(spoiler)];
      same?.classList.add("shown");
    }
    made.tabIndex = there.tabIndex;
    morph(there, made);
    return there;
  }

  #divider(at, rows) {
    const text = day(at);
    return rows.get(text) ?? el("div.day", { role: "separator", data: { day: text } }, el("span", {}, text));
  }

  #apply(name, message) {
    const touched = this.channel && message.channel_id === this.channel.id;
    if (!touched) return;
    if (this.#meanwhile) return void this.#meanwhile.push([name, message]);
    if (name === "MESSAGE_DELETE_BULK") for (const id of message.ids) this.#forget(id);
    else if (name === "MESSAGE_DELETE") this.#forget(message.id);
    else if (name.startsWith("MESSAGE_REACTION")) this.#react(name, message);
    else if (name.startsWith("MESSAGE_POLL_VOTE")) this.#count(name, message);
    else this.#keep(name, message);
    this.draw();
  }

  /** Remove a message, also from the replies to it, which keep their reference. */
  #forget(deleted) {
    this.#messages.delete(deleted);
    for (const [id, reply] of this.#messages)
      if (reply.type === REPLY && reply.referenced_message?.id === deleted)
        this.#messages.set(id, { ...reply, referenced_message: null });
  }

  #keep(name, message) {
    const known = this.#messages.get(message.id);
    if (name === "MESSAGE_UPDATE" && !known) return;
    // The gateway does not say which reactions are one's own; what is known of them stays.
    const reactions = known?.reactions ?? message.reactions;
    const poll = message.poll && withOwnVotes(message.poll, known?.poll);
    this.#messages.set(message.id, { ...known, ...message, reactions, ...(poll && { poll }), ...sameAttachments(known, message) });
    if (name === "MESSAGE_CREATE" && isAwaited(message, this.api.as)) this.#atEnd = true;
  }

  #react(name, { message_id, user_id, emoji }) {
    const message = this.#messages.get(message_id);
    if (!message) return;
    const step = name.endsWith("ADD") ? 1 : -1;
    const others = (message.reactions ?? []).filter((each) => each.emoji.name !== emoji.name);
    const known = (message.reactions ?? []).find((each) => each.emoji.name === emoji.name) ?? {
      emoji,
      count: 0,
      me: false,
    };
    const now = { ...known, count: known.count + step, me: user_id === this.api.as ? step > 0 : known.me };
    const position = message.reactions?.indexOf(known) ?? -1;
    if (now.count > 0) others.splice(position < 0 ? others.length : position, 0, now);
    this.#messages.set(message_id, { ...message, reactions: others });
  }

  #count(name, { message_id, user_id, answer_id }) {
    const message = this.#messages.get(message_id);
    if (!message?.poll) return;
    const vote = { answer_id, step: name.endsWith("ADD") ? 1 : -1, mine: user_id === this.api.as };
    this.#messages.set(message_id, { ...message, poll: counted(message.poll, vote) });
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const now = { scrollTop, scrollHeight, clientHeight };
    this.#atEnd = follows(this.#atEnd, this.#seen, now);
    this.#seen = now;
    if (scrollTop < NEAR_START_PX && !this.#complete && !this.#loading && this.channel) this.#loadOlder();
  }

  async #loadOlder() {
    const oldest = this.#oldest();
    if (!oldest) return;
    this.#loading = true;
    const channel = this.channel;
    try {
      const page = await this.api.messages(channel.id, oldest);
      if (this.channel !== channel) return;
      this.#complete = page.length < PAGE;
      for (const message of page) this.#messages.set(message.id, message);
      const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
      this.draw();
      this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
    } finally {
      this.#loading = false;
    }
  }

  #oldest() {
    return [...this.#messages.keys()].sort(newer)[0];
  }

  #keepPlace() {
    if (this.#atEnd) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #clicked(event) {
    const spoiler = event.target.closest(".spoiler:not(.shown)");
    if (spoiler) {
      spoiler.classList.add("shown");
      event.preventDefault();
      return;
    }
    const target = event.target.closest("[data-action]");
    if (!target || target.tagName === "SELECT" || event.ctrlKey || event.metaKey) return;
    if (target.tagName === "A") event.preventDefault();
    this.#do(target);
  }

  #chosen(event) {
    if (event.target.dataset.action === "menu") this.#do(event.target);
  }

  #do(target) {
    const message = this.#messages.get(target.closest("[data-id]").dataset.id);
    if (target.dataset.action === "jump") this.jump(target.dataset.target);
    else if (message) this.act(target.dataset.action, message, target);
  }

  /** Show a message of the channel; returns whether it is there. */
  async jump(id) {
    // The message may stand further up than what has been loaded.
    while (!this.#rowOf(id) && !this.#complete && newer(this.#oldest(), id) > 0) await this.#loadOlder();
    const row = this.#rowOf(id);
    if (!row) return false;
    this.#atEnd = false; // else what is still being laid out would bring the end back
    row.scrollIntoView({ block: "center" });
    row.animate([{ background: "var(--highlight)" }, {}], 1500);
    return true;
  }

  #pressed(event) {
    if (event.target.matches(".spoiler") && ["Enter", " "].includes(event.key)) {
      event.target.classList.add("shown");
      event.preventDefault();
    }
    const step = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
    if (!step || !event.target.matches(".message")) return;
    let next = event.target[step];
    while (next && !next.matches(".message")) next = next[step];
    if (!next) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  #rowOf(id) {
    return this.list.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }
}

/** The attachments of a message that are known by id: each event signs their addresses anew, and pictures would flicker. */
function sameAttachments(known, message) {
  if (!message.attachments) return {};
  const before = new Map((known?.attachments ?? []).map((each) => [each.id, each]));
  return { attachments: message.attachments.map((each) => before.get(each.id) ?? each) };
}

// One message as an element. Nothing here listens: what can be done is named in `data-action`, and the list of
// messages does it. That way an edit can be shown by changing only what differs.

import { attachments } from "./attachments.js";
import { avatar } from "./avatars.js";
import { componentRows } from "./components.js";
import { el } from "./element.js";
import { embeds } from "./embeds.js";
import { excerpt } from "./excerpt.js";
import { forwarded } from "./forwards.js";
import { icon } from "./icons.js";
import { render } from "./markdown.js";
import { poll } from "./polls.js";
import { stickers } from "./stickers.js";
import { full, label, time } from "./timestamps.js";
import { isEphemeral } from "./world.js";

const REPLY = 19;
const STARTER = 21;
const POLL_RESULT = 46;
const FORWARDABLE = new Set([0, REPLY, 20, 23]); // and no polls
const LOADING = 1 << 7;
const V2 = 1 << 15;
const JUMBO = /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\u200d\ufe0f\p{Extended_Pictographic}]*\s*){1,27}$/u;

// What a system message says, after its author's name.
const EVENTS = {
  1: () => "added somebody to the conversation.",
  4: (message) => `changed the name: ${message.content}`,
  6: () => "pinned a message.",
  7: () => "joined the server.",
  18: (message) => `started a thread: ${message.content}`,
  [POLL_RESULT]: (message) => pollResult(message.embeds?.[0]),
};

/** The element of a message; `grouped` if it goes on below one by the same author. */
export function messageElement(message, { world, me, grouped }) {
  const own = message.author.id === me;
  const shown = message.type === STARTER && message.referenced_message ? message.referenced_message : message;
  if (EVENTS[message.type]) return eventElement(message, world);
  const author = world.person(shown.author.id, shown.author);
  const at = new Date(shown.timestamp);
  const made = el("article.message", { tabIndex: -1, data: { id: message.id } });
  made.setAttribute("aria-label", `${author.name}, ${label(at)}`);
  if (grouped) made.classList.add("grouped");
  if (isEphemeral(message)) made.classList.add("ephemeral");
  if (mentions(message, me)) made.classList.add("to-me");
  const head = el(
    "header",
    {},
    el("span.author", {}, author.name),
    author.bot && el("span.tag", {}, "BOT"),
    el("time", { title: full(at), dateTime: shown.timestamp }, label(at)),
  );
  made.append(
    ...[
      context(message, world),
      grouped ? el("time.gutter", { title: full(at) }, time(at)) : avatar(author),
      el("div.body", {}, !grouped && head, ...contents(shown, world, me), ...below(message, world)),
      tools(message, own, world),
    ].filter(Boolean),
  );
  return made;
}

function context(message, world) {
  const used = message.interaction_metadata;
  if (message.type === REPLY) {
    const original = message.referenced_message;
    if (!original) return el("div.context", {}, icon("reply"), el("em", {}, "The original message was deleted"));
    const author = world.person(original.author.id, original.author);
    const pinged = (message.mentions ?? []).some((each) => each.id === original.author.id);
    return el(
      "button.context",
      { type: "button", data: { action: "jump", target: original.id } },
      icon("reply"),
      avatar(author, "tiny"),
      el("b", {}, pinged ? `@${author.name}` : author.name),
      excerpt(original, names(world)),
    );
  }
  if (!used || used.type !== 2) return null;
  const person = world.person((used.user ?? {}).id ?? used.user_id, used.user);
  const name = used.name ?? message.interaction?.name;
  const sign = used.command_type > 1 ? "" : "/"; // those in menus have none
  const what = name ? el("b.mention", {}, sign + name) : "a command";
  return el("div.context", {}, icon("reply"), avatar(person, "tiny"), el("b", {}, person.name), " used ", what);
}

/** What a message says and holds, without what belongs to its place in the channel. */
function contents(message, world, me) {
  const parts = [
    message.message_snapshots?.length && forwarded(message, world, (snapshot) => contents(snapshot, world)),
    ...text(message, world),
    message.poll && poll(message, { own: message.author?.id === me }),
    ...attachments(message.attachments),
    ...embeds(message.embeds, names(world)),
    ...stickers(message.sticker_items),
    ...componentRows(message.components, names(world), world),
  ];
  return parts.filter(Boolean);
}

function text(message, world) {
  if (message.flags & LOADING) return [el("div.content.thinking", {}, dots(), "Thinking …")];
  if (message.flags & V2) return [];
  const shown = el("div.content", { html: render(message.content ?? "", names(world)) });
  if (JUMBO.test(message.content)) shown.classList.add("jumbo");
  if (message.edited_timestamp) {
    // A style sheet does not see text that stands between a block and this.
    const kind = shown.lastChild?.nodeType === Node.TEXT_NODE ? "span.edited.behind-text" : "span.edited";
    shown.append(el(kind, { title: full(new Date(message.edited_timestamp)) }, "(edited)"));
  }
  return message.content ? [shown] : [];
}

function below(message, world) {
  // The first message of a forum post has the id of its thread, and stands in it.
  const thread = message.id !== message.channel_id && message.type !== STARTER && world.channels.get(message.id);
  return [
    message.reactions?.length && reactions(message.reactions),
    thread && threadChip(thread),
    isEphemeral(message) &&
      el(
        "div.only-you",
        {},
        icon("eye"),
        "Only you can see this · ",
        el("button.plain-link", { type: "button", data: { action: "dismiss" } }, "Dismiss message"),
      ),
  ].filter(Boolean);
}

function reactions(list) {
  const buttons = list.map(({ emoji, count, me }) =>
    el(
      me ? "button.reaction.mine" : "button.reaction",
      { type: "button", "aria-pressed": String(me), data: { action: me ? "unreact" : "react", emoji: emoji.name } },
      `${emoji.name} ${count}`,
    ),
  );
  return el("div.reactions", {}, buttons);
}

function threadChip(thread) {
  const count = thread.message_count ?? 0;
  const size = count === 1 ? "1 message" : `${count} messages`;
  return el(
    "a.thread-chip",
    { href: `#${thread.id}` },
    icon("thread"),
    el("b", {}, thread.name),
    el("span", {}, `${size} ›`),
  );
}

function tools(message, own, world) {
  if (isEphemeral(message)) return null;
  const mayBranch = world.channels.get(message.channel_id)?.type === 0;
  const tool = (action, name, label) =>
    el("button", { type: "button", title: label, "aria-label": label, data: { action } }, icon(name));
  return el(
    "div.tools",
    { role: "group", "aria-label": "Actions" },
    tool("pick", "smile", "Add a reaction"),
    tool("reply", "reply", "Reply"),
    FORWARDABLE.has(message.type) && !message.poll && tool("forward", "forward", "Forward"),
    mayBranch && tool("thread", "thread", "Open a thread"),
    tool("apps", "apps", "Apps"),
    message.type !== STARTER && (message.pinned ? tool("unpin", "pin", "Unpin") : tool("pin", "pin", "Pin")),
    own && message.type !== STARTER && tool("edit", "edit", "Edit"),
    own && message.type !== STARTER && tool("delete", "bin", "Delete"),
  );
}

function eventElement(message, world) {
  const author = world.person(message.author.id, message.author);
  const at = new Date(message.timestamp);
  const target = message.type === 18 ? message.message_reference?.channel_id : null;
  const link = target && el("a", { href: `#${target}` }, "See the thread");
  return el(
    "article.message.event",
    { tabIndex: -1, data: { id: message.id } },
    icon({ 4: "edit", 6: "pin", [POLL_RESULT]: "poll" }[message.type] ?? "thread"),
    el(
      "div.body",
      {},
      el("b", {}, author.name),
      ` ${EVENTS[message.type](message)} `,
      link,
      el("time", {}, label(at)),
    ),
  );
}

function pollResult(embed) {
  const values = Object.fromEntries((embed?.fields ?? []).map(({ name, value }) => [name, value]));
  const winner = values.victor_answer_text;
  const result = winner ? `“${winner}” won with ${values.victor_answer_votes} of ${values.total_votes} votes.` : "there is no winner.";
  return `asked “${values.poll_question_text}”, and the poll has closed: ${result}`;
}

function mentions(message, me) {
  return message.mention_everyone || (message.mentions ?? []).some((each) => each.id === me);
}

/** How markdown.js finds the names of what is mentioned. */
export function names(world) {
  return {
    user: (id) =>
      world.users.has(id) || world.applications.some((each) => each.user_id === id)
        ? world.person(id).name
        : undefined,
    channel: (id) => world.channels.get(id)?.name,
    role: (id) => world.roleName(id),
  };
}

export function dots() {
  return el("span.dots", { "aria-hidden": "true" }, el("i"), el("i"), el("i"));
}

// What may stand within a line of Discord's Markdown. Pure; see markdown.js for why it is safe.

import { escape } from "./escape.js";
import { clockTag } from "./timestamps.js";

const DEEPEST_NESTING = 12;

// The characters that one of the rules can begin with; everything between them is plain text.
const SPECIAL = /[\\`<[*_~|h@]/g;

// In the order in which they are tried. Each pattern is sticky: it matches at a position or not at all.
const RULES = [
  [/\\([^\p{L}\p{N}\s])/uy, (match) => escape(match[1])],
  // Only whole runs of backticks count, so that a long one is not tried in all its lengths.
  [/(?<!`)(`+)(?!`)([\s\S]*?[^`])\1(?!`)/y, (match) => `<code>${escape(unpadded(match[2]))}</code>`],
  [/<(https?:\/\/[^\s<>]+)>/y, (match, context) => link(match[1], escape(match[1]), context)],
  [
    /\[((?:\\.|[^[\]\\\n]|\[(?:\\.|[^[\]\\\n])*\])+)\]\((?:<(https?:\/\/[^\s<>]+)>|(https?:\/\/(?:[^\s()<>]|\([^\s()<>]*\))+))(?: +"[^"\n]*")?\)/y,
    (match, context) => link(match[2] ?? match[3], inline(match[1], { ...context, linked: true }), context),
  ],
  [/https?:\/\/[^\s<]*[^\s<.,:;!?"'\])*]/y, (match, context) => bareLink(match[0], context)],
  [/<@!?(\d{1,20})>/y, (match, { names }) => pill("@", names.user?.(match[1]) ?? "unknown-user", match[1])],
  [/<@&(\d{1,20})>/y, (match, { names }) => pill("@", names.role?.(match[1]) ?? "unknown-role")],
  [/<#(\d{1,20})>/y, (match, { names }) => channelPill(match[1], names.channel?.(match[1]))],
  [/<\/([\w -]{1,100}):\d{1,20}>/y, (match) => pill("/", match[1])],
  [/<a?:(\w{2,32}):\d{1,20}>/y, (match) => escape(`:${match[1]}:`)],
  [/<t:(-?\d{1,13})(?::([tTdDfFRsS]))?>/y, (match) => clockTag(Number(match[1]), match[2] ?? "f")],
  [/@(everyone|here)\b/y, (match) => pill("@", match[1])],
  [/\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)/y, wrap("strong")],
  [/__((?:\\[\s\S]|[^\\])+?)__(?!_)/y, wrap("u")],
  [/\*(?=[^\s*])((?:\*\*|\\[\s\S]|[^*\\])+?)(?<!\s)\*(?!\*)/y, wrap("em")],
  [/(?<![\p{L}\p{N}_])_((?:__|\\[\s\S]|[^_\\])+?)_(?![\p{L}\p{N}_])/uy, wrap("em")],
  [/~~((?:\\[\s\S]|[^\\])+?)~~/y, wrap("s")],
  [
    /\|\|((?:\\[\s\S]|[^\\])+?)\|\|/y,
    (match, context) =>
      `<span class="spoiler" role="button" tabindex="0" aria-label="Spoiler">${inner(match[1], context)}</span>`,
  ],
];

/** The HTML of a run of text; line breaks stay as they are, for `white-space: pre-wrap`. */
export function inline(text, context) {
  if ((context.depth ?? 0) > DEEPEST_NESTING) return escape(text);
  let out = "";
  let plain = 0;
  for (const { index } of text.matchAll(SPECIAL)) {
    const found = index < plain ? null : ruleAt(text, index);
    if (!found) continue;
    out += escape(text.slice(plain, index)) + found.show(found.match, context);
    plain = index + found.match[0].length;
  }
  return out + escape(text.slice(plain));
}

function ruleAt(text, at) {
  for (const [pattern, show] of RULES) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return { match, show };
  }
  return null;
}

function inner(text, context) {
  return inline(text, { ...context, depth: (context.depth ?? 0) + 1 });
}

function wrap(tag) {
  return (match, context) => `<${tag}>${inner(match[1], context)}</${tag}>`;
}

/** `` `` `a` `` `` needs spaces around the backticks of its content; they are not shown. */
function unpadded(code) {
  return /^ .*` $|^ `.* $/s.test(code) ? code.slice(1, -1) : code;
}

// "Copy Message Link" of Discord's client: the page shows the thread that has the message's id, or else the message.
const MESSAGE_LINK = /^https:\/\/(?:(?:ptb|canary)\.)?discord(?:app)?\.com\/channels\/(?:\d{1,20}|@me)\/(\d{1,20})\/(\d{1,20})$/;

/** The fragment that a message link leads to, and the channel's name; null for other links, and unknown channels. */
function linkedMessage(address, { names }) {
  const [, channel, message] = MESSAGE_LINK.exec(address) ?? [];
  const nameOf = (id) => (id === undefined ? undefined : names.channel?.(id));
  // The first message of a forum post has the id of the post itself.
  if (message !== channel && nameOf(message) !== undefined) return { fragment: message, name: nameOf(message) };
  return nameOf(channel) === undefined ? null : { fragment: `${channel}/${message}`, name: nameOf(channel) };
}

function link(address, shown, context) {
  const linked = linkedMessage(address, context);
  if (linked) return `<a href="#${escape(linked.fragment)}">${shown}</a>`;
  const href = escape(address);
  return `<a href="${href}" title="${href}" target="_blank" rel="noopener noreferrer">${shown}</a>`;
}

function bareLink(address, context) {
  if (context.linked) return escape(address);
  const linked = linkedMessage(address, context);
  return linked ? channelPill(linked.fragment, `${linked.name} › 💬`) : link(address, escape(address), context);
}

function pill(sign, name, userId) {
  const data = userId ? ` data-user="${escape(userId)}"` : "";
  return `<span class="mention"${data}>${escape(sign + name)}</span>`;
}

function channelPill(fragment, name) {
  if (name === undefined) return pill("#", "unknown");
  return `<a class="mention" href="#${escape(fragment)}">${escape(`#${name}`)}</a>`;
}

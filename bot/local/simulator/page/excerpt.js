// The first line of a message, as it stands above a reply to the message.

import { el } from "./element.js";
import { icon } from "./icons.js";
import { render } from "./markdown.js";

const CHARACTERS_MAX = 200;

/** An element with the beginning of a message; without text, it names what the message holds. */
export function excerpt(message, names) {
  const [sign, label] = contents(message);
  const text = (message.content ?? "").trim().split("\n")[0].slice(0, CHARACTERS_MAX);
  const shown = text ? el("span.excerpt", { html: render(text, names) }) : el("em.excerpt", {}, label);
  return el("span.preview", {}, shown, sign && icon(sign));
}

function contents(message) {
  if (message.message_snapshots?.length) return ["forward", "A forwarded message"];
  if (message.poll) return ["poll", message.poll.question.text];
  if (message.sticker_items?.length) return ["sticker", `Sticker: ${message.sticker_items[0].name}`];
  const files = message.attachments ?? [];
  const pictures = files.filter((each) => each.width);
  const [kind, sign] = pictures.length === files.length ? ["picture", "picture"] : ["file", "file"];
  if (files.length) return [sign, files.length > 1 ? `${files.length} ${kind}s` : files[0].filename];
  return message.embeds?.length ? [null, message.embeds[0].title ?? "An embed"] : [null, "A message"];
}

// What stands around the messages: the header, the banner, who is typing, the beginning of a channel.

import { avatar } from "./avatars.js";
import { el, morph } from "./element.js";
import { icon } from "./icons.js";
import { dots } from "./message.js";
import { FORUM } from "./world.js";

export function drawHeader(holder, channel, world) {
  const parent = world.channels.get(channel.parent_id);
  const drawn = parent ? "thread" : channel.type === FORUM && "forum";
  const sign = drawn ? icon(drawn) : el("span.hash", {}, channel.type === 1 ? "@" : "#");
  holder.replaceChildren(
    ...[
      parent && el("a.parent", { href: `#${parent.id}` }, `# ${parent.name}`),
      parent && el("span.arrow", { "aria-hidden": "true" }, "›"),
      sign,
      el("h1", {}, channel.name),
      channel.archived && el("span.state", {}, "archived: a message wakes it"),
      channel.locked && el("span.state", {}, "locked"),
    ].filter(Boolean),
  );
}

export function drawBanner(holder, { live, offline }) {
  const names = offline.map((each) => each.name).join(", ");
  const text = live
    ? names && `${names} is offline and cannot answer right now.`
    : "The line to the local Discord is down. It is tried again …";
  holder.hidden = !text;
  if (text && holder.textContent !== text) holder.textContent = text;
}

export function drawTyping(holder, people) {
  const names = people.map((each) => each.name);
  const sentence =
    names.length > 3 ? "Several people are typing" : `${list(names)} ${names.length === 1 ? "is" : "are"} typing`;
  const made = el("div", { id: "typing", role: "status" });
  if (names.length) made.append(dots(), el("span", {}, `${sentence} …`));
  morph(holder, made);
}

function list(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

export function drawBeginning(holder, channel, { world, shown }) {
  holder.hidden = !shown;
  const parent = world.channels.get(channel.parent_id);
  const bot = channel.type === 1 && world.bots().find((each) => each.application.id === channel.application_id);
  const sign = bot ? avatar(bot, "large") : el("span.sign", {}, parent ? icon("thread") : "#");
  const text = bot
    ? `This is the beginning of your direct messages with ${bot.name}.`
    : parent
      ? `A thread of #${parent.name}.`
      : `This is the beginning of #${channel.name}.`;
  holder.replaceChildren(sign, el("h2", {}, channel.name), el("p", {}, text));
}

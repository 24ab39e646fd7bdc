// The servers with their channels and threads, and the direct messages.

import { avatar } from "./avatars.js";
import { el } from "./element.js";
import { icon } from "./icons.js";
import { FORUM } from "./world.js";

const PRIVATE = 12;

/** Draw the channel list of one person; `openDm(application)` begins direct messages that do not exist yet. */
export function drawSidebar(nav, { world, me, current, isUnread, openDm }) {
  const focused = nav.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const link = (channel, kind, ...children) => {
    const unread = channel.id !== current && isUnread(channel);
    const made = el(`a.${kind}`, { href: `#${channel.id}` }, children);
    made.classList.toggle("unread", unread);
    if (channel.id === current) made.setAttribute("aria-current", "page");
    if (unread) made.append(el("span.dot", { role: "img", "aria-label": "unread" }));
    return made;
  };
  const thread = (each) =>
    el("li", {}, link(each, "thread", icon(each.type === PRIVATE ? "lock" : "thread"), el("span", {}, each.name)));
  const channel = (each) => {
    // An archived thread is out of sight, as in Discord, unless it is the one being read.
    const threads = world.threadsOf(each.id).filter((one) => !one.archived || one.id === current);
    const sign = each.type === FORUM ? icon("forum") : el("span.hash", { "aria-hidden": "true" }, "#");
    return el(
      "li",
      {},
      link(world.channels.get(each.id), "channel", sign, el("span", {}, each.name)),
      threads.length > 0 && el("ul.threads", {}, threads.map(thread)),
    );
  };
  const direct = (bot) => {
    const dm = world.dms.find((each) => each.user_id === me && each.application_id === bot.application.id);
    const shown = [avatar(bot, "small"), el("span", {}, bot.name), status(bot)];
    if (dm) return el("li", {}, link(world.channels.get(dm.id), "direct", ...shown));
    return el("li", {}, el("button.direct", { type: "button", onclick: () => openDm(bot.application) }, shown));
  };
  nav.replaceChildren(
    ...world.guilds.map((guild) =>
      el("section", {}, el("h2", {}, guild.name), el("ul", {}, guild.channels.map(channel))),
    ),
    el("section", {}, el("h3", {}, "Direct messages"), el("ul", {}, world.bots().map(direct))),
  );
  if (focused) nav.querySelector(`[href="${focused}"]`)?.focus();
}

function status(bot) {
  const presence = bot.online ? "online" : "offline";
  return el(`span.status.${presence}`, { role: "img", "aria-label": presence, title: presence });
}

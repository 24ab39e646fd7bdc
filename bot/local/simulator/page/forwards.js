// Forwarded messages: shown without an author, and sent through a dialog that chooses the channel.

import { el } from "./element.js";
import { icon } from "./icons.js";
import { dialog } from "./modal.js";
import { label } from "./timestamps.js";

const WRITABLE = new Set([0, 1, 10, 11, 12]);

/** A forward: `contents(message)` gives the elements of the forwarded message. */
export function forwarded(message, world, contents) {
  const [{ message: snapshot }] = message.message_snapshots;
  const source = world.channels.get(message.message_reference?.channel_id);
  const at = label(new Date(snapshot.timestamp));
  return el(
    "div.forward",
    {},
    el("div.forward-label", {}, icon("forward"), el("em", {}, "Forwarded")),
    contents(snapshot),
    source && el("a.forward-source", { href: `#${source.id}` }, `${title(source, world)} · ${at}`),
  );
}

/** The channels, threads and direct messages that a person may write to: `{id, title}`, `here` first. */
export function destinations(world, me, here) {
  const open = [...world.channels.values()].filter(
    (each) => WRITABLE.has(each.type) && !each.locked && !each.archived && (each.type !== 1 || each.user_id === me),
  );
  return open
    .map((each) => ({ id: each.id, title: title(each, world) }))
    .sort((a, b) => Number(b.id === here) - Number(a.id === here));
}

function title(channel, world) {
  if (channel.type === 1) return `@${channel.name}`;
  const parent = world.channels.get(channel.parent_id);
  return parent ? `#${parent.name} › ${channel.name}` : `#${channel.name}`;
}

/** Ask where to forward a message to; `preview` is an element, `forward(channelId, text)` says whether to close. */
export function openForward({ world, me, here, preview, forward }) {
  const entries = destinations(world, me, here).map(({ id, title }) => {
    const input = el("input", { type: "radio", name: "destination", value: id, required: true });
    return { title, input, row: el("label.destination", {}, input, el("span", {}, title)) };
  });
  const filter = el("input", { placeholder: "Search channels and threads", "aria-label": "Search channels and threads" });
  const list = el("div.destinations", { role: "radiogroup", "aria-label": "Forward to" }, entries.map(({ row }) => row));
  const text = el("input", { placeholder: "Add a message (optional)", "aria-label": "Message", maxLength: 2000 });
  const matching = () => entries.filter(({ row }) => !row.hidden);
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const { title, row } of entries) row.hidden = !title.toLowerCase().includes(wanted);
    const chosen = entries.find(({ input }) => input.checked);
    if (wanted && (!chosen || chosen.row.hidden) && matching().length) matching()[0].input.checked = true;
  });
  filter.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || !matching().length) return;
    event.preventDefault();
    matching()[0].input.focus();
  });
  return dialog({
    title: "Forward",
    rows: [el("div.forward", {}, preview), el("div.field", {}, filter), list, el("div.field", {}, text)],
    button: "Forward",
    submit: () => forward(entries.find(({ input }) => input.checked).input.value, text.value.trim()),
  });
}

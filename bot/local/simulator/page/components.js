// The buttons, menus and layouts of a message (Discord's components). Clicks are the message list's business.

import { el } from "./element.js";
import { render } from "./markdown.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

const SHOWN = {
  1: (row, ...rest) => el("div.row", {}, inside(row, ...rest)),
  2: (item) => button(item),
  3: (item) => menu(item, item.options),
  5: (item, names, world) =>
    menu(
      item,
      world
        .people()
        .concat(world.bots())
        .map(({ id, name }) => ({ value: id, label: name })),
    ),
  8: (item, names, world) => menu(item, channelsOf(world)),
  9: (section, names, world) =>
    el("div.section", {}, el("div", {}, inside(section, names, world)), one(section.accessory, names, world)),
  10: (item, names) => el("div.content", { html: render(item.content, names) }),
  14: (item) => (item.divider === false ? el("div.gap") : el("hr")),
  17: (box, ...rest) => {
    const made = el("div.container", {}, inside(box, ...rest));
    if (box.accent_color) made.style.borderLeftColor = `#${box.accent_color.toString(16).padStart(6, "0")}`;
    return made;
  },
};

export function componentRows(components, names, world) {
  return (components ?? []).map((each) => one(each, names, world)).filter(Boolean);
}

function inside(holder, ...rest) {
  return (holder.components ?? []).map((each) => one(each, ...rest)).filter(Boolean);
}

function one(component, ...rest) {
  return SHOWN[component?.type]?.(component, ...rest) ?? null;
}

function button(item) {
  const label = [item.emoji && !item.emoji.id && item.emoji.name, item.label].filter(Boolean).join(" ");
  const kind = STYLES[item.style] ?? "secondary";
  if (item.style === 5) {
    const href = /^https?:/.test(item.url) ? item.url : undefined;
    return el("a.button.link", { href, target: "_blank", rel: "noopener noreferrer" }, `${label} ↗`);
  }
  const data = { action: "component", customId: item.custom_id };
  return el(`button.button.${kind}`, { type: "button", disabled: Boolean(item.disabled), data }, label);
}

function menu(item, options = []) {
  const many = (item.max_values ?? 1) > 1;
  const made = el("select.menu", {
    multiple: many,
    disabled: Boolean(item.disabled),
    "aria-label": item.placeholder ?? "Choose",
    data: { action: "menu", customId: item.custom_id },
  });
  if (!many) made.append(el("option", { value: "", disabled: true, selected: true }, item.placeholder ?? "Choose"));
  for (const { value, label, description, default: chosen } of options) {
    const option = el("option", { value }, description ? `${label} – ${description}` : label);
    option.toggleAttribute("selected", Boolean(chosen));
    made.append(option);
  }
  return made;
}

function channelsOf(world) {
  const named = [...world.channels.values()].filter((each) => each.guild);
  return named.map(({ id, name }) => ({ value: id, label: `#${name}` }));
}

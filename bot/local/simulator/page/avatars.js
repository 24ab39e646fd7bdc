import { el } from "./element.js";

const COLORS = ["#5865f2", "#3ba55c", "#d9822b", "#c4459a", "#2f9ec4", "#8e5fd6", "#c94f4f", "#5b7a99"];

/** A round avatar: the person's picture, or the initials of the name on the person's colour. */
export function avatar(person, size = "") {
  const classes = size ? `span.avatar.${size}` : "span.avatar";
  const made = el(classes, { "aria-hidden": "true" });
  if (person.avatar) made.append(el("img", { src: person.avatar, alt: "" }));
  else made.append(initials(person.name));
  made.style.setProperty("--color", person.color || colorOf(person.id));
  return made;
}

function initials(name) {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters
    .map((word) => [...word][0] ?? "?")
    .join("")
    .toUpperCase();
}

/** A colour for somebody who has none, always the same. */
export function colorOf(id) {
  return COLORS[Number(BigInt(id) % BigInt(COLORS.length))];
}

// Stickers: in a message, and to choose from.

import { el } from "./element.js";
import { icon } from "./icons.js";
import { choose } from "./popup.js";

const SIZE_PX = 160;
// By format: PNG, APNG and GIF. A Lottie sticker has no picture.
const ENDINGS = { 1: "png", 2: "png", 4: "gif" };

/** The stickers of a message; one without a picture is named. */
export function stickers(items = []) {
  return items.map(({ id, name, format_type }) => {
    const src = address(id, format_type);
    if (!src) return el("div.sticker.unseen", { title: name }, icon("sticker"), el("span", {}, name));
    return el("img.sticker", { src, alt: `Sticker: ${name}`, title: name, width: SIZE_PX, height: SIZE_PX });
  });
}

/** Offer stickers beside a button. */
export function chooseSticker(button, entries, picked) {
  const show = ({ id, name, format_type }) => stickers([{ id, name, format_type }]);
  const kind = "div.popup.upwards.sticker-list";
  choose(button, { kind, label: "Stickers", entries, show, name: ({ name }) => name }, picked);
}

function address(id, format) {
  return ENDINGS[format] ? `/stickers/${encodeURIComponent(id)}.${ENDINGS[format]}` : null;
}

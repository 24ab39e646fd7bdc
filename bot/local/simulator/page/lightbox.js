// A picture in its full size, above the page.

import { el } from "./element.js";
import { iconButton } from "./icons.js";

/** Show a picture until a click or Escape. */
export function openPicture({ src, name }) {
  const close = () => dialog.close();
  const dialog = el(
    "dialog.lightbox",
    { "aria-label": name, onclose: () => dialog.remove(), onclick: (event) => event.target.closest("a") || close() },
    el("img", { src, alt: name }),
    el("footer", {}, el("b", {}, name), el("a", { href: src, download: name }, "Download")),
    iconButton("close", "Close"),
  );
  document.body.append(dialog);
  dialog.showModal();
}

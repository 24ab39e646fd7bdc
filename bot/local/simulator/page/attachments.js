// What comes along with a message: attachments and embeds.

import { el } from "./element.js";
import { icon } from "./icons.js";
import { render } from "./markdown.js";

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

export function attachments(list = []) {
  const isPicture = (file) => file.content_type?.startsWith("image/") && local(file.url);
  const pictures = list.filter(isPicture).map((file) => {
    const href = local(file.url);
    const shown = el("img", { src: href, alt: file.description ?? file.filename });
    return el("a.picture", { href, target: "_blank" }, shown);
  });
  // Discord lays several pictures out in a grid and cuts each to its tile.
  const laidOut = pictures.length > 1 ? [el("div.mosaic", {}, pictures)] : pictures;
  return [...laidOut, ...files(list.filter((file) => !isPicture(file)))];
}

function files(list) {
  return list.map((file) => {
    const href = local(file.url);
    if (!href) return el("div.attachment", {}, file.filename);
    const link = el("a", { href, target: "_blank", rel: "noopener" }, file.filename);
    return el("div.attachment", {}, icon("file"), el("span", {}, link, el("small", {}, inWords(file.size))));
  });
}

export function embeds(list = [], names) {
  return list.map((embed) => {
    const made = el(
      "div.embed",
      {},
      embed.author?.name && el("div.embed-author", {}, embed.author.name),
      embed.title && el("div.embed-title", { html: render(embed.title, names) }),
      embed.description && el("div.content", { html: render(embed.description, names) }),
      (embed.fields ?? []).map(({ name, value }) =>
        el("div.field", {}, el("b", {}, name), el("div.content", { html: render(value, names) })),
      ),
      embed.footer?.text && el("small", {}, embed.footer.text),
    );
    if (embed.color) made.style.borderLeftColor = `#${embed.color.toString(16).padStart(6, "0")}`;
    return made;
  });
}

/** The address on this page's own server, which may go by another name than the page was opened with. */
function local(address) {
  try {
    const url = new URL(address, location.origin);
    if (LOOPBACK.has(url.hostname) && url.port === location.port) return location.origin + url.pathname + url.search;
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function inWords(bytes) {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`;
}

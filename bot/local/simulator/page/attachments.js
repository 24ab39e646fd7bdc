// The attachments of a message: pictures, recordings, videos, and cards for other files.

import { el } from "./element.js";
import { icon } from "./icons.js";
import { sizeLabel } from "./limits.js";

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
const SHOWN_IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const TEXT_TYPES = /^(text\/|application\/(json|xml|javascript|toml|yaml|sql|x-(sh|yaml|python|httpd-php))$)/;
const TEXT_BYTES_MAX = 1024 * 1024;
const TEXT_CHARACTERS = 20_000;
const PICTURE_MAX_PX = { width: 550, height: 350 };

export function attachments(list = []) {
  const drawn = list.filter(isPicture).map((file) => picture(file));
  // Discord lays several pictures out in a grid and crops each to its tile.
  const pictures = drawn.length > 1 ? [el("div.mosaic", {}, drawn)] : drawn;
  return [...pictures, ...list.filter((file) => !isPicture(file)).map(card)];
}

/** Whether a file is shown as a picture: Discord gives a size for those that it could read. */
function isPicture(file) {
  return Boolean(SHOWN_IMAGES.has(typeOf(file)) && file.width && file.height && local(file.url));
}

function picture(file) {
  const href = local(file.url);
  // The size before the picture has loaded, so that nothing moves when it has.
  const scale = Math.min(1, PICTURE_MAX_PX.width / file.width, PICTURE_MAX_PX.height / file.height);
  const shown = el("img", {
    src: href,
    alt: file.description ?? file.filename,
    width: Math.max(1, Math.round(file.width * scale)),
    height: Math.max(1, Math.round(file.height * scale)),
  });
  const title = `${file.filename} (${file.width} × ${file.height}, ${sizeLabel(file.size)})`;
  return el("a.picture", { href, target: "_blank", title, data: { action: "picture", name: file.filename } }, shown);
}

function card(file) {
  const href = local(file.url);
  const media = /^(audio|video)\//.exec(typeOf(file))?.[1];
  const name = href ? el("a", { href, download: file.filename }, file.filename) : file.filename;
  const download = href && el("a.icon-button", { href, download: file.filename, title: "Download" }, icon("download"));
  download?.setAttribute("aria-label", `Download ${file.filename}`);
  return el(
    media ? "div.attachment.with-media" : "div.attachment",
    {},
    el("div", {}, icon(media ?? "file"), el("span", {}, name, el("small", {}, sizeLabel(file.size))), download),
    media && href && el(media, { controls: true, preload: "metadata", src: href }),
    href && isText(file) && textPreview(file, href),
  );
}

function isText(file) {
  return file.size > 0 && file.size <= TEXT_BYTES_MAX && TEXT_TYPES.test(typeOf(file));
}

// What has been opened, by the id of the file: a message is drawn again with each of its events.
const opened = new Set();
const texts = new Map();

/** The beginning of a text file, which is loaded when a person opens it. */
function textPreview({ id }, url) {
  return el(
    "details.text-preview",
    { open: opened.has(id), data: { id, url }, ontoggle: (event) => toggle(event.currentTarget) },
    el("summary", {}, "Show the text"),
    el("pre", { tabIndex: 0 }, texts.get(id) ?? ""),
  );
}

async function toggle(preview) {
  const { id, url } = preview.dataset;
  if (!preview.open) return void opened.delete(id);
  opened.add(id);
  if (!texts.has(id)) {
    const response = await fetch(url).catch(() => null);
    const text = response?.ok ? await response.text() : "The file cannot be loaded any more.";
    texts.set(id, text.length > TEXT_CHARACTERS ? `${text.slice(0, TEXT_CHARACTERS)} …` : text);
  }
  preview.querySelector("pre").textContent = texts.get(id);
}

function typeOf(file) {
  return (file.content_type ?? "").split(";")[0].trim().toLowerCase();
}

/** The address on this page's own server, which may go by another name than the page was opened with. */
export function local(address) {
  try {
    const url = new URL(address, location.origin);
    if (LOOPBACK.has(url.hostname) && url.port === location.port) return location.origin + url.pathname + url.search;
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

// The files of the message that is being written: chosen, pasted or dropped.

import { el } from "./element.js";
import { icon, iconButton } from "./icons.js";
import { admit, charactersLeft, sizeLabel } from "./limits.js";

const SHOWN_IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"]);
const TEXT_NAMES = /\.(txt|md|log|csv|json|ya?ml|toml|ini|py|js|ts|c|h|cpp|rs|go|java|rb|sh|css|html|xml|sql)$/i;
const PREVIEW_BYTES = 600;
const LONG_TEXT_NAME = "message.txt"; // as Discord's client names it

export class Uploads {
  #cards = new Map();

  /** `problem(text)` tells a person why a file was not taken; drops are taken until `signal` is aborted. */
  constructor(root, field, { problem, signal }) {
    Object.assign(this, { field, problem, enabled: true });
    this.list = root.querySelector(".uploads");
    this.input = root.querySelector("input[type=file]");
    this.dropzone = document.querySelector("#dropzone");
    this.input.addEventListener("change", () => {
      this.add([...this.input.files]);
      this.input.value = ""; // so that the same file can be chosen again
      field.focus();
    });
    field.addEventListener("paste", (event) => this.#paste(event));
    this.#acceptDrops(() => this.enabled && root.checkVisibility(), signal);
  }

  get isEmpty() {
    return !this.#cards.size;
  }

  /** Open the browser's dialog for files. */
  choose() {
    this.input.click();
  }

  /** Add files as far as Discord takes them; returns whether it takes all of them. */
  add(files) {
    const { admitted, problems } = admit(this.#cards.size, files);
    for (const file of admitted) this.#cards.set(file, card(file, () => this.#remove(file)));
    problems.forEach(this.problem);
    this.#draw();
    return !problems.length;
  }

  /** Add a text that is too long for a message. */
  addText(text) {
    return this.add([new File([text], LONG_TEXT_NAME, { type: "text/plain" })]);
  }

  /** Return the files and empty the list. */
  take() {
    const files = [...this.#cards.keys()];
    for (const { release } of this.#cards.values()) release();
    this.#cards.clear();
    this.#draw();
    return files;
  }

  #remove(file) {
    const buttons = [...this.list.querySelectorAll("button")];
    const index = [...this.#cards.keys()].indexOf(file);
    this.#cards.get(file).release();
    this.#cards.delete(file);
    this.#draw();
    (buttons[index + 1] ?? buttons[index - 1] ?? this.field).focus();
  }

  #draw() {
    this.list.hidden = this.isEmpty;
    this.list.replaceChildren(...[...this.#cards.values()].map(({ element }) => element));
    if (!this.isEmpty) this.list.lastElementChild.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #paste(event) {
    const { files, types } = event.clipboardData;
    const text = event.clipboardData.getData("text/plain");
    // Office programs put a picture of a copied text beside the text.
    const isText = text && types.includes("text/html");
    if (files.length && !isText) this.add([...files]);
    else if (charactersLeft(text) < 0) this.addText(text);
    else return;
    event.preventDefault();
  }

  /** Take files that are dropped anywhere in the window: outside of a drop target, a browser would leave the page. */
  #acceptDrops(accepts, signal) {
    const hasFiles = (event) => event.dataTransfer.types.includes("Files");
    const show = (shown) => (this.dropzone.hidden = !shown);
    const dragOver = (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      if (accepts()) show(true);
    };
    const drop = (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      show(false);
      if (!accepts()) return;
      const folders = [...event.dataTransfer.items].map((each) => each.webkitGetAsEntry?.()?.isDirectory);
      const files = [...event.dataTransfer.files].filter((_, index) => !folders[index]);
      if (folders.includes(true)) this.problem("Discord takes no folders. Drop the files that are in it.");
      this.add(files);
      this.field.focus();
    };
    addEventListener("dragover", dragOver, { signal });
    addEventListener("dragleave", (event) => event.relatedTarget || show(false), { signal });
    addEventListener("drop", drop, { signal });
  }
}

/** The card of a file, and what frees its preview. */
function card(file, remove) {
  const url = SHOWN_IMAGES.has(file.type) ? URL.createObjectURL(file) : null;
  const element = el(
    "li.upload",
    { title: file.name },
    el("div.upload-preview", {}, preview(file, url)),
    el("b", {}, file.name),
    el("small", {}, sizeLabel(file.size)),
    iconButton("bin", `Remove ${file.name}`, { onclick: remove }),
  );
  return { element, release: () => url && URL.revokeObjectURL(url) };
}

function preview(file, url) {
  if (url) {
    const picture = el("img", { src: url, alt: "", onerror: () => picture.replaceWith(badge(file)) });
    return picture;
  }
  if (!file.type.startsWith("text/") && !TEXT_NAMES.test(file.name)) return badge(file);
  const text = el("pre", { "aria-hidden": "true" });
  file
    .slice(0, PREVIEW_BYTES)
    .text()
    .then((beginning) => (text.textContent = beginning));
  return text;
}

function badge({ name }) {
  const extension = /\.(\w{1,5})$/.exec(name)?.[1];
  return el("span.badge", {}, icon("file"), extension && el("b", {}, extension.toUpperCase()));
}

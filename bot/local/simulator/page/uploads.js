// The files that go with the message being written: chosen, pasted or dropped.

import { el } from "./element.js";
import { icon, iconButton } from "./icons.js";

const MOST_FILES = 10; // Discord takes ten with a message

export class Uploads {
  #files = [];

  constructor(root, field) {
    this.list = root.querySelector(".files");
    this.button = root.querySelector(".attach");
    this.input = root.querySelector("input[type=file]");
    this.button.addEventListener("click", () => this.input.click());
    this.input.addEventListener("change", () => {
      this.add([...this.input.files]);
      this.input.value = ""; // so that the same file can be chosen again
      field.focus();
    });
    field.addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files];
      if (!files.length) return;
      event.preventDefault();
      this.add(files);
    });
    const main = root.closest("main");
    main.addEventListener("dragover", (event) => event.preventDefault());
    main.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!this.button.disabled) this.add([...event.dataTransfer.files]);
    });
  }

  get empty() {
    return !this.#files.length;
  }

  add(files) {
    this.#files = [...this.#files, ...files].slice(0, MOST_FILES);
    this.#draw();
  }

  /** The files, which are no longer kept here. */
  take() {
    const files = this.#files;
    this.#files = [];
    this.#draw();
    return files;
  }

  disable(disabled) {
    this.button.disabled = disabled;
  }

  #draw() {
    this.list.hidden = this.empty;
    const remove = (file) => {
      this.#files = this.#files.filter((each) => each !== file);
      this.#draw();
    };
    this.list.replaceChildren(
      ...this.#files.map((file) =>
        el(
          "div.attachment",
          {},
          icon("file"),
          el("span", {}, file.name),
          iconButton("close", `Remove ${file.name}`, { onclick: () => remove(file) }),
        ),
      ),
    );
  }
}

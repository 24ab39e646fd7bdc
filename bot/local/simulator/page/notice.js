import { el } from "./element.js";

const SHOWN_MS = 6000;

/** Say something in passing at the foot of the page, to be read aloud as well. */
export function notice(text) {
  const holder = document.querySelector("#notices");
  const made = el("div.notice", {}, text);
  holder.append(made);
  setTimeout(() => made.remove(), SHOWN_MS);
}

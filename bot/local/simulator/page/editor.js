import { el } from "./element.js";

/** A field to change a message in; calls `done(text)`, with null if nothing is to be changed. */
export function editor(text, done) {
  const field = el("textarea", { value: text, rows: 1, "aria-label": "Edit the message" });
  const fit = () => {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  };
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") done(null);
    else if (event.key === "Enter" && !event.shiftKey) done(field.value.trim() || null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  requestAnimationFrame(() => {
    fit();
    field.focus();
    field.setSelectionRange(text.length, text.length);
  });
  return el(
    "div.editor",
    {},
    field,
    el(
      "small",
      {},
      "escape to ",
      el("button.plain-link", { type: "button", onclick: () => done(null) }, "cancel"),
      " • enter to ",
      el("button.plain-link", { type: "button", onclick: () => done(field.value.trim() || null) }, "save"),
    ),
  );
}

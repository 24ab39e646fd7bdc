// Dialogs: the modals that an application opens, and the page's own questions.

import { el } from "./element.js";
import { iconButton } from "./icons.js";
import { render } from "./markdown.js";

const PARAGRAPH = 2;
const MOST_TEXT_CHARACTERS = 4000;

/** Show a modal as it came on the wire; `submit(values)` gets the values by custom id and says whether to close. */
export function openModal(data, { from, submit }) {
  const fields = new Map();
  const rows = data.components.map((part) => row(part, fields)).filter(Boolean);
  return dialog({
    title: data.title,
    rows,
    button: "Submit",
    note: `This form goes to ${from}.`,
    submit: () => submit(Object.fromEntries([...fields].map(([id, read]) => [id, read()]))),
  });
}

/** Ask for a line or for a yes; `done(text)` says whether to close. */
export function ask(title, { label, value = "", text, button = "OK", danger = false, done }) {
  const field = label && el("input", { value, required: true, maxLength: 100 });
  const rows = [text && el("p", {}, text), label && el("label.field", {}, el("span", {}, label), field)];
  return dialog({ title, rows: rows.filter(Boolean), button, submit: () => done(field?.value), danger });
}

/** Show a form; `submit()` says whether to close (false: not), and what it throws is shown in the form. */
export function dialog({ title, rows, button, note, submit, danger = false }) {
  const problem = el("p.problem", { role: "alert", hidden: true });
  const close = () => shown.close();
  const send = el(`button.button.${danger ? "danger" : "primary"}`, { type: "submit" }, button);
  const form = el(
    "form",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        send.disabled = true;
        try {
          if ((await submit()) !== false) close();
        } catch (error) {
          problem.textContent = error.message;
          problem.hidden = false;
        }
        send.disabled = false;
      },
    },
    el("header", {}, el("h2", {}, title), iconButton("close", "Close", { onclick: close })),
    note && el("p.note", {}, note),
    el("div.fields", {}, rows),
    problem,
    el("footer", {}, el("button.button.secondary", { type: "button", onclick: close }, "Cancel"), send),
  );
  const shown = el("dialog", { "aria-label": title, onclose: () => shown.remove() }, form);
  document.body.append(shown);
  shown.showModal();
  shown.querySelector(".fields :is(textarea, input, select), footer [type=submit]")?.focus();
  return shown;
}

function row(part, fields) {
  if (part.type === 10) return el("div.content", { html: render(part.content) });
  // The older form: a text input with a label of its own, in a row.
  const input = part.type === 1 ? part.components[0] : part.component;
  if (!input) return null;
  const label = part.label ?? input.label;
  const made = field(input, fields);
  if (!made) return null;
  const required = input.required ?? true;
  return el(
    "label.field",
    {},
    el("span", {}, label, required && el("b.required", { title: "Required" }, " *")),
    part.description && el("small", {}, part.description),
    made,
  );
}

function field(input, fields) {
  const required = input.required ?? true;
  if (input.type === 4) {
    const made = el(input.style === PARAGRAPH ? "textarea" : "input", {
      value: input.value ?? "",
      placeholder: input.placeholder ?? "",
      required,
      minLength: input.min_length ?? undefined,
      maxLength: input.max_length ?? MOST_TEXT_CHARACTERS,
    });
    if (input.style === PARAGRAPH) made.rows = 6;
    fields.set(input.custom_id, () => made.value);
    return made;
  }
  if (input.type === 3 || input.type === 21 || input.type === 22) {
    const multiple = input.type === 22 || (input.type === 3 && (input.max_values ?? 1) > 1);
    const made = el("select", { required, multiple });
    for (const option of input.options) {
      made.append(el("option", { value: option.value, selected: Boolean(option.default) }, option.label));
    }
    const chosen = () => [...made.selectedOptions].map((option) => option.value);
    fields.set(input.custom_id, () => (input.type === 21 ? chosen()[0] : chosen()));
    return made;
  }
  if (input.type === 23) {
    const made = el("input", { type: "checkbox", checked: Boolean(input.default) });
    fields.set(input.custom_id, () => made.checked);
    return made;
  }
  return null;
}

// Slash commands: those that are registered, laid out flat, and the form that asks for one's options.

import { el } from "./element.js";
import { iconButton } from "./icons.js";

const SUBCOMMAND = 1;
const GROUP = 2;
const BOOLEAN = 5;
const USER = 6;
const CHANNEL = 7;
const ROLE = 8;
const MENTIONABLE = 9;
const NUMBERS = new Set([4, 10]);
const DM = 1; // a type of channel
// The contexts of a command; without any, a command is offered everywhere.
const IN_SERVERS = 0;
const IN_DMS = 1;
const AUTOCOMPLETE_AFTER_MS = 250;

/** The commands of one application as `{name: "system set", description, options, by}`. */
export function flatten(commands, application) {
  const slash = commands.filter((each) => (each.type ?? 1) === 1);
  return slash.flatMap((command) =>
    unfold(command, command.name).map((each) => ({
      ...each,
      contexts: command.contexts ?? null,
      by: application.name,
      application,
    })),
  );
}

/** The commands whose names begin as typed and that Discord offers in a channel. */
export function offered(commands, typed, channel) {
  const context = channel.type === DM ? IN_DMS : IN_SERVERS;
  const begins = ({ name }) => name.startsWith(typed.trim().toLowerCase());
  return commands.filter((each) => begins(each) && (each.contexts?.includes(context) ?? true));
}

function unfold(command, name) {
  const inner = (command.options ?? []).filter(({ type }) => type === SUBCOMMAND || type === GROUP);
  if (inner.length) return inner.flatMap((each) => unfold(each, `${name} ${each.name}`));
  return [{ name, description: command.description, options: command.options ?? [] }];
}

/** A form for a command's options, required ones first; `run(values)` or `cancel()` ends it. */
export function commandForm(command, { world, autocomplete, run, cancel }) {
  const options = [...command.options].sort((a, b) => Number(b.required ?? false) - Number(a.required ?? false));
  const inputs = new Map(options.map((option) => [option.name, inputFor(option, world)]));
  const values = () => {
    const filled = [...inputs].map(([name, input]) => [
      name,
      valueOf(
        options.find((each) => each.name === name),
        input,
      ),
    ]);
    return Object.fromEntries(filled.filter(([, value]) => value !== undefined));
  };
  for (const option of options) {
    if (option.autocomplete) suggest(inputs.get(option.name), () => autocomplete(values(), option.name));
  }
  const form = el(
    "form.command",
    {
      onsubmit: (event) => {
        event.preventDefault();
        run(values());
      },
      onkeydown: (event) => event.key === "Escape" && cancel(),
    },
    el("span.command-name", {}, `/${command.name}`),
    options.map((option) =>
      el(
        "label.option",
        { title: option.description },
        el("span", {}, option.name, !option.required && el("small", {}, " optional")),
        inputs.get(option.name),
        inputs.get(option.name).suggestions,
      ),
    ),
    el("button.button.primary", { type: "submit" }, "Run"),
    iconButton("close", "Cancel the command", { onclick: cancel }),
  );
  requestAnimationFrame(() => form.querySelector("input, select, button").focus());
  return form;
}

function inputFor(option, world) {
  const required = Boolean(option.required);
  const entries = choicesOf(option, world);
  if (entries) {
    const select = el("select", { required }, el("option", { value: "" }, required ? "Choose …" : "–"));
    select.append(...entries.map(({ name, value }) => el("option", { value: String(value) }, name)));
    return select;
  }
  return el("input", {
    required,
    type: NUMBERS.has(option.type) ? "number" : "text",
    step: option.type === 10 ? "any" : undefined,
    min: option.min_value,
    max: option.max_value,
    minLength: option.min_length,
    maxLength: option.max_length,
    placeholder: option.description,
    autocomplete: "off",
  });
}

/** What there is to choose from for an option, if it is that kind of option. */
function choicesOf(option, world) {
  if (option.choices?.length) return option.choices;
  if (option.type === BOOLEAN)
    return [
      { name: "True", value: true },
      { name: "False", value: false },
    ];
  const everybody = () => [...world.people(), ...world.bots()].map(({ id, name }) => ({ name, value: id }));
  const roles = () => world.guilds.flatMap((guild) => guild.roles.map(({ id, name }) => ({ name, value: id })));
  if (option.type === USER) return everybody();
  if (option.type === ROLE) return roles();
  if (option.type === MENTIONABLE) return [...everybody(), ...roles()];
  if (option.type !== CHANNEL) return null;
  return [...world.channels.values()]
    .filter((each) => each.guild && (option.channel_types ?? [each.type]).includes(each.type))
    .map(({ id, name }) => ({ name: `#${name}`, value: id }));
}

function valueOf(option, input) {
  if (input.value === "") return undefined;
  if (option.choices?.length) return option.choices.find(({ value }) => String(value) === input.value).value;
  if (option.type === BOOLEAN) return input.value === "true";
  return NUMBERS.has(option.type) ? Number(input.value) : input.value;
}

/** Fill the suggestions of an input: when it is entered, and while it is typed in, once the typing rests. */
export function suggest(input, ask) {
  const id = `suggestions-${Math.random().toString(36).slice(2)}`;
  const list = el("datalist", { id });
  input.setAttribute("list", id);
  input.suggestions = list;
  let resting;
  let asked = 0;
  const fill = async () => {
    clearTimeout(resting);
    const mine = ++asked;
    const choices = await ask();
    if (mine !== asked) return; // a later question is being answered
    list.replaceChildren(...choices.map(({ name, value }) => el("option", { value: String(value) }, name)));
  };
  input.addEventListener("focus", fill);
  input.addEventListener("input", () => {
    clearTimeout(resting);
    resting = setTimeout(fill, AUTOCOMPLETE_AFTER_MS);
  });
}

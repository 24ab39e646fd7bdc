// What the buttons of a message do.

import { editor } from "./editor.js";
import { el } from "./element.js";
import { ask } from "./modal.js";
import { decode, encode } from "./mentions.js";

const EMOJI = ["👍", "❤️", "😄", "🎉", "👀", "🙏", "👎"];
const MOST_NAME_CHARACTERS = 100;

/** A function `act(action, message, element)` over the parts of the page that it needs. */
export function actions({ world, composer, messages, interactions, attempt, api, open }) {
  const people = () => [...world.bots(), ...world.people()];
  const doing = {
    reply: (message) => composer.reply(message, world.person(message.author.id, message.author)),
    react: (message, { dataset }) => attempt(() => api().react(message.channel_id, message.id, dataset.emoji)),
    unreact: (message, { dataset }) => attempt(() => api().unreact(message.channel_id, message.id, dataset.emoji)),
    pick: (message, button) =>
      pickEmoji(button, (emoji) => attempt(() => api().react(message.channel_id, message.id, emoji))),
    dismiss: (message) =>
      attempt(async () => {
        await api().delete(message.channel_id, message.id);
        world.apply("MESSAGE_DELETE", message);
      }),
    edit: (message) => {
      const done = async (text) => {
        messages.edit(null);
        composer.focus();
        const content = text && encode(text, people());
        if (content && content !== message.content)
          await attempt(() => api().edit(message.channel_id, message.id, content));
      };
      messages.edit(message, editor(decode(message.content, people()), done));
    },
    pin: (message) => attempt(() => api().pin(message.channel_id, message.id)),
    unpin: (message) => attempt(() => api().unpin(message.channel_id, message.id)),
    delete: (message) =>
      ask("Delete the message?", {
        text: "This cannot be undone.",
        button: "Delete",
        danger: true,
        done: () => api().delete(message.channel_id, message.id),
      }),
    thread: (message) => {
      if (world.channels.has(message.id)) return void (location.hash = message.id);
      return ask("Open a thread", {
        label: "Name",
        value: decode(message.content.split("\n")[0], people()).slice(0, MOST_NAME_CHARACTERS),
        button: "Open",
        done: async (name) => open(await api().startThread(message.channel_id, name, message.id)),
      });
    },
    component: (message, { dataset }) => use(message, dataset.customId),
    menu: (message, select) =>
      use(
        message,
        select.dataset.customId,
        [...select.selectedOptions].map((each) => each.value),
      ),
  };
  const use = (message, customId, values) =>
    attempt(async () =>
      interactions.begin(await api().useComponent(message.channel_id, message.id, customId, values)),
    );
  return (action, message, element) => doing[action]?.(message, element);
}

function pickEmoji(button, picked) {
  const close = () => menu.remove();
  const pick = (emoji) => {
    close();
    picked(emoji);
  };
  const menu = el(
    "div.emoji",
    { role: "group", "aria-label": "Reactions", onkeydown: (event) => event.key === "Escape" && close() },
    EMOJI.map((each) => el("button", { type: "button", onclick: () => pick(each) }, each)),
  );
  menu.addEventListener("focusout", (event) => menu.contains(event.relatedTarget) || close());
  button.parentElement.append(menu);
  menu.firstElementChild.focus();
}

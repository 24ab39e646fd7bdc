// What the buttons of a message do.

import { editor } from "./editor.js";
import { excerpt } from "./excerpt.js";
import { openForward } from "./forwards.js";
import { openPicture } from "./lightbox.js";
import { ask } from "./modal.js";
import { decode, encode } from "./mentions.js";
import { names } from "./message.js";
import { notice } from "./notice.js";
import { ownVotes } from "./polls.js";
import { choose } from "./popup.js";

const EMOJI = ["👍", "❤️", "😄", "🎉", "👀", "🙏", "👎"];
const MOST_NAME_CHARACTERS = 100;
const ON_MESSAGES = 3; // the type of a command in a message's menu

/** A function `act(action, message, element)` over the parts of the page that it needs. */
export function actions({ world, composer, messages, interactions, attempt, api, open }) {
  const people = () => [...world.bots(), ...world.people()];
  const doing = {
    reply: (message) =>
      composer.reply({
        message,
        name: world.person(message.author.id, message.author).name,
        preview: excerpt(message, names(world)),
        own: message.author.id === api().as,
      }),
    forward: (message) =>
      openForward({
        world,
        me: api().as,
        here: message.channel_id,
        preview: excerpt(message.message_snapshots?.[0]?.message ?? message, names(world)),
        forward: async (channelId, text) => {
          await api().forward(message.channel_id, message.id, channelId);
          if (text) await api().send(channelId, { text: encode(text, people()) });
          if (channelId !== message.channel_id) notice("The message is forwarded.");
        },
      }),
    vote: (message, { dataset }) =>
      attempt(async () => {
        const [answer, mine] = [Number(dataset.answer), ownVotes(message.poll)];
        if (!mine.includes(answer)) return api().vote(message.channel_id, message.id, answer);
        await api().unvote(message.channel_id, message.id); // which takes all of them back
        for (const other of mine) if (other !== answer) await api().vote(message.channel_id, message.id, other);
      }),
    endPoll: (message) => attempt(() => api().endPoll(message.channel_id, message.id)),
    picture: (message, link) => openPicture({ src: link.href, name: link.dataset.name }),
    react: (message, { dataset }) => attempt(() => api().react(message.channel_id, message.id, dataset.emoji)),
    unreact: (message, { dataset }) => attempt(() => api().unreact(message.channel_id, message.id, dataset.emoji)),
    pick: (message, button) =>
      choose(button, { kind: "div.popup.emoji", label: "Reactions", entries: EMOJI }, (emoji) =>
        attempt(() => api().react(message.channel_id, message.id, emoji)),
      ),
    apps: (message, button) =>
      attempt(async () => {
        const lists = await Promise.all(world.applications.map(({ id }) => api().commands(id)));
        const names = lists.flat().flatMap(({ type, name }) => (type === ON_MESSAGES ? [name] : []));
        if (!names.length) return notice("No application has a command for messages.");
        choose(button, { kind: "div.popup", label: "Apps", entries: names }, (name) =>
          attempt(async () => interactions.begin(await api().runOnMessage(message.channel_id, name, message.id))),
        );
      }),
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

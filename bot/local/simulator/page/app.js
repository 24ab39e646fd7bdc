// Puts the page together: who one is, which channel is open, and what happens when something is done.

import { actions } from "./actions.js";
import { Api, Refused } from "./api.js";
import { CommandBar } from "./commandbar.js";
import { offered } from "./commands.js";
import { Composer } from "./composer.js";
import { drawForum, drawPosts } from "./forum.js";
import { drawBanner, drawBeginning, drawHeader, drawTyping } from "./frame.js";
import { Hint } from "./hint.js";
import { Interactions } from "./interactions.js";
import { MessageList } from "./messages.js";
import { ask, openModal } from "./modal.js";
import { notice } from "./notice.js";
import { drawPeople } from "./people.js";
import { openPollForm } from "./polls.js";
import { Reading } from "./reading.js";
import { drawSidebar } from "./sidebar.js";
import { chooseSticker } from "./stickers.js";
import { FORUM, World } from "./world.js";

const RETRY_MS = 2000;

const at = (selector) => document.querySelector(selector);

const world = new World();
let api = new Api(null);
let reading = null;
let live = false;
let channel = null;
let stop = () => {};

/** Run what may be refused; a refusal is shown, and gives undefined. */
async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    notice(error.message);
    return undefined;
  }
}

const completable = () => [...world.bots(), ...world.people()];
const interactions = new Interactions({
  answered: ({ interaction_id, kind, data }) => {
    if (kind !== "modal" && kind !== 9) return;
    const from = world.bots()[0]?.name ?? "the application";
    const submit = async (values) => interactions.begin(await api.submitModal(interaction_id, values));
    openModal(data, { from, submit });
  },
  silent: () => notice("The application did not respond."),
});

const composer = new Composer(at("#composer"), {
  people: completable,
  commands: (typed) => offered(bar.commands, typed, channel),
  on: {
    send: async ({ text, files, ...reply }) => {
      const command = files.length ? null : bar.named(text);
      if (command) return bar.open(command, channel.id) ?? true;
      const sent = await attempt(() => api.send(channel.id, { text, files, ...reply }));
      if (sent && world.bots().some((bot) => text.includes(`<@${bot.id}>`))) hint.done();
      return Boolean(sent);
    },
    command: (command) => bar.open(command, channel.id),
    editLast: () => {
      const last = messages.lastOf(api.as);
      if (last) act("edit", last);
    },
    typing: () => api.type(channel.id).catch(() => {}), // nobody needs to know that it failed
    replying: (message) => messages.mark(message?.id),
    problem: notice,
    extras: () => [{ sign: "poll", label: "Create a poll", run: createPoll }],
  },
});

function createPoll() {
  const form = openPollForm({ send: (poll) => api.send(channel.id, { text: "", poll }) });
  form.addEventListener("close", () => composer.focus());
}

at(".stickers").addEventListener("click", ({ currentTarget }) => {
  const offered = channel.guild?.stickers ?? [];
  if (!offered.length) {
    notice("There are no stickers here: they belong to a server.");
    return composer.focus();
  }
  chooseSticker(currentTarget, offered, ({ id }) => {
    const { reply, ping } = composer.takeReply();
    attempt(() => api.send(channel.id, { text: "", reply, ping, sticker_ids: [id] }));
    composer.focus();
  });
});

const bar = new CommandBar(at("#command"), {
  world,
  attempt,
  api: () => api,
  run: async (command, values) => {
    const begun = await attempt(() => api.runCommand(channel.id, command.name, values));
    if (begun) interactions.begin(begun);
    return Boolean(begun);
  },
  ended: () => composer.focus(),
  changed: () => composer.suggest(),
});

const messages = new MessageList({
  scroller: at("#scroller"),
  list: at("#messages"),
  world,
  act: (...what) => act(...what),
});
const act = actions({ world, composer, messages, interactions, attempt, api: () => api, open: openNew });
const hint = new Hint(at("#hint"), {
  bot: () => world.bots()[0],
  begin: () => {
    location.hash = startChannel()?.id ?? "";
    requestAnimationFrame(() => composer.insert(`@${world.bots()[0].name} `));
  },
});

function startChannel() {
  return world.guilds.flatMap((guild) => guild.channels).find((each) => each.type === 0);
}

/** Draw everything but the messages. */
function draw() {
  if (!channel) return;
  channel = world.channels.get(channel.id) ?? channel; // an event may have replaced it
  reading.mark(channel);
  drawSidebar(at("#channels"), {
    world,
    me: api.as,
    current: channel.id,
    isUnread: (each) => reading.isUnread(each),
    openDm: async (application) => {
      const dm = await attempt(() => api.openDm(application.id));
      if (!dm) return;
      await loadWorld();
      location.hash = dm.id;
    },
  });
  const bots = world.bots();
  drawHeader(at("#channel"), channel, world);
  drawBanner(at("#banner"), { live, offline: bots.filter((each) => !each.online) });
  drawTyping(
    at("#typing"),
    world.typingIn(channel.id, api.as).map((id) => world.person(id)),
  );
  drawBeginning(at("#beginning"), channel, { world, shown: messages.complete && channel.type !== FORUM });
  const sign = channel.type === 1 ? "@" : "#";
  const name = channel.parent_id ? `“${channel.name}”` : sign + channel.name;
  const locked = Boolean(channel.locked);
  composer.move(channel.id, locked ? "This thread is locked." : `Message ${name}`, locked);
  document.title = `${name} – ${channel.guild?.name ?? "Direct messages"}`;
}

/** Go to a thread just made, without waiting for the event that tells of it. */
function openNew(thread) {
  world.apply("THREAD_CREATE", thread);
  location.hash = thread.id;
}

async function openChannel() {
  const [id, messageId] = location.hash.slice(1).split("/");
  const previous = channel;
  channel = world.channels.get(id) ?? world.channels.get(channel?.id) ?? world.channels.get(startChannel()?.id);
  if (!channel) return;
  document.body.classList.remove("menu-open");
  const isForum = channel.type === FORUM;
  hint.show(channel.type === 0);
  at("#forum").hidden = !isForum;
  at("#scroller").hidden = at("#composer").hidden = isForum;
  if (previous?.id !== channel.id) bar.close();
  draw();
  if (isForum) {
    messages.clear();
    const post = async (written) => {
      const made = await attempt(() => api.post(channel.id, written));
      if (made) openNew(made);
      return Boolean(made);
    };
    drawForum(at("#forum"), channel, { world, people: completable, post, problem: notice });
  } else {
    if (previous?.id !== channel.id) messages.clear();
    await attempt(() => messages.show(channel, api));
    draw();
    if (previous?.id !== channel.id && matchMedia("(pointer: fine)").matches) composer.focus();
    if (messageId && channel.id === id) await showMessage(messageId);
  }
}

/** Show the message that a link leads to; the address loses the message, so that the same link works again. */
async function showMessage(messageId) {
  history.replaceState(null, "", `${location.pathname}#${channel.id}`);
  if ((await attempt(() => messages.jump(messageId))) === false) notice("That message is not there any more.");
}

async function loadWorld() {
  world.load(await api.state());
  reading?.begin(world.channels);
}

/** Everything anew: at the start, after a break of the line, as another person. */
async function refresh() {
  await attempt(async () => {
    await loadWorld();
    bar.load();
    drawPeople(at("#self"), { world, me: api.as, become, add: addPerson });
    await openChannel();
  });
}

function become(id) {
  stop();
  sessionStorage.setItem("as", id);
  localStorage.setItem("as", id);
  api = new Api(id);
  reading = new Reading(id);
  stop = api.listen(
    (name, data) => {
      if (name === "INTERACTION_RESPONSE") interactions.hear(data);
      world.apply(name, data);
    },
    (open) => {
      live = open;
      if (open) refresh();
      else draw();
    },
    () => setTimeout(start, RETRY_MS),
  );
}

function addPerson() {
  ask("Add somebody", {
    label: "Name",
    button: "Add",
    done: async (name) => {
      const added = await api.addUser(name.trim());
      become(added.id);
    },
  });
}

async function start() {
  const state = await attempt(() => new Api(null).state());
  if (!state) return void setTimeout(start, RETRY_MS);
  world.load(state);
  // `?as=ben` opens the page as somebody; after that, who one is can be changed.
  const wanted = new URLSearchParams(location.search).get("as");
  if (wanted) history.replaceState(null, "", location.pathname + location.hash);
  const ids = [
    state.users.find((each) => each.username === wanted || each.id === wanted)?.id,
    sessionStorage.getItem("as"),
    localStorage.getItem("as"),
    world.people()[0]?.id,
  ];
  become(ids.find((id) => id && world.users.has(id)));
}

world.addEventListener("changed", () => {
  draw();
  if (channel?.type === FORUM) drawPosts(at("#forum"), channel, world);
  if (messages.channel) messages.draw();
});
world.addEventListener("typing", draw);
addEventListener("hashchange", openChannel);
// A browser may keep a page that was left, with its line, and opens only a few lines to one server.
addEventListener("pagehide", () => stop());
addEventListener("pageshow", ({ persisted }) => persisted && become(api.as));
addEventListener("keydown", (event) => {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    if (document.body.classList.contains("menu-open")) document.body.classList.remove("menu-open");
    else composer.escape();
  } else if (isTyped(event)) composer.focus();
});

/** Whether a key is a letter that no field takes: it is meant for the message. A space presses a button. */
function isTyped({ key, ctrlKey, metaKey, altKey, target }) {
  return key.length === 1 && key !== " " && !ctrlKey && !metaKey && !altKey && !target.closest("input, textarea, select");
}

at("#menu").addEventListener("click", () => document.body.classList.toggle("menu-open"));
at("#shade").addEventListener("click", () => document.body.classList.remove("menu-open"));
start();

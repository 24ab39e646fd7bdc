// What the page knows of the local Discord: servers, channels, threads and people, kept current by events.

const TYPING_MS = 10_000; // how long Discord shows a typing indicator that is not renewed
const THREADS = new Set([10, 11, 12]);
export const FORUM = 15;

/** Dispatches "changed" when lists need drawing again, "message" for each message event, "typing" for who types. */
export class World extends EventTarget {
  guilds = [];
  users = new Map();
  applications = [];
  dms = [];
  channels = new Map();
  #typing = new Map();

  /** Take a whole new state, as `GET /control/state` gives it. */
  load(state) {
    this.guilds = state.guilds;
    this.users = new Map(state.users.map((user) => [user.id, user]));
    this.applications = state.applications;
    this.dms = state.dms;
    this.channels.clear();
    for (const guild of state.guilds) {
      for (const channel of guild.channels) {
        this.channels.set(channel.id, { ...channel, guild });
        for (const thread of channel.threads ?? []) this.#keepThread(thread, channel.id);
      }
    }
    for (const dm of state.dms) this.channels.set(dm.id, { ...dm, type: 1, name: this.#applicationOf(dm)?.name });
    this.#tell("changed");
  }

  /** A person as shown: their own data if they are known, else what the message says of its author. */
  person(id, author = {}) {
    const user = this.users.get(id);
    const application = this.applications.find((each) => each.user_id === id);
    const name = user?.display_name ?? application?.name ?? author.global_name ?? user?.username ?? author.username;
    return {
      id,
      name: name ?? "unknown-user",
      color: user?.color,
      avatar: user?.avatar,
      bot: Boolean(application ?? author.bot),
    };
  }

  /** The people that one can write as. */
  people() {
    const bots = new Set(this.applications.map((each) => each.user_id));
    return [...this.users.keys()].filter((id) => !bots.has(id)).map((id) => this.person(id));
  }

  bots() {
    return this.applications.map((each) => ({
      ...this.person(each.user_id),
      online: each.online,
      application: each,
    }));
  }

  /** The name of a role, undefined if no server has it. Discord, too, shows @everyone with a second sign. */
  roleName(id) {
    const role = this.guilds.flatMap((guild) => guild.roles ?? []).find((each) => each.id === id);
    return role?.name;
  }

  threadsOf(channelId) {
    const threads = [...this.channels.values()].filter((each) => each.parent_id === channelId);
    return threads.sort((a, b) => newer(b.last_message_id ?? b.id, a.last_message_id ?? a.id));
  }

  typingIn(channelId, except) {
    const now = Date.now();
    return [...this.#typing]
      .filter(([key, until]) => key.startsWith(`${channelId}/`) && until > now)
      .map(([key]) => key.split("/")[1])
      .filter((id) => id !== except);
  }

  /** Take an event as the gateway tells it. */
  apply(name, data) {
    if (name.startsWith("MESSAGE_")) this.#applyMessage(name, data);
    else if (name === "THREAD_CREATE" || name === "THREAD_UPDATE") {
      this.#keepThread(data, data.parent_id);
      this.#tell("changed");
    } else if (name === "THREAD_DELETE" || name === "CHANNEL_DELETE") {
      this.channels.delete(data.id);
      this.#tell("changed");
    } else if (name === "TYPING_START") {
      this.#typing.set(`${data.channel_id}/${data.user_id}`, Date.now() + TYPING_MS);
      setTimeout(() => this.#tell("typing"), TYPING_MS + 50);
      this.#tell("typing");
    } else if (name === "PRESENCE") {
      const application = this.applications.find((each) => each.id === data.application_id);
      if (application) application.online = data.online;
      this.#tell("changed");
    }
  }

  #applyMessage(name, message) {
    if (name === "MESSAGE_CREATE") {
      const channel = this.channels.get(message.channel_id);
      this.#typing.delete(`${message.channel_id}/${message.author.id}`);
      this.#tell("typing");
      if (channel && !isEphemeral(message)) {
        channel.last_message_id = message.id;
        if (channel.parent_id && message.type !== 21) channel.message_count = (channel.message_count ?? 0) + 1;
      }
    }
    this.dispatchEvent(new CustomEvent("message", { detail: { name, message } }));
    if (name === "MESSAGE_CREATE") this.#tell("changed");
  }

  #keepThread(thread, parentId) {
    if (thread.type !== undefined && !THREADS.has(thread.type)) return;
    const meta = thread.thread_metadata ?? thread;
    const known = this.channels.get(thread.id) ?? {};
    this.channels.set(thread.id, {
      ...known,
      id: thread.id,
      type: thread.type ?? (thread.private ? 12 : 11),
      name: thread.name,
      parent_id: parentId,
      guild: this.channels.get(parentId)?.guild,
      archived: meta.archived,
      locked: meta.locked,
      last_message_id: thread.last_message_id ?? known.last_message_id,
      message_count: thread.message_count ?? known.message_count,
    });
  }

  #applicationOf(dm) {
    return this.applications.find((each) => each.id === dm.application_id);
  }

  #tell(what) {
    this.dispatchEvent(new Event(what));
  }
}

/** Compares ids by age: positive if the first is newer. */
export function newer(one, other) {
  const [a, b] = [BigInt(one), BigInt(other)];
  return a > b ? 1 : a < b ? -1 : 0;
}

/** Whether a message is what somebody here has written, or the answer to their command or button. */
export function isAwaited(message, me) {
  return [message.author.id, message.interaction_metadata?.user?.id].includes(me) || isEphemeral(message);
}

export function isEphemeral(message) {
  return Boolean(message.ephemeral || message.flags & 64);
}

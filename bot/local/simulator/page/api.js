// The simulator's control API: everything that the page does as a person. See bot/simulator/discord/control.

/** A refusal, in one line for the person. */
export class Refused extends Error {}

const EVENTS = (
  "MESSAGE_CREATE MESSAGE_UPDATE MESSAGE_DELETE MESSAGE_DELETE_BULK MESSAGE_REACTION_ADD MESSAGE_REACTION_REMOVE " +
  "MESSAGE_POLL_VOTE_ADD MESSAGE_POLL_VOTE_REMOVE THREAD_CREATE THREAD_UPDATE THREAD_DELETE CHANNEL_DELETE TYPING_START INTERACTION_RESPONSE PRESENCE"
).split(" ");

async function call(method, path, body, files = []) {
  let response;
  try {
    response = await fetch(`/control/${path}`, { method, ...encoded(body, files) });
  } catch {
    throw new Refused("The local Discord does not answer. Is it still running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(answer.error ?? `The local Discord answered with ${response.status}.`);
  return answer;
}

function encoded(body, files) {
  if (!body) return {};
  const text = JSON.stringify(body);
  if (!files.length) return { headers: { "Content-Type": "application/json" }, body: text };
  const form = new FormData();
  form.append("payload_json", text);
  files.forEach((file, index) => form.append(`files[${index}]`, file, file.name));
  return { body: form };
}

/** The control API as one person. */
export class Api {
  constructor(as) {
    this.as = as;
  }

  state = () => call("GET", `state?as=${this.as ?? ""}`);
  addUser = (name) => call("POST", "users", { username: usernameOf(name), display_name: name });
  commands = (applicationId) => call("GET", `commands?application_id=${applicationId}`);

  messages(channelId, before) {
    const page = before ? `&before=${before}` : "";
    return call("GET", `channels/${channelId}/messages?limit=100&as=${this.as}${page}`);
  }

  send = (channel_id, { text, reply, ping, files = [], ...more }) =>
    call("POST", "messages", { as: this.as, channel_id, content: text, reply_to: reply, ping, ...more }, files);
  forward = (from_channel_id, message_id, channel_id) =>
    this.#post("forwards", { from_channel_id, message_id, channel_id });
  vote = (channel_id, message_id, answer_id) => this.#post("votes", { channel_id, message_id, answer_id });
  unvote = (channel_id, message_id) => this.#act("DELETE", "votes", { channel_id, message_id });
  endPoll = (channel_id, message_id) => this.#post("polls/end", { channel_id, message_id });
  react = (channel_id, message_id, emoji) => this.#post("reactions", { channel_id, message_id, emoji });
  edit = (channel_id, message_id, content) => this.#act("PATCH", "messages", { channel_id, message_id, content });
  delete = (channel_id, message_id) => this.#act("DELETE", "messages", { channel_id, message_id });
  unreact = (channel_id, message_id, emoji) => this.#act("DELETE", "reactions", { channel_id, message_id, emoji });
  pin = (channel_id, message_id) => this.#post("pins", { channel_id, message_id });
  unpin = (channel_id, message_id) => this.#act("DELETE", "pins", { channel_id, message_id });
  startThread = (channel_id, name, message_id) => this.#post("threads", { channel_id, name, message_id });
  type = (channel_id) => this.#post("typing", { channel_id });
  post = (channel_id, { name, content, files }) =>
    call("POST", "posts", { as: this.as, channel_id, name, content }, files);
  openDm = (application_id) => this.#post("dms", { application_id });

  runCommand = (channel_id, name, options) => this.#post("commands", { channel_id, name, options });
  runOnMessage = (channel_id, name, message_id) => this.#post("context", { channel_id, name, message_id });
  autocomplete = (channel_id, name, options, focused) =>
    this.#post("autocomplete", { channel_id, name, options, focused });
  useComponent = (channel_id, message_id, custom_id, values) =>
    this.#post("components", { channel_id, message_id, custom_id, values });
  submitModal = (interaction_id, values) => this.#post("modals", { interaction_id, values });

  /**
   * Calls `heard(name, data)` for every event, `live(bool)` when the line opens or breaks, and `refused()` when the
   * browser gives the line up. Returns what stops it.
   */
  listen(heard, live, refused) {
    const source = new EventSource(`/control/events?as=${this.as}`);
    for (const name of EVENTS) source.addEventListener(name, (event) => heard(name, JSON.parse(event.data)));
    source.onopen = () => live(true);
    source.onerror = () => {
      live(false);
      // A browser tries a broken line again, but not one that was refused, as after a start with other data.
      if (source.readyState === EventSource.CLOSED) refused();
    };
    return () => source.close();
  }

  #post = (path, body) => this.#act("POST", path, body);
  #act = (method, path, body) => call(method, path, { as: this.as, ...body });
}

function usernameOf(name) {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9_.]+/g, "_")
    .replace(/^_+|_+$/g, "");
  return plain.slice(0, 32) || `person_${Date.now() % 10_000}`;
}

// Which messages share the head with their author and time.

import { isEphemeral } from "./world.js";

// Messages by one author closer together than this are shown as one group, as Discord does.
const GROUP_MS = 7 * 60_000;
// Messages, replies and answers to commands show their author; a line about an event and a quoted starter do not.
const HEADED = new Set([0, 19, 20, 23]);

/** Whether a message goes on below the one before it, without a head of its own. */
export function continues(message, before) {
  return (
    [0, 20].includes(message.type) &&
    HEADED.has(before.type) &&
    !message.interaction_metadata &&
    message.author.id === before.author.id &&
    isEphemeral(message) === isEphemeral(before) &&
    new Date(message.timestamp) - new Date(before.timestamp) < GROUP_MS
  );
}

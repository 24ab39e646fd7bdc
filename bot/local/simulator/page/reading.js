// Up to where each person has read each channel, kept in this browser.

import { newer } from "./world.js";

export class Reading {
  #key;
  #read;

  constructor(userId) {
    this.#key = `read:${userId}`;
    this.#read = JSON.parse(localStorage.getItem(this.#key) ?? "null");
  }

  /** What there is at somebody's first visit counts as read. */
  begin(channels) {
    if (this.#read) return;
    this.#read = Object.fromEntries([...channels].map(([id, channel]) => [id, channel.last_message_id ?? id]));
    this.#save();
  }

  mark(channel) {
    if (!this.#read || !channel.last_message_id || this.#read[channel.id] === channel.last_message_id) return;
    this.#read[channel.id] = channel.last_message_id;
    this.#save();
  }

  isUnread(channel) {
    if (!this.#read || !channel.last_message_id) return false;
    const read = this.#read[channel.id];
    return !read || newer(channel.last_message_id, read) > 0;
  }

  #save() {
    localStorage.setItem(this.#key, JSON.stringify(this.#read));
  }
}

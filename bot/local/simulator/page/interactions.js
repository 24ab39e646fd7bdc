// What a command, a button or a form sets off, until the application has answered.

// Discord gives an application 3 s to answer; a little more, for the way here.
const PATIENCE_MS = 3300;

export class Interactions {
  #waiting = new Map();
  #early = new Map();

  /** `answered(response)` is called for each answer to what was begun here, `silent()` where none came. */
  constructor({ answered, silent }) {
    Object.assign(this, { answered, silent });
  }

  /** Watch over an interaction that was just begun. */
  begin({ interaction_id }) {
    // The answer may have come before the reply that tells its id.
    if (this.#early.has(interaction_id)) this.answered(this.#early.get(interaction_id));
    else
      this.#waiting.set(
        interaction_id,
        setTimeout(() => this.#giveUp(interaction_id), PATIENCE_MS),
      );
    this.#early.clear();
  }

  /** Take an INTERACTION_RESPONSE; what was begun in another window is left to that one. */
  hear(response) {
    const id = response.interaction_id;
    if (!this.#waiting.has(id)) return void this.#early.set(id, response);
    clearTimeout(this.#waiting.get(id));
    this.#waiting.delete(id);
    this.answered(response);
  }

  #giveUp(id) {
    this.#waiting.delete(id);
    this.silent();
  }
}

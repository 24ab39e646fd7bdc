// The slash commands there are, and the form of the one that is being filled in.

import { commandForm, flatten } from "./commands.js";

// Commands are asked for anew while "/" is typed, but not with every letter.
const FRESH_MS = 2000;

export class CommandBar {
  #commands = [];
  #loadedAt = 0;

  /** `run(command, values)` says whether it was taken; `ended()` and `changed()` tell what to do next. */
  constructor(holder, { world, api, attempt, run, ended, changed }) {
    Object.assign(this, { holder, world, api, attempt, run, ended, changed });
  }

  /** The commands known now; newer ones are fetched meanwhile, since a bot may register them at any time. */
  get commands() {
    if (Date.now() - this.#loadedAt > FRESH_MS) this.load();
    return this.#commands;
  }

  async load() {
    this.#loadedAt = Date.now();
    const one = async (each) => flatten(await this.api().commands(each.id), each);
    const found = await this.attempt(() => Promise.all(this.world.applications.map(one)));
    if (!found || JSON.stringify(found.flat()) === JSON.stringify(this.#commands)) return;
    this.#commands = found.flat();
    this.changed();
  }

  /** The command that a text is, as a whole. */
  named(text) {
    return this.commands.find((each) => text.toLowerCase() === `/${each.name}`);
  }

  /** Ask for a command's options, or run it at once if it has none. */
  open(command, channelId) {
    if (!command.options.length) return void this.run(command, {});
    const run = async (values) => {
      if (await this.run(command, values)) this.close(); // else the form stays, to be put right
    };
    const autocomplete = async (values, focused) =>
      (await this.attempt(() => this.api().autocomplete(channelId, command.name, values, focused))) ?? [];
    const cancel = () => this.close();
    this.holder.replaceChildren(commandForm(command, { world: this.world, autocomplete, run, cancel }));
  }

  close() {
    if (!this.holder.hasChildNodes()) return;
    this.holder.replaceChildren();
    this.ended();
  }
}

import { el } from "./element.js";
import { render } from "./markdown.js";

/** The embeds of a message. */
export function embeds(list = [], names) {
  return list.map((embed) => {
    const made = el(
      "div.embed",
      {},
      embed.author?.name && el("div.embed-author", {}, embed.author.name),
      embed.title && el("div.embed-title", { html: render(embed.title, names) }),
      embed.description && el("div.content", { html: render(embed.description, names) }),
      (embed.fields ?? []).map(({ name, value }) =>
        el("div.field", {}, el("b", {}, name), el("div.content", { html: render(value, names) })),
      ),
      embed.footer?.text && el("small", {}, embed.footer.text),
    );
    if (embed.color) made.style.borderLeftColor = `#${embed.color.toString(16).padStart(6, "0")}`;
    return made;
  });
}

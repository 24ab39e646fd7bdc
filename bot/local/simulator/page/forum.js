// A forum: its posts, and the form for a new one.

import { el } from "./element.js";
import { icon } from "./icons.js";
import { encode } from "./mentions.js";
import { Uploads } from "./uploads.js";

let drawn = new AbortController();

/** Draw a forum; `post({name, content, files})` opens a post and says whether that worked. */
export function drawForum(holder, forum, { world, people, post, problem }) {
  const title = el("input", { placeholder: "Title", required: true, maxLength: 100, "aria-label": "Title" });
  const text = el("textarea", {
    placeholder: "What is it about? Mention the bot to have it join.",
    required: true,
    rows: 3,
    maxLength: 2000,
    "aria-label": "Text",
  });
  const submit = async (event) => {
    event.preventDefault();
    const files = uploads.take();
    const posted = await post({ name: title.value.trim(), content: encode(text.value.trim(), people()), files });
    if (!posted) uploads.add(files);
  };
  const attach = el("button.button.secondary", { type: "button", onclick: () => uploads.choose() }, "Attach files");
  const form = el(
    "form.new-post",
    { onsubmit: submit },
    el("h2", {}, "New post"),
    title,
    text,
    el("ul.uploads", { hidden: true, "aria-label": "Files to send" }),
    el("input", { type: "file", multiple: true, hidden: true }),
    el("div.row", {}, el("button.button.primary", { type: "submit" }, "Post"), attach),
  );
  drawn.abort(); // the form before takes no more drops
  drawn = new AbortController();
  const uploads = new Uploads(form, text, { problem, signal: drawn.signal });
  holder.replaceChildren(form, el("div.posts"));
  drawPosts(holder, forum, world);
}

/** Draw the posts alone, so that one that is being written stays as it is. */
export function drawPosts(holder, forum, world) {
  const posts = world
    .threadsOf(forum.id)
    .map((each) =>
      el(
        "a.forum-post",
        { href: `#${each.id}` },
        icon(each.locked ? "lock" : "thread"),
        el("b", {}, each.name),
        el("span", {}, `${each.message_count ?? 0} messages${each.archived ? " · archived" : ""}`),
      ),
    );
  holder.querySelector(".posts")?.replaceChildren(...posts);
}

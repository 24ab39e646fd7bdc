// A forum: its posts, and the form for a new one.

import { el } from "./element.js";
import { icon } from "./icons.js";
import { encode } from "./mentions.js";

/** Draw a forum; `post(name, content)` opens a post and says whether that worked. */
export function drawForum(holder, forum, { world, people, post }) {
  const title = el("input", { placeholder: "Title", required: true, maxLength: 100, "aria-label": "Title" });
  const text = el("textarea", {
    placeholder: "What is it about? Mention the bot to have it join.",
    required: true,
    rows: 3,
    maxLength: 2000,
    "aria-label": "Text",
  });
  const submit = (event) => {
    event.preventDefault();
    post(title.value.trim(), encode(text.value.trim(), people()));
  };
  holder.replaceChildren(
    el(
      "form.new-post",
      { onsubmit: submit },
      el("h2", {}, "New post"),
      title,
      text,
      el("button.button.primary", { type: "submit" }, "Post"),
    ),
    el("div.posts"),
  );
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

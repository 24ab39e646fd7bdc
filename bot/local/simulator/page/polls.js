// Polls: their bars and votes, and the form for a new one.

import { el } from "./element.js";
import { icon, iconButton } from "./icons.js";
import { dialog } from "./modal.js";
import { full, relative } from "./timestamps.js";

// The limits of a poll, as Discord documents them.
const QUESTION_MAX = 300;
const ANSWER_MAX = 55;
const ANSWERS_MAX = 10;
const DURATIONS = { "1 hour": 1, "4 hours": 4, "8 hours": 8, "24 hours": 24, "3 days": 72, "1 week": 168, "2 weeks": 336 };

/** A poll as an element; a click on an answer votes, or takes the vote back. */
export function poll(message, { own, now = Date.now() }) {
  const { question, answers, expiry, allow_multiselect: multiple } = message.poll;
  const closed = isClosed(message.poll, now);
  const counts = new Map((message.poll.results?.answer_counts ?? []).map((each) => [each.id, each]));
  const total = [...counts.values()].reduce((sum, { count }) => sum + count, 0);
  const most = Math.max(0, ...[...counts.values()].map(({ count }) => count));
  const rows = answers.map(({ answer_id, poll_media }) => {
    const { count = 0, me_voted: mine = false } = counts.get(answer_id) ?? {};
    const share = total ? Math.round((100 * count) / total) : 0;
    const classes = [mine && "mine", closed && count > 0 && count === most && "won"].filter(Boolean);
    const text = [poll_media.emoji?.name, poll_media.text].filter(Boolean).join(" ");
    return el(
      ["button.poll-answer", ...classes].join("."),
      {
        type: "button",
        disabled: closed,
        "aria-pressed": String(mine),
        data: { action: "vote", answer: answer_id },
      },
      el("progress", { max: Math.max(total, 1), value: count, "aria-hidden": "true" }),
      el("span.poll-text", {}, text, mine && icon("check")),
      el("span.poll-share", {}, votes(count), el("b", {}, `${share}%`)),
    );
  });
  const hint = closed ? "Final result" : multiple ? "Select one or more answers" : "Select one answer";
  const left = closed ? "Poll closed" : expiry ? `closes ${relative((new Date(expiry) - now) / 1000)}` : "stays open";
  return el(
    "div.poll",
    {},
    el("b.poll-question", {}, question.text),
    el("small", {}, hint),
    el("div.poll-answers", { role: "group", "aria-label": question.text }, rows),
    el(
      "small",
      {},
      el("span", { title: expiry ? full(new Date(expiry)) : "" }, `${votes(total)} · ${left}`),
      own && !closed && " · ",
      own && !closed && el("button.plain-link", { type: "button", data: { action: "endPoll" } }, "End the poll now"),
    ),
  );
}

function votes(count) {
  return count === 1 ? "1 vote" : `${count} votes`;
}

function isClosed(value, now) {
  return Boolean(value.results?.is_finalized || (value.expiry && new Date(value.expiry) <= now));
}

/** The answers that the person has voted for. Pure. */
export function ownVotes(value) {
  return (value.results?.answer_counts ?? []).filter((each) => each.me_voted).map((each) => each.id);
}

/** A poll from an event, which does not say what the person voted for, with the votes known before. Pure. */
export function withOwnVotes(value, known) {
  const mine = new Set(known ? ownVotes(known) : []);
  const counts = (value.results?.answer_counts ?? []).map((each) => ({ ...each, me_voted: mine.has(each.id) }));
  return value.results ? { ...value, results: { ...value.results, answer_counts: counts } } : value;
}

/** A poll after somebody's vote was added (`step` 1) or taken back (-1). Pure. */
export function counted(value, { answer_id, step, mine }) {
  const counts = value.results?.answer_counts ?? [];
  const known = counts.find((each) => each.id === answer_id) ?? { id: answer_id, count: 0, me_voted: false };
  // One's own vote is known already where the list was loaded after it.
  if (mine && known.me_voted === step > 0) return value;
  const changed = { ...known, count: Math.max(0, known.count + step), me_voted: mine ? step > 0 : known.me_voted };
  const rest = counts.filter((each) => each !== known);
  return { ...value, results: { is_finalized: false, ...value.results, answer_counts: [...rest, changed] } };
}

/** Show the form for a poll; `send(poll)` gets it as on the wire and says whether to close. */
export function openPollForm({ send }) {
  const question = el("input", { required: true, maxLength: QUESTION_MAX, placeholder: "What do you want to ask?" });
  const list = el("div.poll-fields");
  const add = el("button.plain-link", { type: "button", onclick: () => addAnswer().focus() }, "Add an answer");
  const fields = () => [...list.querySelectorAll("input")];
  const renumber = () => {
    add.hidden = fields().length >= ANSWERS_MAX;
    fields().forEach((field, index) => field.setAttribute("aria-label", `Answer ${index + 1}`));
    list.querySelectorAll("button").forEach((each) => (each.disabled = fields().length < 2));
  };
  function addAnswer() {
    const field = el("input", { required: true, maxLength: ANSWER_MAX, placeholder: "An answer" });
    const remove = iconButton("close", "Remove the answer", {
      onclick: () => {
        row.remove();
        renumber();
      },
    });
    const row = el("div.poll-field", {}, field, remove);
    list.append(row);
    renumber();
    return field;
  }
  addAnswer();
  addAnswer();
  const duration = el(
    "select",
    {},
    Object.entries(DURATIONS).map(([name, hours]) => el("option", { value: hours, selected: hours === 24 }, name)),
  );
  const multiple = el("input", { type: "checkbox" });
  return dialog({
    title: "Create a poll",
    rows: [
      el("label.field", {}, el("span", {}, "Question"), question),
      el("div.field", {}, el("span", {}, "Answers"), list, add),
      el("label.field", {}, el("span", {}, "Duration"), duration),
      el("label.check", {}, multiple, el("span", {}, "Allow several answers")),
    ],
    button: "Post",
    submit: () =>
      send({
        question: { text: question.value.trim() },
        answers: fields().map((field) => ({ poll_media: { text: field.value.trim() } })),
        duration: Number(duration.value),
        allow_multiselect: multiple.checked,
      }),
  });
}

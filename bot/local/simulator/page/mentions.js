// Mentions in a text being written: "@Ann" for the writer, `<@id>` on the wire. Pure.

const CODE = /(```[\s\S]*?```|`[^`\n]*`)/;

/** What is sent for what was written; `people` is a list of `{id, name}`. Code keeps its text. */
export function encode(text, people) {
  const pattern = namePattern(people);
  if (!pattern) return text;
  const ids = new Map(people.map(({ id, name }) => [name.toLowerCase(), id]));
  const written = text.split(CODE).map((part, index) => {
    return index % 2 ? part : part.replace(pattern, (_, name) => `<@${ids.get(name.toLowerCase())}>`);
  });
  return written.join("");
}

/** What was written for what was sent. */
export function decode(content, people) {
  const names = new Map(people.map(({ id, name }) => [id, name]));
  return content.replace(/<@!?(\d+)>/g, (whole, id) => (names.has(id) ? `@${names.get(id)}` : whole));
}

/** The parts of a text being written, as `[text, isMention]`, for colouring it. */
export function parts(text, people) {
  const pattern = namePattern(people);
  if (!pattern) return [[text, false]];
  const found = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    found.push([text.slice(at, match.index), false], [match[0], true]);
    at = match.index + match[0].length;
  }
  return [...found, [text.slice(at), false]].filter(([part]) => part);
}

/** The beginning of a name right before the caret, without its "@"; null if none is being written. */
export function begun(text, caret) {
  return /(?:^|[^\p{L}\p{N}_@])@([^\s@]*)$/u.exec(text.slice(0, caret))?.[1] ?? null;
}

function namePattern(people) {
  // The longest first, so that "Ann Lee" is not taken for "Ann".
  const names = people
    .map(({ name }) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .sort((a, b) => b.length - a.length);
  if (!names.length) return null;
  return new RegExp(`(?<![\\p{L}\\p{N}_])@(${names.join("|")})(?![\\p{L}\\p{N}_])`, "giu");
}

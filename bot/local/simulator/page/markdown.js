// Discord's Markdown as HTML. Pure: text in, HTML out.
//
// Safe by construction: whatever comes from the text passes through `escape` at the moment it is put out, and
// only http and https addresses become links. No tables and no formulas, because Discord shows none.

import { escape } from "./escape.js";
import { inline } from "./inline.js";
import { highlight } from "./highlight.js";

// A fence may begin anywhere in a line. Its language counts only when the line ends after it.
const FENCE = /(?<!\\)```(?:([\w+#.-]+)\n)?\n*([\s\S]*?[^\n`][\s\S]*?)\n*```\n?/g;
const QUOTED_LINES = /^(?: *> [^\n]*(?:\n|$))+/;
const QUOTED_REST = /^ *>>> ([\s\S]*)$/;
const HEADING = /^(#{1,3}) +([^\n]+?) *#* *(?:\n|$)/;
const SMALL = /^-# +([^\n]+)(?:\n|$)/;
const ITEM = /^( *)([-*]|\d{1,9}\.) +(?=\S)/;

// Nobody writes deeper than this; text that does is shown as it is, instead of exhausting the stack.
const DEEPEST_NESTING = 12;

/** `names` resolves mentions: `{user(id), channel(id), role(id)}`, each giving a name or undefined. */
export function render(text, names = {}) {
  return blocks(text.replace(/\r\n?/g, "\n"), { names, quoted: false, depth: 0 });
}

function blocks(text, context) {
  if (context.depth > DEEPEST_NESTING) return escape(text);
  const out = [];
  let prose = "";
  let at = 0;
  const flush = () => {
    if (prose) out.push(inline(prose, context));
    prose = "";
  };
  const fences = [...text.matchAll(FENCE)];
  while (at < text.length) {
    const fence = fences.find((each) => each.index >= at);
    const lineEnd = text.indexOf("\n", at) + 1 || text.length;
    const found = block(text.slice(at), context);
    if (found) {
      flush();
      out.push(found.html);
      at += found.length;
    } else if (fence && fence.index < lineEnd) {
      prose += text.slice(at, fence.index);
      flush();
      out.push(code(fence[2], fence[1]));
      at = fence.index + fence[0].length;
    } else {
      prose += text.slice(at, lineEnd);
      at = lineEnd;
    }
  }
  flush();
  return out.join("");
}

/** The block at the start of a line, if there is one: its HTML and how much of the text it takes. */
function block(text, context) {
  const inside = { ...context, depth: context.depth + 1 };
  let match;
  if (!context.quoted && (match = QUOTED_REST.exec(text) ?? QUOTED_LINES.exec(text))) {
    const body = match[1] ?? match[0].replace(/^ *> /gm, "").replace(/\n$/, "");
    return made(match, `<blockquote>${blocks(body, { ...inside, quoted: true })}</blockquote>`);
  }
  if ((match = HEADING.exec(text))) {
    const level = match[1].length;
    return made(match, `<h${level}>${inline(match[2], inside)}</h${level}>`);
  }
  if ((match = SMALL.exec(text))) return made(match, `<small>${inline(match[1], inside)}</small>`);
  if (ITEM.test(text)) return list(text, inside);
  return null;
}

function made(match, html) {
  return { html, length: match[0].length };
}

function code(text, language) {
  const named = language ? ` data-language="${escape(language)}"` : "";
  return `<figure class="code"${named}><pre><code>${highlight(text, language)}</code></pre></figure>`;
}

/** A list: every item takes the lines that are indented below it, and those hold whatever blocks they like. */
function list(text, context) {
  const first = ITEM.exec(text);
  const ordered = /\d/.test(first[2]);
  const items = [];
  let length = 0;
  let match;
  while ((match = ITEM.exec(text.slice(length)))) {
    if (match[1].length > first[1].length + 1 || /\d/.test(match[2]) !== ordered) break;
    const body = itemBody(text.slice(length + match[0].length), match[1].length);
    items.push(`<li>${blocks(body.text, context)}</li>`);
    length += match[0].length + body.length;
  }
  const start = ordered && first[2] !== "1." ? ` start="${parseInt(first[2], 10)}"` : "";
  return { html: ordered ? `<ol${start}>${items.join("")}</ol>` : `<ul>${items.join("")}</ul>`, length };
}

function itemBody(text, indent) {
  const kept = [];
  let length = 0;
  let fenced = false;
  let outdent = null;
  for (const line of text.split(/(?<=\n)/)) {
    const depth = /^ */.exec(line)[0].length;
    if (length > 0 && !fenced && (depth <= indent || !line.trim())) break;
    if (length > 0) outdent ??= depth;
    kept.push(line.slice(Math.min(depth, outdent ?? 0)));
    if ((line.match(/```/g) ?? []).length % 2) fenced = !fenced && text.indexOf("```", length + line.length) > 0;
    length += line.length;
  }
  return { text: kept.join("").replace(/\n$/, ""), length };
}

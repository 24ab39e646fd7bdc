// Code as HTML with a class for each kind of token. One pass of one pattern; anything it does not know is text.

import { escape } from "./escape.js";

const C_COMMENT = "\\/\\/[^\\n]*|\\/\\*[\\s\\S]*?(?:\\*\\/|$)";
const HASH_COMMENT = "#[^\\n]*";
const STRING =
  "\"\"\"[\\s\\S]*?(?:\"\"\"|$)|'''[\\s\\S]*?(?:'''|$)|" +
  "\"(?:\\\\[\\s\\S]|[^\"\\\\\\n])*\"?|'(?:\\\\[\\s\\S]|[^'\\\\\\n])*'?|`(?:\\\\[\\s\\S]|[^`\\\\])*`?";
// A quote after `&` or `<` begins a lifetime in Rust, no string.
const RUST_STRING = "\"(?:\\\\[\\s\\S]|[^\"\\\\])*\"?|'(?:\\\\.|[^'\\\\\\n])'";

const C_WORDS =
  "auto bool break case catch char class const continue default delete do double else enum explicit extern false " +
  "final finally float for foreach if import implements in inline instanceof int interface internal long namespace " +
  "new null nullptr override package private protected public readonly return short signed sizeof static string " +
  "struct super switch template this throw throws true try typedef typename union unsigned using var virtual void " +
  "volatile while include define";
const LANGUAGES = {
  python: [
    HASH_COMMENT,
    "and as assert async await break case class continue def del elif else except False finally for from global if " +
      "import in is lambda match None nonlocal not or pass raise return self True try while with yield",
  ],
  javascript: [
    C_COMMENT,
    "abstract any as async await boolean break case catch class const continue debugger declare default delete do " +
      "else enum export extends false finally for from function if implements import in instanceof interface keyof " +
      "let new null number of private protected public readonly return static string super switch this throw true " +
      "try type typeof undefined unknown var void while yield",
  ],
  rust: [
    C_COMMENT,
    "as async await bool break const continue crate dyn else enum extern false fn for i32 i64 if impl in let loop " +
      "match mod move mut pub ref return self Self static str struct super trait true type u8 u32 u64 unsafe use " +
      "usize where while",
    RUST_STRING,
  ],
  go: [
    C_COMMENT,
    "any bool break byte case chan const continue default defer else error fallthrough false float64 for func go " +
      "goto if import int int64 interface map nil package range return select string struct switch true type var",
  ],
  c: [C_COMMENT, C_WORDS],
  bash: [
    "(?<![\\w$])#[^\\n]*",
    "case do done elif else esac exit export fi for function if in local return set source then until while cd echo " +
      "sudo docker git make npm pip python",
  ],
  sql: [
    "--[^\\n]*|\\/\\*[\\s\\S]*?(?:\\*\\/|$)",
    "add all alter and as asc begin between by case commit create delete desc distinct drop else end exists from " +
      "full group having in index inner insert into is join key left like limit not null offset on or order outer " +
      "primary references returning right rollback select set table then union unique update values view when where " +
      "with",
  ],
  ruby: [
    HASH_COMMENT,
    "and begin break case class def do else elsif end ensure false for if in module next nil not or puts require " +
      "rescue return self super then true unless until when while yield",
  ],
  data: [HASH_COMMENT, "true false null yes no on off"],
  json: ["(?!)", "true false null"],
  css: ["\\/\\*[\\s\\S]*?(?:\\*\\/|$)", "important and not media supports keyframes from to var calc"],
};
// The other names that a language goes by; some are close enough to share one.
const ALIASES = {
  python: "py python3",
  javascript: "js jsx mjs ts tsx typescript",
  rust: "rs",
  go: "golang",
  c: "cpp c++ h hpp cs csharp c# java kotlin kt swift php dart",
  bash: "sh shell zsh console dockerfile",
  ruby: "rb",
  data: "yaml yml toml ini",
  css: "scss",
};
const NAMES = new Map(
  Object.entries(ALIASES).flatMap(([name, others]) => others.split(" ").map((each) => [each, name])),
);
const MARKUP = new RegExp(
  [
    "(?<comment><!--[\\s\\S]*?(?:-->|$))",
    "(?<keyword><\\/?[\\w:-]+|\\/?>)",
    "(?<string>\"[^\"]*\"|'[^']*')",
    "(?<function>[\\w:-]+(?==))",
  ].join("|"),
  "g",
);
const DIFF = /(?<string>^\+[^\n]*)|(?<deleted>^-[^\n]*)|(?<keyword>^@@[^\n]*)/gm;
const IGNORES_CASE = new Set(["sql"]);
const patterns = new Map([
  ["html", MARKUP],
  ["xml", MARKUP],
  ["svg", MARKUP],
  ["vue", MARKUP],
  ["diff", DIFF],
]);

/** The HTML of a piece of code; without a known language it is only escaped. */
export function highlight(code, language) {
  const pattern = patternOf((language ?? "").toLowerCase());
  if (!pattern) return escape(code);
  let out = "";
  let at = 0;
  for (const match of code.matchAll(pattern)) {
    const [kind, text] = Object.entries(match.groups).find(([, value]) => value !== undefined);
    out += `${escape(code.slice(at, match.index))}<span class="t-${kind}">${escape(text)}</span>`;
    at = match.index + match[0].length;
  }
  return out + escape(code.slice(at));
}

function patternOf(language) {
  const name = NAMES.get(language) ?? language;
  if (!patterns.has(name) && Object.hasOwn(LANGUAGES, name)) {
    const [comment, words, string = STRING] = LANGUAGES[name];
    const parts = [
      `(?<comment>${comment})`,
      `(?<string>${string})`,
      "(?<number>\\b(?:0[xXbBoO][\\da-fA-F_]+|\\d[\\d_]*(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)\\b)",
      `(?<keyword>\\b(?:${words.replaceAll(" ", "|")})\\b)`,
      "(?<function>\\b[A-Za-z_]\\w*(?=\\())",
      "(?<type>\\b[A-Z]\\w*[a-z]\\w*\\b)",
    ];
    patterns.set(name, new RegExp(parts.join("|"), IGNORES_CASE.has(name) ? "gi" : "g"));
  }
  return patterns.get(name);
}

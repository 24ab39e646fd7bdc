"""The style of a page that holds a thread: the reader's theme, and black on white on paper."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --text: #1f2328; --muted: #5c6470; --back: #ffffff; --panel: #f3f4f6;
  --line: #d9dce1; --accent: #4752c4; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e3e5e8; --muted: #a0a6b1; --back: #1e1f22; --panel: #2b2d31; --line: #3f4147; --accent: #a5b0ff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 50rem; padding: 2rem 1rem 4rem; color: var(--text); background: var(--back);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; }
header p { margin: .25rem 0; color: var(--muted); }
header .remark { color: var(--text); background: var(--panel); border-left: 3px solid var(--accent);
  padding: .5rem .75rem; }
.day { display: flex; align-items: center; gap: .75rem; margin: 2rem 0 .5rem; color: var(--muted); font-size: .85rem;
  font-weight: 600; }
.day::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
article { margin-top: 1.1rem; }
article.more { margin-top: .25rem; }
article:target { outline: 2px solid var(--accent); outline-offset: .4rem; border-radius: .2rem; }
.who { font-weight: 600; }
.who, .app, .name, .when, .reply { unicode-bidi: isolate; }
.name, .when, .reply { color: var(--muted); font-size: .85rem; }
.reply a { color: inherit; }
.app { background: var(--accent); color: var(--back); border-radius: .25rem; padding: 0 .3rem; font-size: .7rem;
  font-weight: 700; }
.text { white-space: pre-wrap; }
.text h3, .text h4, .text h5 { margin: .5rem 0 .25rem; line-height: 1.3; }
.text h3 { font-size: 1.25rem; } .text h4 { font-size: 1.1rem; } .text h5 { font-size: 1rem; }
.text small { display: block; color: var(--muted); }
blockquote { margin: 0; padding-left: .75rem; border-left: 3px solid var(--line); }
code { background: var(--panel); border-radius: .25rem; padding: .1rem .3rem;
  font: .875em/1.45 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
pre { margin: .35rem 0; padding: .75rem; background: var(--panel); border: 1px solid var(--line);
  border-radius: .4rem; overflow-x: auto; white-space: pre; }
pre[data-language]::before { content: attr(data-language); display: block; margin-bottom: .4rem; color: var(--muted);
  font: .75rem system-ui, sans-serif; }
pre code { background: none; padding: 0; }
a { color: var(--accent); }
.spoiler { background: var(--text); color: transparent; border-radius: .2rem; }
.spoiler:not(:hover, :focus, :focus-within) * { color: transparent; background: var(--text);
  border-color: transparent; }
.spoiler:hover, .spoiler:focus, .spoiler:focus-within { background: var(--panel); color: inherit; }
ul { margin: .25rem 0; padding: 0; list-style: none; }
.files li { display: inline-block; margin: .15rem .4rem .15rem 0; padding: .15rem .5rem;
  border: 1px solid var(--line); border-radius: .4rem; font-size: .875rem; }
.embed { margin: .35rem 0; padding: .5rem .75rem; border-left: 3px solid var(--line); background: var(--panel);
  border-radius: .25rem; }
.embed p { margin: .15rem 0; white-space: pre-wrap; }
@media print {
  :root { color-scheme: light; --text: #000; --muted: #444; --back: #fff; --panel: #f6f6f6; --line: #bbb;
    --accent: #333; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  pre { white-space: pre-wrap; overflow: visible; }
  article, pre, .embed { break-inside: avoid-page; }
  .day { break-after: avoid; }
  .spoiler { background: none; color: inherit; border: 1px dashed var(--line); }
  .spoiler:not(:hover, :focus, :focus-within) * { color: inherit; background: none; }
}
"""

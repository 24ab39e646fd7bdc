"""What a request holds besides the words of a message: files, quotes, polls and stickers, each in a line."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.local.simulator.picture_size import size_px

from .file import File
from .images import base64_size_px, tokens_of_size
from .prompt import Body
from .tokens import count_text

WORDS_OF_QUOTE = 12
# Of several files that were not shown for the same reason.
NAMES_MAX = 4

# <attachment name="loom.jpg" type="image/jpeg" shown="below"/>, or shown="no", perhaps with a remark.
ATTACHED = re.compile(r'<attachment name="([^"]*)"(?: type="[^"]*")? shown="([^"]*)"(?: remark="([^"]*)")?/>')
STICKER = re.compile(r'<sticker name="([^"]*)"/>')
POLL = re.compile(r'<poll question="([^"]*)"[^>]*>(.*?)</poll>', re.DOTALL)
EMBED = re.compile(r"<embed\b([^>]*)>(.*?)</embed>", re.DOTALL)
QUOTE = re.compile(r'<quote of="([^"]*)"([^>]*)>(.*?)</quote>', re.DOTALL)
QUOTED = re.compile(r"<said\b([^>]*)>(.*?)</said>", re.DOTALL)
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
FILE = re.compile(r'<(file|transcript) name="([^"]*)"[^>]*>\n(.*?)\n?</\1>', re.DOTALL)


def words_only(text: str) -> str:
    """Return the text of a message without its lines and elements about anything else."""
    for pattern in (ATTACHED, STICKER, POLL, EMBED):
        text = pattern.sub("", text)
    return text.strip()


def received(blocks: Sequence[Body], files: Mapping[str, File]) -> list[str]:
    """Return a line for each thing of a turn that is not a person's words; `files` are the uploads by id."""
    texts = [block["text"] for block in blocks if block["type"] == "text"]
    text = "\n".join(each for each in texts if not FILE.match(each))
    contents = [block for block in blocks if block["type"] in ("image", "document") or _is_file(block)]
    attached = ATTACHED.findall(text)
    shown = [name for name, state, _ in attached if state == "below"]
    # A name belongs to the block at the same place; where their numbers differ, no name is claimed.
    names: list[str] = shown if len(shown) == len(contents) else [""] * len(contents)
    lines = [_content(block, _plain(name), files) for block, name in zip(contents, names, strict=True)]
    unseen: dict[str, list[str]] = {}
    for name, state, remark in attached:
        if state != "below":
            unseen.setdefault(remark or "it was not shown to me", []).append(name)
    lines += [f"{_names(names)}: {_plain(remark)}" for remark, names in unseen.items()]
    return [*lines, *_others(text)]


def _names(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"only the name of {_code(names[0])}"
    more = f" and {len(names) - NAMES_MAX} more" if len(names) > NAMES_MAX else ""
    return f"only the names of {', '.join(map(_code, names[:NAMES_MAX]))}{more}"


def attached(blocks: Sequence[Body]) -> list[str]:
    """Return the names of the files that a turn brings."""
    texts = (block["text"] for block in blocks if block["type"] == "text" and not _is_file(block))
    return [_plain(name) for text in texts for name, _, _ in ATTACHED.findall(text)]


def _is_file(block: Body) -> bool:
    return block["type"] == "text" and FILE.match(block["text"]) is not None


def _content(block: Body, name: str, files: Mapping[str, File]) -> str:
    if block["type"] == "text":
        found = FILE.match(block["text"])
        kind, own_name, text = found.groups() if found else ("", "", "")
        what = "a transcript" if kind == "transcript" else "text"
        size = f"{len(text):,} characters of {what}, {count_text(text):,} tokens"
        return f"{_code(own_name)}: {size}: {_words(text)}"
    source: dict[str, Any] = block["source"]
    file = files.get(str(source.get("file_id", "")))
    label = _code(name or str(block.get("title") or "")) if name or block.get("title") else "a file"
    if block["type"] == "document":
        bytes_ = len(file.data) if file is not None else len(str(source.get("data", ""))) * 3 // 4
        pages = file.seen.get("pages") if file is not None else None
        length = f"{pages} page{'s' if pages > 1 else ''}, " if pages else ""
        return f"{label}: a document of {length}{max(bytes_ // 1024, 1):,} KB"
    size_of = size_px(file.data) if file is not None else base64_size_px(str(source.get("data", "")))
    if size_of is None:
        return f"{label}: a picture"
    width, height = size_of
    return f"{label}: a picture of {width} × {height} pixels, {tokens_of_size(width, height, 'current'):,} tokens"


def _others(text: str) -> Iterator[str]:
    for kind, attributes, inner in QUOTE.findall(text):
        remark = dict(ATTRIBUTE.findall(attributes)).get("remark", "")
        # A quote of nothing but a remark says itself what the message refers to.
        is_remark = remark and not inner.strip()
        yield _plain(remark) if is_remark else _quote(kind, attributes, inner)
    said = QUOTE.sub("", text)
    for name in STICKER.findall(said):
        yield f"a sticker: {_plain(name)}"
    for question, answers in POLL.findall(said):
        yield f"a poll with {len(answers.strip().splitlines())} answers: {_words(question)}"
    for attributes, inner in EMBED.findall(said):
        title = dict(ATTRIBUTE.findall(attributes)).get("title", "")
        yield f"an embed: {_words(title or inner)}"


def _quote(kind: str, attributes: str, inner: str) -> str:
    what = _kind(kind) + _title(kind, attributes)
    return f"{what}: {_quoted(inner)}" if inner.strip() else what


def _kind(kind: str) -> str:
    kinds = {
        "reply": "what this replies to",
        "forward": "a forwarded message",
        "link": "a message that is linked to",
        "room": "what was said before",
        "tool": "the outcome of the tool",
        "memory": "a remembered fact",
    }
    return kinds.get(kind, f"a quote ({kind})")


def _title(kind: str, attributes: str) -> str:
    title = dict(ATTRIBUTE.findall(attributes)).get("title", "")
    # The title of a remembered fact is an id, which says nothing to people.
    if not title or kind == "memory":
        return ""
    return f" {_words(title)}" if kind == "tool" else f" in {_words(title)}"


def _quoted(inner: str) -> str:
    said = QUOTED.findall(inner)
    if not said:
        return _words(inner)
    if len(said) > 1:
        return f"{len(said)} messages, the last by {_author(said[-1][0])}: {_summary(said[-1][1])}"
    ((attributes, text),) = said
    author = _author(attributes)
    return f"{author}: {_summary(text)}" if author else _summary(text)


def _author(attributes: str) -> str:
    return _plain(dict(ATTRIBUTE.findall(attributes)).get("from", ""))


def _summary(text: str) -> str:
    """The words of a quoted message, then its other parts."""
    parts = [_words(words_only(text))] if words_only(text) else []
    parts += [_code(name) for name, _, _ in ATTACHED.findall(text)]
    return ", ".join([*parts, *_others(text)]) or "no text"


def _words(text: str) -> str:
    words = _plain(text).split()
    return f"“{' '.join(words[:WORDS_OF_QUOTE])}{' …' if len(words) > WORDS_OF_QUOTE else ''}”"


def _plain(text: str) -> str:
    # Code fences and spans of a person would reach into what follows.
    return html.unescape(text).replace("`", "'")


def _code(name: str) -> str:
    return f"`{_plain(name)}`"

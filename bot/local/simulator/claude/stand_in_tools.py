"""What the stand-in does with the tools of a request when a message asks for them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .acts import bash, cited, web_fetch, web_search
from .plot import sine_png
from .prompt import Body, content_blocks
from .steps import MadeFile, Page, Step, ToolUse

CALL = re.compile(r"/tool ([a-zA-Z0-9_-]{1,64})[ \t]*(\{[^\n]*\})?")
SEARCH = re.compile(r"\bsearch the web for ([^\n]{1,200})", re.IGNORECASE)
FETCH = re.compile(r"\b(?:read|fetch) (https?://[^\s<>\"]{1,500})", re.IGNORECASE)
PLOT = re.compile(r"\bplot\b", re.IGNORECASE)
RUN = re.compile(r"\brun (?:some |the )?code\b", re.IGNORECASE)
RESULT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Show:
    """What words ask for: the tool that it takes, an example, and the steps."""

    asked: re.Pattern[str]
    tool: str
    example: str
    steps: Callable[[re.Match[str]], Sequence[str | Step]]


def _search(asked: re.Match[str]) -> Sequence[str | Step]:
    query = asked[1].strip().rstrip(".!?")
    slug = re.sub(r"[^a-z0-9]+", "-", query.lower()).strip("-") or "it"
    pages = (
        Page(f"https://encyclopedia.example/{slug}", f"{query} – Encyclopedia", f"An article about {query}."),
        Page(f"https://news.example/{slug}", f"What is new about {query}", f"Somebody wrote about {query}."),
    )
    return (
        "I search the web.\n\n",
        web_search(query, *pages),
        f"These pages are made up, since I am the local stand-in. There is an article about {query}: ",
        cited(f"“An article about {query}.”", pages[0]),
        " And there is something new: ",
        cited(f"“Somebody wrote about {query}.”", pages[1]),
    )


def _fetch(asked: re.Match[str]) -> Sequence[str | Step]:
    page = Page(asked[1], "A page", "The local stand-in fetches nothing; these words are made up.")
    return ("I read the page.\n\n", web_fetch(page.url, page), f"It says: “{page.text}”")


def _plot(_: re.Match[str]) -> Sequence[str | Step]:
    made = MadeFile("plot.png", "image/png", sine_png())
    return ("I draw it.\n\n", bash("python plot.py", files=(made,)), "Here is a sine curve.")


def _run(_: re.Match[str]) -> Sequence[str | Step]:
    code = "python -c 'print(sum(range(101)))'"
    return ("I run some code.\n\n", bash(code, "5050\n"), "The numbers from 1 to 100 add up to **5050**.")


SHOWS = (
    Show(SEARCH, "web_search", "`search the web for looms`", _search),
    Show(FETCH, "web_fetch", "`read https://looms.example`", _fetch),
    Show(PLOT, "code_execution", "`plot a curve`", _plot),
    Show(RUN, "code_execution", "`run some code`", _run),
)


def acts(body: Body, text: str) -> Sequence[str | Step]:
    """The steps that a message asks for, a text first; none if it asks for nothing, or for a tool not at hand."""
    if called := CALL.search(text):
        given = _object(called[2])
        if given is None:
            return (f"The input of `{called[1]}` is not a JSON object.",)
        return (f"I call `{called[1]}`.\n\n", ToolUse(called[1], given))
    names = _names(body)
    found = next((show for show in SHOWS if show.tool in names and show.asked.search(text)), None)
    asked = found.asked.search(text) if found is not None else None
    return found.steps(asked) if found is not None and asked is not None else ()


def offers(body: Body) -> str:
    """What to say to see the request's tools at work; empty without tools."""
    names = _names(body)
    examples = [show.example for show in SHOWS if show.tool in names]
    if any(tool.get("type") in (None, "custom") for tool in body.get("tools") or ()):
        examples.append("`/tool NAME {…}`")
    return f"With my tools: {', '.join(examples)}." if examples else ""


def answered(body: Body) -> str:
    """What the tools have answered in the last turn; empty where the turn holds no results."""
    names = {
        block["id"]: block["name"]
        for message in body["messages"]
        for block in content_blocks(message["content"])
        if block["type"] == "tool_use"
    }
    last = content_blocks(body["messages"][-1]["content"]) if body["messages"][-1]["role"] == "user" else []
    results = [block for block in last if block["type"] == "tool_result"]
    return "\n".join(f"`{names.get(each['tool_use_id'], '?')}` {_result(each)}" for each in results)


def _result(block: Body) -> str:
    content = block.get("content") or ""
    if not isinstance(content, str):
        content = " ".join(part.get("text", f"[{part['type']}]") for part in content)
    words = content.replace("`", "'")
    shown = f"{words[:RESULT_CHARACTERS]}{' …' if len(words) > RESULT_CHARACTERS else ''}"
    return f"{'failed' if block.get('is_error') else 'answered'}: “{shown}”"


def _names(body: Body) -> set[str]:
    return {str(tool["name"]) for tool in body.get("tools") or ()}


def _object(text: str | None) -> Body | None:
    try:
        given = json.loads(text or "{}")
    except ValueError:
        return None
    return given if isinstance(given, dict) else None

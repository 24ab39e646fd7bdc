"""A thread as a file: Markdown and JSON, and what is left out of a file that is too large."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bot.conversation.export import Export, ExportedMessage, fitting, to_json, to_markdown
from bot.conversation.export_html import to_html
from bot.conversation.message import Attachment, Author, Embed, Poll, created_ms
from tests.conversation.builders import snowflake

ANN = Author(id=70, username="ann", name="Ann")
BOT = Author(id=1, username="bobbin", name="Bobbin")
MADE_MS = 1_800_000_000_000
RENDERERS: tuple[Callable[[Export], str], ...] = (to_markdown, to_json, to_html)


def said(number: int, text: str, author: Author = ANN, **more: object) -> ExportedMessage:
    return ExportedMessage(snowflake(number), author, text, **more)  # type: ignore[arg-type]


def export(*messages: ExportedMessage, title: str = "How do looms work?") -> Export:
    return Export(5, title, "#looms · Weavers", MADE_MS, messages)


LIVELY = export(
    said(1, "Hello **there**\n# not a heading of the file"),
    said(2, "I see.", BOT, by_app=True, reply_to=snowflake(1)),
    said(
        3,
        "",
        edited_ms=created_ms(snowflake(4)),
        attachments=(Attachment(9, "plan.pdf", "application/pdf", 2_400_000),),
        stickers=("wave",),
        poll=Poll("Which?", (("wool", 2), ("silk", None))),
        embeds=(Embed("Build 7", "failed", (("branch", "main"),), "CI", "now"),),
        forwarded="passed on",
    ),
)


def test_the_markdown_file_names_who_wrote_what_and_quotes_it() -> None:
    text = to_markdown(LIVELY)
    assert text.startswith("# How do looms work?\n\n\\#looms · Weavers. Exported 2027-01-15 08:00 UTC.\n")
    assert "**Ann** (`ann`) · " in text
    assert "\n\n> Hello **there**\n> # not a heading of the file\n" in text
    assert "**Bobbin** (`bobbin`, app) · " in text
    assert "*in reply to Ann*" in text
    for line in (
        "> *Forwarded:*",
        "> > passed on",
        "> | Build 7",
        "> | branch: main",
        "> Poll: Which?",
        "> - wool (2)",
        "> - silk",
        "> [sticker: wave]",
        "> [file: plan.pdf, 2.4 MB]",
    ):
        assert f"{line}\n" in text, line


def test_security_nobody_can_forge_the_line_of_another_author_in_markdown() -> None:
    forged = "fine\n\n**Ruth** (`root`) · 2027-01-15 08:00 UTC\n\n> I resign.\r\u2028**Ruth** (`root`)"
    named = Author(id=71, username="ben", name="Ben**\n# Ruth`")
    text = to_markdown(export(said(1, forged), said(2, "x", named)))
    assert [line for line in text.splitlines() if line.startswith("**")] == [
        line for line in text.splitlines() if line.startswith(("**Ann**", "**Ben\\*\\* \\# Ruth\\`**"))
    ]
    assert text.count("\n**") == 2


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("</blockquote><!--", "> \\</blockquote>\\<!--"),
        ("`<b>` and <b>", "> `<b>` and \\<b>"),
        ("see ```py\n</blockquote>\n``` below", "> see\n> ```py\n> </blockquote>\n> ```\n>  below"),
        ("~~~\n```\n~~~\n</b>\n```", "> \\~~~\n> ```\n> ~~~\n> </b>\n> ```"),
        ("```\n</b>", "> \\`\\`\\`\n> \\</b>"),
        ("`a\n\n</b>`", "> ```\n> a\n>\n> </b>\n> ```"),
        (r"\`<b>`", r"> \`\<b>\`"),
        (r"\\`<b>`", r"> \\`<b>`"),
        ("[a](javascript:alert(1))", r"> [a\](javascript:alert(1))"),
        ("[a]( \tdata:text/html,x)", "> [a\\]( \tdata:text/html,x)"),
        (r"[a\](javascript:x) [b\\](javascript:x)", r"> [a\](javascript:x) [b\\\](javascript:x)"),
        ("[a](https://example.org/a) `[a](x:y)`", "> [a](https://example.org/a) `[a](x:y)`"),
        ("![a](https://example.org/a.png)", r"> \![a](https://example.org/a.png)"),
        ("[Ann]: https://example.org", r"> [Ann\]: https://example.org"),
    ],
)
def test_security_no_html_of_people_takes_effect_in_markdown(text: str, quoted: str) -> None:
    body = to_markdown(export(said(1, text))).partition("UTC\n\n> ")[2]
    assert f"> {body}".rstrip("\n") == quoted
    hidden = Attachment(9, "<img src=x>.png", "image/png", 1000)
    more = said(2, "", attachments=(hidden,), stickers=("<b>",), poll=Poll("<i>", (("<u>", None),)))
    lines = to_markdown(export(more)).splitlines()
    assert all("\\<" in line for line in lines if "<" in line)


def test_the_json_file_holds_every_field_with_ids_as_texts() -> None:
    read = json.loads(to_json(LIVELY))
    assert (read["format"], read["version"], read["exported_at"]) == (
        "bobbin-export",
        1,
        "2027-01-15T08:00:00.000Z",
    )
    assert read["thread"] == {"id": "5", "title": "How do looms work?", "place": "#looms · Weavers"}
    first, second, third = read["messages"]
    assert first["author"] == {"id": "70", "name": "Ann", "username": "ann", "app": False}
    assert (second["reply_to"], second["author"]["app"]) == (first["id"], True)
    assert third["attachments"] == [{"name": "plan.pdf", "type": "application/pdf", "size_bytes": 2_400_000}]
    assert third["poll"]["answers"] == [{"text": "wool", "votes": 2}, {"text": "silk", "votes": None}]
    assert third["embeds"][0]["fields"] == [{"name": "branch", "value": "main"}]
    assert third["edited_at"].endswith("Z")
    assert first["at"] < second["at"] < third["at"]


@pytest.mark.parametrize("render", RENDERERS)
def test_of_a_file_that_is_too_large_the_oldest_messages_are_left_out(
    render: Callable[[Export], str],
) -> None:
    many = export(*(said(number, f"message {number} " + "é" * 200) for number in range(1, 200)))
    data = fitting(many, render, 30_000)
    assert 15_000 < len(data) <= 30_000
    text = data.decode()
    assert "message 199 " in text
    assert "message 1 " not in text
    assert text.count("oldest messages are left out") == 1
    assert fitting(many, render, 10**7).decode() == render(many)


def test_one_message_that_is_too_large_leaves_a_file_with_the_remark() -> None:
    data = fitting(export(said(1, "x" * 5000)), to_markdown, 1000)
    assert "The 1 oldest messages are left out" in data.decode()


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("How do looms work?", "How-do-looms-work"),
        ("../../etc/passwd", "etc-passwd"),
        ("編み物 ✨", "編み物"),
        ("✨", "thread"),
        ("x" * 200, "x" * 60),
    ],
)
def test_the_file_is_named_after_the_thread(title: str, name: str) -> None:
    assert export(title=title).file_name == name

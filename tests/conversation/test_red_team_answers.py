"""Hostile texts as names and values in what people are answered: in code, tables, lines of the log, and files."""

from __future__ import annotations

import re

import pytest

from bot.commands import presets, why_view
from bot.conversation.audit import AuditEntry
from bot.conversation.audit_view import code, line
from bot.conversation.export import to_json, to_markdown
from bot.conversation.message import Author
from bot.conversation.scope import Origin, Scope, Setting
from bot.conversation.usage_csv import neutral
from bot.conversation.visible import is_blank, plain
from bot.store.presets import Preset
from tests.conversation.red_team import CORPUS, one_line
from tests.conversation.test_export import export, said

FORMULAS = "=+-@＝＋－＠"
MORE = (
    "` <@1> @everyone `",
    "``` \n# big",
    "<@&2> <#3> <t:1:f> </reset:1>",
    "[a](javascript:alert(1)) ![b](https://example.org/b.png)",
    "||x|| **y** ~~z~~",
    '=HYPERLINK("https://example.org")',
    "\u202e=cmd|'/c calc'!A0",
    "-1+1;@SUM(1)|+2",
)
HOSTILE = (*(each.text for each in CORPUS), *MORE)
BREAKS = re.compile(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def is_code_on_one_line(shown: str) -> bool:
    """Whether a text is inline code that ends where it should, without anything that cannot be seen."""
    inside = shown[1:-1]
    return shown[0] == shown[-1] == "`" and "`" not in inside and one_line(inside) == inside


@pytest.mark.parametrize("text", HOSTILE)
def test_security_a_name_or_a_value_in_an_answer_is_code_on_one_line(text: str) -> None:
    if not is_blank(text):
        assert is_code_on_one_line(code(text))
    made = why_view.described_origin(Origin(Scope.CHANNEL, Setting(text)), names=False)
    assert made.startswith("set for the channel to ")
    shown = made.removeprefix("set for the channel to ")
    assert shown == "a text" or is_code_on_one_line(shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_security_a_line_of_the_audit_log_stays_one_whatever_its_values_are(text: str) -> None:
    entry = AuditEntry("1700000000500-0", 1_700_000_000_500, 70, Scope.THREAD, 5, text, text, text)
    made = line(entry)
    assert made.startswith("<t:1700000000:f> <@70> ")
    assert not BREAKS.search(made)
    assert re.findall(r"<[@#][!&]?\d+>", re.sub(r"`[^`]*`", "", made)) == ["<@70>", "<#5>"]
    assert "@everyone" not in re.sub(r"`[^`]*`", "", made)


@pytest.mark.parametrize("text", HOSTILE)
def test_security_a_preset_is_listed_on_one_line_under_a_name_that_is_code(text: str) -> None:
    name = plain(text)[: presets.NAME_CHARS]
    if not name:
        return
    for names_people in (True, False):
        made = presets.listed({name: Preset("Be kind.", 70, 5000)}, names_people=names_people)
        shown, _, rest = made.partition(": 8 characters, saved ")
        assert is_code_on_one_line(shown)
        assert rest == ("<t:5:R> by <@70>" if names_people else "<t:5:R>")
    for made in (presets.saved(name, replaced=False), presets.no_such(text), presets.deleted(name)):
        assert made.count("`") == 2


@pytest.mark.parametrize("text", HOSTILE)
def test_security_no_cell_of_a_table_is_a_formula(text: str) -> None:
    made = neutral(text)
    assert not BREAKS.search(made)
    assert all(not cell.lstrip().startswith(tuple(FORMULAS)) for cell in re.split("[;|]", made))


@pytest.mark.parametrize("text", HOSTILE)
def test_security_names_in_an_exported_file_are_text_and_name_no_path(text: str) -> None:
    made = export(said(1, text, Author(7, text, text)), title=text)
    assert re.fullmatch(r"[\w-]{1,60}", made.file_name)
    lines = to_markdown(made).split("\n")
    assert len([each for each in lines if each.startswith("**")]) == 1
    unescaped = re.sub(r"\\.", "", "\n".join(each for each in lines if not each.startswith(">")))
    assert "<" not in unescaped
    assert "](" not in unescaped
    assert to_json(made).encode()

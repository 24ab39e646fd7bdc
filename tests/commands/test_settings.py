"""What /settings show answers."""

from __future__ import annotations

from bot.commands.code_block import ANSWER_CHARS
from bot.commands.settings import shown
from bot.conversation.scope import Scope, Setting
from bot.conversation.settings_table import OperatorValue, Row

MODEL = Row("Model", "model", "claude.model")
SET = {Scope.CHANNEL: {"model": Setting("claude-a", 70, 1_800_000_000_000)}}


def test_a_setting_of_a_scope_says_where_and_when_and_for_admins_who() -> None:
    (text,) = shown(SET, {}, rows=(MODEL,))
    assert "- Model: **claude-a** (set for the channel <t:1800000000:R>)" in text
    (text,) = shown(SET, {}, rows=(MODEL,), names=True)
    assert "<t:1800000000:R> by <@70>)" in text


def test_a_setting_of_an_older_version_says_neither_when_nor_who() -> None:
    (text,) = shown({Scope.SERVER: {"model": Setting("claude-a")}}, {}, rows=(MODEL,), names=True)
    assert "- Model: **claude-a** (set for the server)" in text


def test_a_default_and_a_value_of_the_settings_file_are_told_apart() -> None:
    for is_set, where in ((False, "(default)"), (True, "(set by whoever runs me)")):
        (text,) = shown({}, {"claude.model": OperatorValue("a", is_set=is_set)}, rows=(MODEL,))
        assert f"- Model: **a** {where}" in text


def test_in_direct_messages_no_thread_is_named() -> None:
    held = {Scope.THREAD: {"model": Setting("claude-a")}}
    (text,) = shown(held, {}, rows=(MODEL,), is_direct=True)
    assert "- Model: **claude-a** (set for these direct messages)" in text
    assert "thread" not in text


def test_many_settings_take_several_messages() -> None:
    rows = tuple(Row(f"Setting {number}", key="k") for number in range(120))
    texts = list(shown({}, {"k": OperatorValue("v" * 20, is_set=False)}, rows=rows))
    assert len(texts) > 1
    assert all(len(text) <= ANSWER_CHARS for text in texts)
    assert "\n".join(texts).count("- Setting ") == 120

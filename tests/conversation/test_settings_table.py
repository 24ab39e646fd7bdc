"""Which setting applies, how it is shown, and where it was set."""

from __future__ import annotations

import pytest

from bot.conversation.privacy import RETENTION_DAYS
from bot.conversation.scope import SYSTEM, Origin, Scope, Setting
from bot.conversation.settings_table import ROWS, Applied, OperatorValue, Row, applied

ROW = Row("Model", "model", "claude.model")
DEFAULT = {"claude.model": OperatorValue("a", is_set=False)}
BY_SERVER = Setting("b", 70, 1)
BY_THREAD = Setting("c", 71, 2)


@pytest.mark.parametrize(
    ("by_scope", "operator", "expected"),
    [
        ({}, {}, []),
        ({}, DEFAULT, [Applied("Model", "a")]),
        ({}, {"claude.model": OperatorValue("a", is_set=True)}, [Applied("Model", "a", is_default=False)]),
        (
            {Scope.THREAD: {}, Scope.SERVER: {"model": BY_SERVER}},
            DEFAULT,
            [Applied("Model", "b", Origin(Scope.SERVER, BY_SERVER))],
        ),
        (
            {Scope.THREAD: {"model": BY_THREAD}, Scope.SERVER: {"model": BY_SERVER}},
            DEFAULT,
            [Applied("Model", "c", Origin(Scope.THREAD, BY_THREAD))],
        ),
    ],
)
def test_of_each_setting_the_narrowest_scope_counts_and_then_the_operator(
    by_scope: dict[Scope, dict[str, Setting]],
    operator: dict[str, OperatorValue],
    expected: list[Applied],
) -> None:
    assert list(applied(by_scope, operator, (ROW,))) == expected


def test_of_a_family_of_settings_each_scope_has_its_own() -> None:
    row = Row("Access", "access:", shown=lambda name, value: f"{value} {name.rpartition(':')[2]}")
    allow, block = Setting("allow", 70, 1), Setting("block", 70, 2)
    by_scope = {
        Scope.CHANNEL: {"access:role:5": allow, "model": BY_SERVER},
        Scope.SERVER: {"access:role:5": block, "access:person:6": block},
    }
    assert list(applied(by_scope, {}, (row,))) == [
        Applied("Access", "allow 5", Origin(Scope.CHANNEL, allow)),
        Applied("Access", "block 6", Origin(Scope.SERVER, block)),
        Applied("Access", "block 5", Origin(Scope.SERVER, block)),
    ]


def test_a_prompt_is_shown_by_its_length_wherever_it_was_set() -> None:
    (row,) = [row for row in ROWS if row.name == SYSTEM]
    operator = {row.key: OperatorValue("Be kind.", is_set=False)}
    assert [each.value for each in applied({}, operator, (row,))] == ["a text of 8 characters"]
    by_scope = {Scope.THREAD: {SYSTEM: Setting("x" * 4000)}}
    assert [each.value for each in applied(by_scope, operator, (row,))] == ["a text of 4,000 characters"]


@pytest.mark.parametrize(("value", "shown"), [("9", "9 days"), ("30", "10 days")])
def test_the_operator_limits_how_long_conversations_are_kept(value: str, shown: str) -> None:
    (row,) = [row for row in ROWS if row.name == RETENTION_DAYS]
    by_scope = {Scope.SERVER: {RETENTION_DAYS: Setting(value, 70, 1)}}
    found = list(applied(by_scope, {row.key: OperatorValue("10", is_set=True)}, (row,)))
    assert [each.value for each in found] == [shown]


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("discord.direct_messages", "True", "on"),
        ("discord.direct_messages", "False", "off"),
        ("reply.when", "auto", "all but those for somebody else"),
        ("claude.thinking", "off", "off"),
        ("reply.ignore_prefix", "", "none"),
        ("reply.ignore_prefix", "//", "`//`"),
        ("history.max_tokens", "80000", "80,000 tokens"),
        ("files.max_mb", "20.0", "20 MB"),
        ("recovery.max_age_hours", "0.5", "0.5 hours"),
        ("limits.threads_per_minute", "5", "5 a minute"),
        ("limits.turns_per_person", "0", "no limit"),
        ("limits.refusals", "3.0", "3 at most"),
        ("privacy.require_consent", "False", "not required"),
    ],
)
def test_values_are_shown_for_people(key: str, value: str, shown: str) -> None:
    (row,) = [row for row in ROWS if row.key == key]
    assert [each.value for each in applied({}, {key: OperatorValue(value, is_set=False)}, (row,))] == [shown]

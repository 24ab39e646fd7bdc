"""Findings of a failed start: what is wrong, how to mend it, which setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.findings.finding import BY_EXIT_CODE, Finding, Severity, by_severity, exit_code, of_start_error
from bot.findings.ids import Id

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"


@pytest.mark.parametrize(
    ("line", "problem", "mend", "names"),
    [
        (
            "Discord refused the token: set DISCORD_TOKEN to the one that https://discord.com shows",
            "Discord refused the token",
            "set DISCORD_TOKEN to the one that https://discord.com shows",
            ("discord.token",),
        ),
        (
            "The model 'x' is not available (404: near: y; z): change claude.model (BOT_CLAUDE__MODEL) to 'y'",
            "The model 'x' is not available (404: near: y; z)",
            "change claude.model (BOT_CLAUDE__MODEL) to 'y'",
            ("claude.model",),
        ),
        (
            "Discord cannot be reached at http://127.0.0.1:1/api (X): check the network",
            "Discord cannot be reached at http://127.0.0.1:1/api (X)",
            "check the network",
            (),
        ),
        (
            "config.toml: claude.effort: found 'huge'; must be 'low' or 'high'",
            "config.toml: claude.effort: found 'huge'",
            "must be 'low' or 'high'",
            ("claude.effort",),
        ),
        ("something else", "something else", "", ()),
    ],
)
def test_a_line_is_parted_where_the_problem_ends(
    line: str, problem: str, mend: str, names: tuple[str, ...]
) -> None:
    (finding,) = of_start_error(StartError(line, exit_code=Exit.SETTINGS))
    assert (finding.problem, finding.mend, finding.names) == (problem, mend, names)


def test_each_line_is_a_finding() -> None:
    found = of_start_error(StartError("a: b\nc: d", exit_code=Exit.MISSING))
    assert [(each.id, each.problem) for each in found] == [(Id.MISSING, "a"), (Id.MISSING, "c")]


def test_each_exit_code_of_a_start_has_an_id() -> None:
    assert BY_EXIT_CODE.keys() == set(Exit) - {Exit.LOOP_BLOCKED}


def test_the_exit_code_is_that_of_the_first_error_and_warnings_let_the_bot_start() -> None:
    warning = Finding(Id.EVICTION, Severity.WARNING, "", "", exit_code=Exit.REDIS_UNFIT)
    error = Finding(Id.TOKEN, Severity.ERROR, "", "", exit_code=Exit.DISCORD_TOKEN)
    assert exit_code([warning]) == 0
    assert exit_code([warning, error]) == Exit.DISCORD_TOKEN
    assert by_severity([warning, error]) == (error, warning)


def test_the_manual_lists_every_id() -> None:
    text = OPERATING.read_text(encoding="utf-8")
    assert [id_.value for id_ in Id if f"`{id_.value}`" not in text] == []

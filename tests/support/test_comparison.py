"""What a replay says of its likeness to the journal."""

from __future__ import annotations

from typing import Any

import pytest

from bot.support.comparison import compared


def journal(*shown: int, end: str = "end_turn", outcome: str = "answered", **fields: Any) -> dict[str, Any]:
    attempt = {"number": 1, "shown": list(shown), "requests": [{"purpose": "reply", "end": end}], **fields}
    return {"entry": [{"index": 0, "turn": {"sent": [], "outcome": outcome}}], "timeline": [attempt]}


def test_what_is_as_the_journal_says_is_said_for_each_shape() -> None:
    lines = compared(journal(1990, 12), journal(1990, 12))
    assert lines == [
        "message 1 of the reply: 1990 characters, as the journal says",
        "message 2 of the reply: 12 characters, as the journal says",
        "attempts: 1, as the journal says",
        "outcome: answered, as the journal says",
        "ends of the last attempt's requests: end_turn, as the journal says",
        "calls of tools: none, as the journal says",
    ]


def test_each_difference_is_named() -> None:
    played = journal(1980, end="max_tokens", outcome="failed", number=2, calls=[{"tool": "a"}])
    assert [line for line in compared(journal(1990, 12), played) if line.startswith("DIFFERS")] == [
        "DIFFERS: message 1 of the reply: 1980 characters; the journal says 1990 characters",
        "DIFFERS: message 2 of the reply: none; the journal says 12 characters",
        "DIFFERS: attempts: 2; the journal says 1",
        "DIFFERS: outcome: failed; the journal says answered",
        "DIFFERS: ends of the last attempt's requests: max_tokens; the journal says end_turn",
        "DIFFERS: calls of tools: done; the journal says none",
    ]


@pytest.mark.parametrize("broken", [5, 1.5, "x", True, [5], [[1]], [None], {"a": 1}, [{"purpose": []}]])
@pytest.mark.parametrize("name", ["requests", "calls", "shown", "number"])
def test_a_journal_that_is_broken_differs(name: str, broken: Any) -> None:
    lines = compared(journal(12, **{name: broken}), journal(12, calls=[{}, {}]))
    assert "DIFFERS: calls of tools" in "\n".join(lines)


def test_a_journal_of_an_older_release_is_not_compared() -> None:
    assert compared({"entry": []}, journal(5)) == [
        "The journal has no timeline, as of an older release: nothing is compared."
    ]


def test_a_journal_that_somebody_has_changed_is_compared_all_the_same() -> None:
    attempt = {"number": "x", "shown": "none", "requests": [5], "calls": {"tool": 1}}
    assert compared({"timeline": [attempt]}, {})


def remembering(turns: int, *, summary: bool = False, start: int = 0, **usage: int) -> dict[str, Any]:
    told = journal(12)
    made_with = {"turns": turns, "summary": summary}
    told["entry"][0]["turn"] |= {"made_with": made_with, "window_start": start, "usage": usage}
    return {**told, "earlier": [{"index": 0, "turn": {}}]}


def test_the_window_and_the_lifetime_in_the_cache_are_compared_where_there_are_earlier_turns() -> None:
    told = remembering(2, summary=True, start=3, cache_write_5m=7, cache_write_1h=9)
    assert compared(told, told)[-2:] == [
        "earlier turns in the request: 2 turns and a summary, from 3 on, as the journal says",
        "cached for: 5 minutes, as the journal says",
    ]
    assert compared(told, remembering(5, cache_write_1h=9))[-2:] == [
        "DIFFERS: earlier turns in the request: 5 turns, from 0 on; "
        "the journal says 2 turns and a summary, from 3 on",
        "DIFFERS: cached for: an hour; the journal says 5 minutes",
    ]
    assert compared(remembering(1), remembering(1))[-1] == "cached for: no time, as the journal says"


def test_what_an_earlier_request_had_written_to_the_cache_tells_no_lifetime() -> None:
    assert not [
        line for line in compared(remembering(1, cache_read=8), remembering(1)) if "cached for" in line
    ]
    assert not [line for line in compared(remembering(1), {}) if "cached for" in line]


def test_the_quotes_are_compared_by_their_messages() -> None:
    told = {**journal(12), "quotes": [[], [{"of": "room", "said": [{}, {}]}, {"of": "reply", "said": [{}]}]]}
    assert compared(told, told)[-1] == "messages in quotes: 2, 1, as the journal says"
    assert compared(told, {**journal(12), "quotes": [[]]})[-1] == (
        "DIFFERS: messages in quotes: none; the journal says 2, 1"
    )
    assert not [line for line in compared(journal(12), told) if "quotes" in line]


def test_the_errors_of_discord_are_compared_where_they_can_be_played() -> None:
    refused: dict[str, Any] = {"failures": ["DiscordForbidden"], "refused": [[0, 0, 403, 50013, 0]]}
    told = journal(12, **refused)
    assert compared(told, told)[-1] == "errors of Discord: DiscordForbidden, as the journal says"
    assert compared(told, journal(12, failures=[]))[-1] == (
        "DIFFERS: errors of Discord: none; the journal says DiscordForbidden"
    )
    older = journal(12, failures=["DiscordForbidden"])
    assert not [line for line in compared(older, told) if "Discord" in line]

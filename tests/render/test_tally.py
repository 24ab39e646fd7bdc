"""The count of a reply's calls to Discord."""

from __future__ import annotations

from bot.conversation.errors import DiscordNotNow, DiscordRejected, DiscordUnavailable, Fenced
from bot.render.tally import Tally


def test_a_refused_call_is_noted_by_numbers_behind_the_calls_that_succeeded() -> None:
    tally = Tally(posts=2, edits=7)
    rejected = DiscordRejected(50035)
    rejected.status = 400
    tally.failed(rejected, is_edit=False, name="FilesRefused")
    tally.failed(DiscordNotNow(279.6), is_edit=True)
    tally.failed(DiscordUnavailable("send: reset"), is_edit=True)
    assert tally.failures == ["FilesRefused", "DiscordNotNow", "DiscordUnavailable"]
    assert tally.refused == [(0, 2, 400, 50035, 0), (1, 7, 0, 0, 280), (1, 7, 0, 0, 0)]


def test_an_error_of_the_bot_itself_is_no_refusal() -> None:
    tally = Tally()
    tally.failed(Fenced(), is_edit=True)
    assert (tally.failures, tally.refused) == (["Fenced"], [])

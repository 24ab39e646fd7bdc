"""For how long no call is made: pure."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from bot.gateway.connection.bans import PATIENCE_S, UNSTATED_S, Bans

VIA = {"Via": "1.1 google"}
THREADS = "/channels/1/messages/2/threads"


class Clock:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def refused(bans: Bans, path: str, headers: dict[str, str], retry_after_s: float | None = None) -> float:
    """One 429 to a post."""
    return bans.record("POST", path, 429, CIMultiDict(headers), retry_after_s)


def test_a_route_is_left_alone_until_its_time_has_come() -> None:
    clock = Clock()
    bans = Bans(clock)
    assert refused(bans, THREADS, VIA, 280.0) == 280.0
    assert bans.left_s("POST", "/channels/1/messages/3/threads") == 280.0
    clock.now += 280.0
    assert bans.left_s("POST", THREADS) == 0.0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/channels/1/messages"),
        ("POST", "/channels/4/messages/2/threads"),
        ("GET", "/channels/1/messages/2/threads"),
    ],
)
def test_other_routes_and_channels_go_on(method: str, path: str) -> None:
    bans = Bans(Clock())
    refused(bans, THREADS, VIA, 280.0)
    assert bans.left_s(method, path) == 0.0


def test_a_global_limit_and_one_of_cloudflare_count_for_every_route() -> None:
    for headers in ({**VIA, "x-ratelimit-global": "true", "Retry-After": "60"}, {"retry-after": "60"}):
        bans = Bans(Clock())
        assert refused(bans, THREADS, headers) == 60.0
        assert bans.left_s("GET", "/guilds/5/threads/active") == 60.0


def test_cloudflare_is_believed_however_short_its_ban_and_waited_for_where_it_does_not_say() -> None:
    assert refused(Bans(Clock()), THREADS, {"Retry-After": "2"}) == 2.0
    assert refused(Bans(Clock()), THREADS, {}) == UNSTATED_S
    assert refused(Bans(Clock()), THREADS, {"Retry-After": "Thu, 01 Dec 1994 16:00:00 GMT"}) == UNSTATED_S


def test_a_short_limit_is_left_to_the_library() -> None:
    bans = Bans(Clock())
    assert refused(bans, THREADS, VIA, PATIENCE_S) == 0.0
    assert bans.left_s("POST", THREADS) == 0.0


def test_the_last_token_of_a_long_window_holds_back_the_next_call_alone() -> None:
    bans = Bans(Clock())
    told = CIMultiDict({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "250.5"})
    assert bans.record("POST", THREADS, 201, told, None) == 0.0
    assert bans.left_s("POST", THREADS) == 250.5


def test_a_later_answer_does_not_end_a_ban_early() -> None:
    bans = Bans(Clock())
    refused(bans, THREADS, VIA, 280.0)
    refused(bans, THREADS, VIA, 30.0)
    assert bans.left_s("POST", THREADS) == 280.0

"""The pure rules of the local Discord: `mentions`, `permissions`, `nonces`, `ratelimits`, `modals` and others."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.local.simulator.discord import components, drafts, intents, mentions, modals
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.errors import ApiError
from bot.local.simulator.discord.model import Channel, Guild, Member, Overwrite, Role
from bot.local.simulator.discord.nonces import WINDOW_S, Nonces
from bot.local.simulator.discord.ratelimits import MESSAGES, RENAME, Buckets, Limit
from bot.local.simulator.discord.snowflakes import Snowflakes, moment_of

MEMBER, ROLE, GUILD = 7, 8, 1


@pytest.mark.parametrize(
    ("text", "users", "roles", "everyone"),
    [
        ("hello <@1> and <@!2>, <@1> again", (1, 2), (), False),
        ("<@&3> @here", (), (3,), True),
        ("`<@1>` ``<@2>`` and\n```py\n<@3> @everyone\n```", (), (), False),
        (r"\<@1> \@everyone", (), (), False),
        ("``` <@1>", (1,), (), False),
        ("me@everyone", (), (), True),
    ],
)
def test_mentions_are_read_from_prose_not_from_code(
    text: str, users: tuple[int, ...], roles: tuple[int, ...], everyone: bool
) -> None:
    assert mentions.named_in(text) == mentions.Mentions(users, roles, everyone)


@pytest.mark.parametrize(
    ("rule", "users", "roles", "everyone"),
    [
        (None, (1, 2, 9), (3,), True),
        ({"parse": []}, (), (), False),
        ({"parse": [], "replied_user": True}, (9,), (), False),
        ({"parse": ["users"]}, (1, 2), (), False),
        ({"parse": ["everyone"], "users": ["2"], "roles": ["3"]}, (2,), (3,), True),
    ],
)
def test_allowed_mentions_take_away_what_they_do_not_name(
    rule: dict[str, Any] | None, users: tuple[int, ...], roles: tuple[int, ...], everyone: bool
) -> None:
    named = mentions.Mentions((1, 2), (3,), True)
    assert mentions.allowed(named, rule, 9, default_users_only=False) == mentions.Mentions(
        users, roles, everyone
    )


def a_guild(everyone: int, role: int) -> Guild:
    roles = {
        GUILD: Role(id=GUILD, name="@everyone", permissions=everyone),
        ROLE: Role(id=ROLE, name="r", permissions=role),
    }
    return Guild(
        id=GUILD,
        name="g",
        owner_id=99,
        roles=roles,
        members={MEMBER: Member(user_id=MEMBER, role_ids=[ROLE])},
    )


def a_channel(**overwrites: tuple[int, int]) -> Channel:
    ids = {"everyone": (GUILD, 0), "role": (ROLE, 0), "member": (MEMBER, 1)}
    made = {
        ids[who][0]: Overwrite(id=ids[who][0], type=ids[who][1], allow=a, deny=d)
        for who, (a, d) in overwrites.items()
    }
    return Channel(id=5, type=0, guild_id=GUILD, overwrites=made)


def test_overwrites_are_laid_from_everyone_over_roles_to_the_member() -> None:
    see, send, pin = bits.VIEW_CHANNEL, bits.SEND_MESSAGES, bits.PIN_MESSAGES
    guild = a_guild(see | send, pin)
    assert bits.in_channel(guild, a_channel(), MEMBER) == see | send | pin
    assert bits.in_channel(guild, a_channel(everyone=(0, send)), MEMBER) == see | pin
    assert bits.in_channel(guild, a_channel(everyone=(0, send), role=(send, 0)), MEMBER) == see | send | pin
    assert bits.in_channel(guild, a_channel(role=(send, 0), member=(0, send)), MEMBER) == see | pin


def test_without_sight_there_is_no_other_permission_and_an_administrator_has_all() -> None:
    hidden = a_channel(member=(bits.SEND_MESSAGES, bits.VIEW_CHANNEL))
    assert bits.in_channel(a_guild(bits.DEFAULT_EVERYONE, 0), hidden, MEMBER) == 0
    assert bits.in_channel(a_guild(0, bits.ADMINISTRATOR), hidden, MEMBER) == bits.ALL
    assert bits.in_channel(a_guild(bits.ALL, 0), hidden, 1234) == 0


def test_a_nonce_is_remembered_for_its_author_and_its_window() -> None:
    nonces = Nonces()
    nonces.remember(1, "n", 55, now=1000.0)
    assert nonces.find(1, "n", 1000.0 + WINDOW_S - 1) == 55
    assert nonces.find(2, "n", 1000.0) is None
    assert nonces.find(1, "n", 1000.0 + WINDOW_S) is None


@given(st.lists(st.floats(-5, 5), max_size=200))
def test_ids_only_grow_whatever_the_clock_does(steps: list[float]) -> None:
    now = 1_800_000_000.0
    snowflakes = Snowflakes(lambda: now)
    last = 0
    for step in steps:
        now += step
        made = snowflakes.next()
        assert made > last
        last = made


def test_an_id_holds_its_moment() -> None:
    assert moment_of(Snowflakes(lambda: 1_800_000_000.5).next()) == 1_800_000_000.5
    assert moment_of(175928847299117063) == pytest.approx(1462015105.796)  # the example of the reference


LIMITS = st.builds(Limit, st.just("x"), st.integers(1, 10), st.sampled_from([0.25, 1.0, 5.0, 20.0]))


@given(LIMITS, st.lists(st.floats(0, 3), min_size=1, max_size=120))
def test_no_window_lets_more_through_than_its_limit(limit: Limit, waits: list[float]) -> None:
    buckets, now, passed = Buckets(), 1000.0, dict[float, int]()
    for wait in waits:
        now += wait
        verdict = buckets.take(limit, "key", now)
        assert now < verdict.reset_at <= now + limit.per_s
        passed[verdict.reset_at] = passed.get(verdict.reset_at, 0) + verdict.passed
        assert passed[verdict.reset_at] <= limit.requests
        assert verdict.remaining == limit.requests - passed[verdict.reset_at]
        assert verdict.passed or verdict.retry_after_s == verdict.reset_at - now > 0
    ends = sorted(passed)
    assert all(later - limit.per_s >= earlier - 1e-6 for earlier, later in pairwise(ends))


@given(LIMITS, st.lists(st.floats(0, 0.5), min_size=1, max_size=60))
def test_whoever_waits_as_long_as_told_gets_through(limit: Limit, waits: list[float]) -> None:
    buckets, now = Buckets(), 1000.0
    for wait in waits:
        now += wait
        verdict = buckets.take(limit, "key", now)
        if not verdict.passed:
            now += float(verdict.headers()["X-RateLimit-Reset-After"])
            assert buckets.take(limit, "key", now).passed


@given(st.lists(st.floats(0, 400), min_size=1, max_size=40))
def test_no_ten_minutes_hold_more_than_two_renames(waits: list[float]) -> None:
    buckets, now, passed = Buckets(), 1000.0, list[float]()
    for wait in waits:
        now += wait
        told = buckets.take_hidden("thread", now)
        if told == 0:
            passed.append(now)
        recent = [each for each in passed if now - each < RENAME.per_s]
        assert len(recent) <= RENAME.requests
        assert told == 0 or len(recent) == RENAME.requests


def test_a_second_holds_fifty_requests_of_a_bot() -> None:
    buckets = Buckets()
    assert [buckets.take_global("a", 1000.0) for _ in range(51)] == [0.0] * 50 + [1.0]
    assert buckets.take_global("b", 1000.0) == 0
    assert buckets.take_global("a", 1001.0) == 0


def test_buckets_of_different_channels_are_apart() -> None:
    buckets = Buckets()
    for _ in range(5):
        assert buckets.take(MESSAGES, "one", 0.0).passed
    assert not buckets.take(MESSAGES, "one", 4.9).passed
    assert buckets.take(MESSAGES, "two", 4.9).passed
    assert buckets.take(MESSAGES, "one", 5.0).passed


@given(st.text(max_size=2100))
def test_a_draft_holds_the_text_without_the_white_space_around_it(text: str) -> None:
    if len(text) > 2000:
        with pytest.raises(ApiError):
            drafts.parse({"content": text})
    else:
        assert drafts.parse({"content": text}).content == text.strip()


def test_several_problems_are_told_at_once() -> None:
    with pytest.raises(ApiError) as error:
        drafts.parse({"content": "x" * 2001, "nonce": "n" * 26, "embeds": [{}] * 11})
    assert set(error.value.errors or {}) == {"content", "nonce", "embeds"}


def test_v2_components_are_counted_with_everything_inside_them() -> None:
    text = {"type": 10, "content": "x"}
    drafts.parse({"flags": 1 << 15, "components": [{"type": 17, "components": [text] * 39}]})
    with pytest.raises(ApiError):
        drafts.parse({"flags": 1 << 15, "components": [{"type": 17, "components": [text] * 40}]})
    with pytest.raises(ApiError):
        drafts.parse({"flags": 1 << 15, "components": [{"type": 10, "content": "x" * 2001}] * 2})


def test_components_are_numbered_around_the_ids_they_bring() -> None:
    row = {"type": 1, "components": [{"type": 2, "id": 2}, {"type": 2}]}
    [told] = components.numbered([row])
    assert [told["id"], *(each["id"] for each in told["components"])] == [1, 2, 3]


def a_modal() -> dict[str, Any]:
    field = {"type": 4, "custom_id": "t", "style": 2, "value": "before", "max_length": 10}
    return modals.check(
        {"title": "T", "custom_id": "m", "components": [{"type": 18, "label": "L", "component": field}]}
    )


def test_a_modal_keeps_what_was_in_it_and_refuses_what_does_not_fit() -> None:
    assert modals.filled(a_modal(), {})[0]["component"]["value"] == "before"
    assert modals.filled(a_modal(), {"t": "after"})[0]["component"]["value"] == "after"
    for values in ({"t": ""}, {"t": "x" * 11}, {"u": "x"}):
        with pytest.raises(ApiError):
            modals.filled(a_modal(), values)


def test_a_modal_over_a_limit_is_refused() -> None:
    with pytest.raises(ApiError) as error:
        modals.check({"title": "x" * 46, "custom_id": "m", "components": []})
    assert set((error.value.errors or {})["data"]) == {"title", "components"}


def test_content_is_hidden_except_from_its_author_and_whom_it_mentions() -> None:
    message = {
        "author": {"id": "1"},
        "mentions": [{"id": "2"}],
        "content": "x",
        "embeds": [],
        "attachments": [],
        "components": [],
    }
    assert [intents.redacted(message, each)["content"] for each in (1, 2, 3)] == ["x", "x", ""]
    reply = message | {"mentions": [], "referenced_message": message}
    assert intents.redacted(reply, 2)["referenced_message"]["content"] == "x"
    assert intents.redacted(reply, 2)["content"] == ""

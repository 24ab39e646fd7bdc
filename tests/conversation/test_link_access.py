"""Which linked messages may be quoted: the table of the rule."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from bot.conversation.link_access import READ, ChannelAccess, is_public, refusal
from bot.conversation.quoting import Missing

GUILD, STAFF, BEN = 1, 20, 30
VIEW, HISTORY = READ
NOBODY: frozenset[str] = frozenset()
HERE = ChannelAccess(GUILD, channel=100, parent=10)
"""A thread of a public channel."""

THERE = ChannelAccess(GUILD, channel=11, parent=11)


def overwrites(*these: tuple[str, int, bool]) -> frozenset[tuple[str, int, bool]]:
    return frozenset(these)


STAFF_ONLY = overwrites((VIEW, GUILD, False), (VIEW, STAFF, True))


@pytest.mark.parametrize(
    ("linked", "here", "expected"),
    [
        # Where everyone reads.
        (THERE, HERE, None),
        (replace(THERE, channel=111), HERE, None),
        (replace(THERE, overwrites=overwrites((VIEW, STAFF, True))), HERE, None),
        (
            replace(THERE, everyone=NOBODY, overwrites=overwrites(*((p, GUILD, True) for p in READ))),
            HERE,
            None,
        ),
        # The same channel, or another thread of the same channel, however private the channel is.
        (HERE, HERE, None),
        (replace(HERE, channel=10, overwrites=STAFF_ONLY), replace(HERE, overwrites=STAFF_ONLY), None),
        (replace(HERE, channel=101, overwrites=STAFF_ONLY), replace(HERE, overwrites=STAFF_ONLY), None),
        # Private channels.
        (replace(THERE, overwrites=STAFF_ONLY), HERE, Missing.NOT_FOR_ALL),
        (replace(THERE, overwrites=STAFF_ONLY), replace(HERE, overwrites=STAFF_ONLY), None),
        (replace(THERE, overwrites=overwrites((VIEW, BEN, False))), HERE, Missing.NOT_FOR_ALL),
        (replace(THERE, overwrites=overwrites((HISTORY, STAFF, False))), HERE, Missing.NOT_FOR_ALL),
        (replace(THERE, overwrites=overwrites((HISTORY, GUILD, False))), HERE, Missing.NOT_FOR_ALL),
        (
            replace(THERE, overwrites=STAFF_ONLY),
            replace(HERE, overwrites=overwrites((VIEW, GUILD, False), (VIEW, BEN, True))),
            Missing.NOT_FOR_ALL,
        ),
        # Roles alone grant what @everyone lacks: the same overwrites mean the same readers.
        (replace(THERE, everyone=NOBODY), replace(HERE, everyone=NOBODY), None),
        (
            replace(THERE, everyone=NOBODY),
            replace(HERE, everyone=NOBODY, overwrites=overwrites((VIEW, STAFF, True))),
            Missing.NOT_FOR_ALL,
        ),
        # Private threads.
        (replace(THERE, channel=111, is_private=True), HERE, Missing.NOT_FOR_ALL),
        (replace(HERE, channel=101, is_private=True), HERE, Missing.NOT_FOR_ALL),
        (replace(HERE, is_private=True), replace(HERE, is_private=True), None),
        (replace(HERE, channel=10), replace(HERE, is_private=True), None),
        # Others.
        (replace(THERE, is_hidden=True), HERE, Missing.FORBIDDEN),
        (replace(THERE, guild=2), HERE, Missing.ELSEWHERE),
        (replace(THERE, is_age_restricted=True), HERE, Missing.AGE_RESTRICTED),
        (replace(THERE, is_age_restricted=True), replace(HERE, is_age_restricted=True), None),
        (THERE, replace(HERE, is_age_restricted=True), None),
    ],
)
def test_a_link_is_opened_where_everybody_here_may_read_it(
    linked: ChannelAccess, here: ChannelAccess, expected: Missing | None
) -> None:
    assert refusal(linked, here, asker_reads=True) is expected
    if expected is None:
        assert refusal(linked, here, asker_reads=False) is Missing.NOT_FOR_ALL


def reads(access: ChannelAccess, roles: frozenset[int], granted: frozenset[str]) -> bool:
    """Whether a member reads, as Discord computes permissions (topics/permissions)."""
    for name in READ:
        allowed = name in granted or name in access.everyone
        own = dict(access.of(name))
        allowed = own.get(GUILD, allowed)
        of_roles = [own[role] for role in roles if role in own and role != BEN]
        allowed = True in of_roles or (allowed and False not in of_roles)
        if BEN in roles:
            allowed = own.get(BEN, allowed)
        if not allowed:
            return False
    return True


def test_security_nobody_reads_here_what_they_may_not_read_there() -> None:
    choices = [None, False, True]
    everyone = [frozenset(READ), NOBODY]
    members = [
        (frozenset(role for role, has in zip((STAFF, BEN), held, strict=True) if has), granted)
        for held in product([False, True], repeat=2)
        for granted in (NOBODY, frozenset(READ), frozenset({VIEW}))
    ]
    targets = list(product(READ, (GUILD, STAFF)))

    def channels(channel: int) -> list[ChannelAccess]:
        return [
            ChannelAccess(
                GUILD,
                channel,
                channel,
                everyone=base,
                overwrites=frozenset(
                    (*target, value)
                    for target, value in zip(targets, values, strict=True)
                    if value is not None
                ),
            )
            for values in product(choices, repeat=len(targets))
            for base in everyone
        ]

    opened = 0
    heres = channels(10)[::7]
    for linked in channels(11)[::3]:
        for here in heres:
            if here.everyone != linked.everyone or refusal(linked, here, asker_reads=True):
                continue
            opened += 1
            for roles, granted in members:
                assert not reads(here, roles, granted) or reads(linked, roles, granted), (linked, here)
    assert opened > 20


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        (HERE, True),
        (replace(HERE, overwrites=overwrites((VIEW, STAFF, True))), True),
        (replace(HERE, overwrites=STAFF_ONLY), False),
        (replace(HERE, overwrites=overwrites((HISTORY, GUILD, False))), False),
        (replace(HERE, overwrites=overwrites((VIEW, BEN, False))), False),
        (replace(HERE, everyone=NOBODY), False),
        (replace(HERE, is_private=True), False),
        (replace(HERE, is_hidden=True), False),
        (replace(HERE, is_age_restricted=True), False),
    ],
)
def test_a_channel_is_public_where_nobody_is_kept_out(access: ChannelAccess, expected: bool) -> None:
    assert is_public(access) == expected

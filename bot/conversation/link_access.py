"""Whether a linked message may be quoted here: a pure decision.

The rule: the asker may read the linked message, and so may everybody who can read the answer. A channel is read by
those who have both permissions of `READ` there. The bot does not know the roles of all readers, so the second part
is decided by what holds for every member, whatever roles the member has: for each of the two permissions, the linked
channel grants it to everyone and denies it to nobody, or both channels have the same overwrites for it. Where that
cannot be shown, the link is not opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.conversation.quoting import Missing

READ = ("view_channel", "read_message_history")
"""What reading a message needs (Discord, "Get Channel Message"), by discord.py's names."""


@dataclass(frozen=True, slots=True)
class ChannelAccess:
    """Who reads a channel.

    `parent` is the channel itself, or that of a thread, whose overwrites count for the thread. `is_private` is set
    for a private thread, which only its members read, `is_hidden` if the bot itself may not see the channel.
    `everyone` are the permissions of `READ` that the server grants to all its members. `overwrites` are the
    permission, the role or the member, and whether it is allowed.
    """

    guild: int
    channel: int
    parent: int
    is_private: bool = False
    is_hidden: bool = False
    is_age_restricted: bool = False
    everyone: frozenset[str] = field(default_factory=lambda: frozenset(READ))
    overwrites: frozenset[tuple[str, int, bool]] = frozenset()

    def of(self, permission: str) -> frozenset[tuple[int, bool]]:
        """Return the overwrites for one permission."""
        return frozenset((target, allowed) for name, target, allowed in self.overwrites if name == permission)


def refusal(linked: ChannelAccess, here: ChannelAccess, *, asker_reads: bool) -> Missing | None:
    """Return why a message of the `linked` channel may not be quoted `here`, None if it may.

    `here` is the channel of the answer; `asker_reads` holds if the asker has the permissions of `READ` in the linked
    channel.
    """
    if linked.guild != here.guild:
        return Missing.ELSEWHERE
    if linked.is_hidden:
        return Missing.FORBIDDEN
    if not asker_reads:
        return Missing.NOT_FOR_ALL
    if linked.channel == here.channel:
        return None
    if linked.is_private:
        return Missing.NOT_FOR_ALL
    if linked.is_age_restricted and not here.is_age_restricted:
        return Missing.AGE_RESTRICTED
    # The readers of a thread are readers of its parent.
    if linked.parent == here.parent or all(_readers_have(name, linked, here) for name in READ):
        return None
    return Missing.NOT_FOR_ALL


def is_public(access: ChannelAccess) -> bool:
    """Whether every member of the server may read a channel: nobody is kept out, by role or by age."""
    if access.is_private or access.is_hidden or access.is_age_restricted:
        return False
    return all(_is_for_everyone(name, access) for name in READ)


def _readers_have(permission: str, linked: ChannelAccess, here: ChannelAccess) -> bool:
    return _is_for_everyone(permission, linked) or linked.of(permission) == here.of(permission)


def _is_for_everyone(permission: str, access: ChannelAccess) -> bool:
    overwrites = access.of(permission)
    # @everyone has the id of the server.
    granted = permission in access.everyone or (access.guild, True) in overwrites
    return granted and all(allowed for _, allowed in overwrites)

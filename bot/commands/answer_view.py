"""The answers of /answer."""

from __future__ import annotations

import discord

from bot.commands import permission_rules
from bot.commands.scopes import SCOPE_NAMES, Refusals, scope_name, where_set
from bot.conversation.answer_mode import AnswerMode, ModeInForce
from bot.conversation.intake import Policy
from bot.conversation.scope import Scope

ONLY_IN_SERVERS = "In direct messages I answer each message."
NO_THREADS = (
    "I answer in threads, and this kind of channel cannot have any: mention me in a text channel, or use /chat "
    "there."
)
REFUSALS = Refusals(
    ONLY_IN_SERVERS,
    {
        Scope.THREAD: permission_rules.BY_SCOPE[Scope.THREAD].refusal("choose what I answer in it"),
        Scope.CHANNEL: permission_rules.BY_SCOPE[Scope.CHANNEL].refusal("choose what I answer in a channel"),
        Scope.SERVER: permission_rules.BY_SCOPE[Scope.SERVER].refusal("choose what I answer in a server"),
    },
)

IN_THREADS = {
    "always": "In my threads I answer each message.",
    "mentioned": "In my threads I answer when I am mentioned.",
    "auto": "In my threads I answer each message that is not for somebody else.",
}
"""By the setting `reply.when`."""

EACH_MESSAGE = "I answer each message, those for somebody else included."
OPENS_THREADS = "A thread opens from each message of the channel, and I answer there."
EACH_POST = "I answer each new post."
NO_MESSAGES = "Nobody writes there, so there is nothing to answer."

ALWAYS = {
    discord.ChannelType.text: OPENS_THREADS,
    discord.ChannelType.news: OPENS_THREADS,
    discord.ChannelType.forum: EACH_POST,
    discord.ChannelType.media: EACH_POST,
    discord.ChannelType.news_thread: EACH_MESSAGE,
    discord.ChannelType.public_thread: EACH_MESSAGE,
    discord.ChannelType.private_thread: EACH_MESSAGE,
    discord.ChannelType.voice: NO_THREADS,
    discord.ChannelType.stage_voice: NO_THREADS,
    discord.ChannelType.category: NO_MESSAGES,
    discord.ChannelType.private: ONLY_IN_SERVERS,
    discord.ChannelType.group: ONLY_IN_SERVERS,
}
"""What `always` does, by the type of the channel."""

NO_EFFECT = (NO_THREADS, NO_MESSAGES, ONLY_IN_SERVERS)
"""The texts of channels in which `always` answers nothing."""


def meaning(
    mode: AnswerMode, scope: Scope | None, policy: Policy, kind: discord.ChannelType | None = None
) -> str:
    """Say what a mode does; `scope` is where it is set (None: the default), `kind` the channel's type, if known."""
    in_threads = IN_THREADS[policy.when]
    always = None if kind is None else ALWAYS.get(kind)
    match mode, scope:
        case AnswerMode.NEVER, _:
            return "I answer nothing, mentions included."
        case _, _ if always in NO_EFFECT:
            return always or ""
        case AnswerMode.QUIET, _:
            return "I answer only when somebody mentions me or replies to me, also in my own threads."
        case AnswerMode.ALWAYS, Scope.THREAD:
            return EACH_MESSAGE
        case AnswerMode.ALWAYS, _ if always in (OPENS_THREADS, EACH_POST):
            return f"{always} {in_threads}"
        case AnswerMode.ALWAYS, _:
            return (
                "In a channel, a thread opens from each message, and I answer there; in a forum, I answer each new "
                f"post. {in_threads}"
            )
        case _:
            return f"In a channel, and in other people's threads, I answer when I am mentioned. {in_threads}"


def shown(
    in_force: ModeInForce | None,
    policy: Policy,
    *,
    names_person: bool,
    elsewhere: int | None = None,
    kind: discord.ChannelType | None = None,
) -> str:
    """Say which mode is in force and where it was set; with `names_person` also by whom."""
    mode = AnswerMode.MENTION if in_force is None else in_force.mode
    scope = None if in_force is None else in_force.origin.scope
    where = (
        "the default"
        if in_force is None
        else where_set(in_force.origin, names_person=names_person, elsewhere=elsewhere)
    )
    here = "here" if elsewhere is None else f"in <#{elsewhere}>"
    return f"`{mode}` is in force {here}, {where}. {meaning(mode, scope, policy, kind)}"


def chosen(
    mode: AnswerMode,
    scope: Scope,
    policy: Policy,
    elsewhere: int | None = None,
    kind: discord.ChannelType | None = None,
) -> str:
    """Say what is answered in a scope from the next message on."""
    where = scope_name(scope, elsewhere)
    return f"From the next message on, `{mode}` is in force in {where}. {meaning(mode, scope, policy, kind)}"


def without_effect(where: str) -> str:
    """Say that `always` was not set; `where` is the text that says what the channel's type prevents."""
    return f"{where} So `always` would have no effect there, and nothing was changed."


def cleared(scope: Scope, *, was_set: bool, elsewhere: int | None = None) -> str:
    """Say that a mode was removed."""
    where = scope_name(scope, elsewhere)
    if not was_set:
        return f"There is nothing set with /answer for {where}."
    return f"The mode set for {where} is removed. /answer show tells which one is in force now."


def in_vain(lacking: str) -> str:
    """Say that the bot cannot answer until it has a permission."""
    return (
        f"But I lack the permission “{lacking}” there and cannot answer. Somebody who manages this server can give "
        "it to me."
    )


def overruled(scope: Scope) -> str:
    """Say that a mode of a thread would have no effect, because `never` is set for its channel or server."""
    return (
        f"I answer nothing in {SCOPE_NAMES[scope]}, its threads included, so nothing was changed. Somebody who "
        "manages the server can change that with /answer."
    )

"""What commands answer, for the person who used them alone."""

from __future__ import annotations

import io
from collections.abc import Mapping

import discord

from bot.commands import access
from bot.conversation import wording
from bot.conversation.model import Choice, narrowest
from bot.render.restyle.ticks import Ticks
from bot.store.scoped_overrides import Scope

INLINE_CHARS = 1500
"""A prompt up to this length is shown in the answer; a longer one comes as a file."""

NOT_A_CONVERSATION = "This is not one of my conversations. Use this inside a thread that I answer in."
ONLY_IN_SERVERS = (
    "Channels and servers have prompts of their own, but these are direct messages: use the thread scope."
)
NO_THREAD_HERE = "I cannot start a thread here. Use /chat in a text channel."
THREADS_FULL = (
    "This server has as many active threads as Discord allows, so I cannot open one. Somebody with the permission "
    "“Manage Threads” can close some; then try again."
)
LEFT = "I have left this conversation and answer nothing here any more. Mention me, and I am back."
NOT_FROM_HERE = (
    "There is nothing to leave in direct messages. To make me forget what was said here, use /reset."
)
NOT_YOURS = f"{access.CONTROLLING.refusal('do that')} You can ask something of your own, though."
NOTHING_TO_STOP = "Nothing is being written here right now."
STOPPING = "Stopped. What was written stays."
BUSY = "Something is being written here right now. Stop it first, or wait for its end."
NOT_THE_LAST = "That is not my latest reply here: only the latest one can be written anew or continued."
NOTHING_TO_REDO = "There is no reply of mine here that I could write anew."
DELETED = "The question to that reply was deleted, so there is nothing left to answer."
ANEW = "I am writing it anew."
GOING_ON = "I am going on with it."
NOTHING_TO_CONTINUE = (
    "My latest reply did not reach its length limit, so there is nothing to continue. "
    "Ask me for more, if you like."
)
KEPT = "Nothing was forgotten."
RESET_QUESTION = (
    "Shall I forget everything that was said in this conversation? The messages stay on Discord; "
    "I just no longer know them. This cannot be undone."
)
MAY_NOT_RESET = access.KEEPING.refusal("reset it")
MAY_NOT_LEAVE = access.KEEPING.refusal("make me leave it")
MAY_NOT_SET = {
    Scope.THREAD: access.CHOOSING[Scope.THREAD].refusal("change its prompt"),
    Scope.CHANNEL: access.CHOOSING[Scope.CHANNEL].refusal("change the prompt of a channel"),
    Scope.SERVER: access.CHOOSING[Scope.SERVER].refusal("change the prompt of a server"),
}
UNEXPECTED = "Something went wrong on my side, and nothing was changed. Please try again."
EMPTY_PROMPT = "An empty prompt changes nothing. To remove a prompt, use /system clear."

NAMES = {Scope.THREAD: "this thread", Scope.CHANNEL: "this channel", Scope.SERVER: "this server"}


def forgotten(turns: int, *, ours: bool = True) -> str:
    """Say what a reset did; in a thread that is not `ours`, it is left, too."""
    what = (
        f"Forgotten: {turns} {'turn' if turns == 1 else 'turns'}."
        if turns
        else "There was nothing to forget."
    )
    return f"{what} We start afresh." if ours else f"{what} Mention me when you want me here again."


def prompt_set(scope: Scope) -> str:
    """Say that a prompt was set."""
    return f"The prompt of {NAMES[scope]} is set. It counts from the next reply on."


def prompt_cleared(scope: Scope, *, was_set: bool) -> str:
    """Say that a prompt was removed."""
    if not was_set:
        return f"There is no prompt set for {NAMES[scope]}."
    return f"The prompt of {NAMES[scope]} is removed. The next wider one counts from the next reply on."


def prompt_shown(by_scope: Mapping[Scope, Choice], default: str) -> tuple[str, list[discord.File]]:
    """Show the prompt that counts, of those set in each scope, the narrowest first, and where it comes from."""
    prompt = narrowest([*by_scope.values(), Choice(system=default)]).system or ""
    where = origin(by_scope, "system")
    if len(quoted := unfenced(prompt)) <= INLINE_CHARS:
        return f"The prompt in force here ({where}):\n```text\n{quoted}\n```", []
    attached = discord.File(io.BytesIO(prompt.encode()), "system-prompt.txt")
    return f"The prompt in force here ({where}) is attached.", [attached]


def unfenced(text: str) -> str:
    """Return a text that looks the same and cannot end the code block it is shown in, whatever it holds."""
    return Ticks().parted(text)


def origin(by_scope: Mapping[Scope, Choice], name: str) -> str:
    """Say where a field of the choice comes from: the narrowest scope in which it is set, or the default."""
    scope = next((scope for scope, choice in by_scope.items() if getattr(choice, name) is not None), None)
    return f"set for {NAMES[scope]}" if scope else "the default of this bot"


def not_now(for_s: float) -> str:
    """Say for how long Discord lets nothing be done."""
    return f"Discord lets me do that only {wording.about(for_s)} from now. Please try again then."


def missing(permission: str) -> str:
    """Name the permission that the bot lacks."""
    what = f"the permission “{permission}”" if permission else "a permission"
    return f"I cannot do that here: I lack {what}. Somebody who manages this server can give it to me."

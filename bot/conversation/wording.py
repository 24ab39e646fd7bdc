"""What people in a thread are told where no answer comes or a later one, and how notices are written."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.conversation.limits import when
from bot.conversation.visible import plain

SMALL = "-# "
"""Discord's subtext: small and grey, so that a notice does not look like a reply."""
UNREADABLE = (
    "I cannot read the stored history of this conversation; another version of me seems to have written it. "
    "Nothing is lost: the bot's operator can start that version again. Or delete the history with /reset, and then "
    "we can go on."
)
TYPED_COMMAND = (
    "That looks like a command typed as text. Type / and choose the command from the list, or use /help."
)
NO_THREADS_HERE = (
    "I answer in threads, and this channel cannot have threads. "
    "Mention me in a text channel, or use /chat there."
)
NOT_POSSIBLE_HERE = (
    "Discord does not let me answer here. Try a text channel, or a thread that is open and not locked."
)
THREADS_FULL = (
    "This server has as many active threads as Discord allows, so I cannot open one now. Somebody with the "
    "permission “Manage Threads” can close some. I try again every few minutes: your message is kept, no need to "
    "repeat it."
)
STORE_DOWN_FOR_NOW = (
    "My memory is not reachable right now. I answer as soon as it is back: no need to repeat anything."
)
STORE_DOWN_IN_DMS = (
    "My memory is not reachable right now. I answer as soon as it is back. "
    "If no answer comes, please write your message again."
)
LOUD_ONCE = (
    f"{SMALL}My memory is not reachable right now. I answer as soon as it is back: no need to repeat it.",
)
"""Notices that an earlier version posted in the form of replies; they are no answers."""
WRITE_IT_HERE = "My memory was not reachable just now, so I missed this. Please write it again here."
QUESTION_LOST = (
    "I was interrupted before I could take up this question. "
    "Please ask it again, with /chat or by mentioning me."
)
STORE_DOWN = (
    "My memory is not reachable right now, so this may not be done, or only in part. "
    "Please try it again in a minute."
)
"""Said at any point of a command: a change may be made though its answer is lost, or by another instance."""


def missing_permission(permission: str, *, where: str) -> str:
    """Name a permission that the bot lacks, and who can give it."""
    if permission == "Manage Threads":
        # Nothing else in a thread needs it.
        return f"I cannot answer {where}: the thread is locked. Unlock it, or give me the permission “{permission}”."
    what = f"the permission “{permission}”" if permission else "a permission"
    return f"I cannot answer {where}: I lack {what}. Somebody who manages this server can give it to me."


def may_not(permission: str) -> str:
    """Name the permission that a person lacks for a thread."""
    return (
        f"A thread opens here only for people with the permission “{permission}”, which you do not have in this "
        "channel. Ask somebody who manages this server, or mention me in a thread that you can write in."
    )


def too_many_threads(until_ms: int) -> str:
    """Say that no further thread opens for a person yet, and what still works."""
    return (
        "You have started several threads within a minute, so I answer in no further one of yours yet. Write on in "
        f"one of them, or mention me again here {when(until_ms)}."
    )


def paused(person: int | None, until_ms: int, *, is_direct: bool = False) -> str:
    """Say that nothing is answered to a person for some time, and in a server who can change that."""
    whom = f"<@{person}>" if person else "these messages"
    text = (
        f"That was a lot at once that I could not answer, so I take a break from answering {whom}. Please write "
        f"again {when(until_ms)}."
    )
    return (
        text
        if is_direct
        else f"{text} Somebody who manages this server can end the break with /access clear."
    )


def waits_for_others(where: str) -> str:
    """Say that an answer comes when other replies to the same person are complete."""
    return (
        "I am writing several replies to you already, in other conversations. Your messages are kept, and I answer "
        f"{where} as soon as one of those is complete: no need to repeat anything."
    )


def waits_in_line(before: int, where: str) -> str:
    """Say that an answer comes after those to so many others."""
    replies = "another reply comes" if before <= 1 else f"{before} other replies come"
    return (
        f"Many people are asking me at once, and {replies} first. Your message is kept, and I answer {where} when it "
        "is its turn: no need to repeat anything."
    )


def later(for_s: float, *, where: str) -> str:
    """Say for how long Discord delays an answer, and that nothing is lost."""
    return (
        f"Discord lets me answer {where} only {about(for_s)} from now. Your message is kept, and the answer comes by "
        "itself: no need to repeat anything."
    )


def about(seconds: float) -> str:
    """Write a duration in words, rounded up."""
    for size_s, unit in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= 1.5 * size_s or size_s == 1:
            count = max(1, math.ceil(seconds / size_s))
            return f"about {count} {unit}{'s' if count > 1 else ''}"
    raise AssertionError


def missed(count: int) -> str:
    """Say that messages were left unanswered because they are too old."""
    what = "a message" if count == 1 else f"{count} messages"
    return f"I was away for long and left {what} from back then unanswered. Write again if you still want an answer."


def missed_many(count: int) -> str:
    """Say that more was written than the bot reads."""
    return f"More was written here while I was away than I look through, so I only saw the last {count} messages."


def listed(names: Sequence[str]) -> str:
    """Write names as a list in a sentence."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def small(sentence: str) -> str:
    """Format a sentence as a small notice."""
    return SMALL + sentence


def more_notices(count: int) -> str:
    """Say that further notices are left out, because a message has no room for all of them."""
    what = "thing was" if count == 1 else "things were"
    return f"{count} more {what} not read, or only in part. Send fewer at a time."


def named_file(filename: str, otherwise: str = "a file") -> str:
    """Name a file as inline code, which a backtick would end; `otherwise` if no visible character is left."""
    name = plain(filename.replace("`", ""))
    if len(name) > FILENAME_MAX_CHARS:
        name = name[: FILENAME_MAX_CHARS - 1] + "…"
    return f"`{name}`" if name else otherwise


FILENAME_MAX_CHARS = 40
"""The most characters of a file name in a notice, so that the notices of ten files fit into a message."""

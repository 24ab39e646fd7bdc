"""The sentences that people in a thread read when something fails or waits."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.conversation.errors import (
    BobbinError,
    ClaudeBlocked,
    ClaudeBusy,
    ClaudeEndless,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeRefusedRequest,
    ClaudeSpendLimit,
    ClaudeTooLong,
    ClaudeUnreachable,
    ClaudeWrongAddress,
    ServerToolUsedUp,
)
from bot.conversation.limits import when
from bot.conversation.visible import plain

SMALL = "-# "
"""Discord's subtext: small and grey, so that a notice does not look like a reply."""

EMPTY_REPLY = "Claude had nothing to say to that. Write again, perhaps with a little more to go on."
REFUSED = (
    "Claude declined to answer this. Your message is left out of what Claude remembers, "
    "so you can go on with something else."
)
BLOCKED = (
    "Anthropic's content filter blocked this answer. Your message is left out of what Claude remembers, "
    "so you can go on with something else, or put it differently."
)
CUT_AT_MAX_TOKENS = "This reply reached its length limit. Press Continue, or use /continue, and it goes on."
CONTEXT_FULL = (
    "The conversation is as long as Claude can read, so the reply ends here. "
    "Write “go on”, or start afresh with /reset."
)
PAUSED = "Claude paused here. Press Continue, or use /continue, and it goes on."
TOO_MANY_STEPS = "I stopped here: this took more steps with tools than I may take. Write “go on” to continue."
TOO_MANY_LOOKUPS = (
    "I stopped here: this took more searches, or pages to read, than I may use for one message. Write “go on” to "
    "continue."
)
INTERRUPTED = "The connection to Claude broke off here. What was written is kept: write “go on” to continue."
ENDLESS = (
    "Claude's reply did not end, so I closed the connection here. What was written is kept: write on, "
    "or press Regenerate."
)
MADE_FILES_REFUSED = "Discord did not let me attach the files that Claude's code has made."
FILES_ALONE = "Attached."
NO_FILES = "I cannot attach files here (I lack the permission “Attach Files”), so all of it is in the text."
STOPPED = "Stopped."
STOPPED_EARLY = "Stopped before anything was written. Your message is kept: write on, or press Try again."
HALTED = (
    "Discord did not let me finish this reply, so it ends in the middle. "
    "Press Regenerate to have it written again."
)
HALTED_EARLY = (
    "Discord did not let me answer here at that time. Your message is kept: write on, or press Try again."
)
TO_THE_FIRST_MESSAGE = "To the message that began this thread:"
EARLIER_STANDS = "The earlier answer stands."
DECLINED_TO_GO_ON = "Claude declined to go on with this."
CUT_SHORT = "Cut short by your next message."
THINKING_TOOK_ALL = (
    "Claude used its whole length limit on thinking and wrote nothing. Ask again, perhaps in smaller steps; "
    "an admin can raise `claude.max_tokens`."
)
TRIMMED = "This conversation has grown long: Claude no longer sees its oldest messages."
SUMMARIZED = (
    "This conversation has grown long: Claude keeps only a summary of its oldest messages from now on."
)
SHORTENED = (
    "This was more than Claude can read at once: "
    "it saw only the beginning and the end of the longest message."
)
STILL_TOO_LONG = (
    "That is more than Claude can read at once, even without the oldest messages. Send a shorter message, "
    "or start afresh with /reset."
)
UNREADABLE = (
    "I cannot read the stored history of this conversation; another version of me seems to have written it. "
    "Nothing is lost: the bot's operator can start that version again. Or delete the history with /reset, and then "
    "we can go on."
)
GIVEN_UP = (
    "I tried several times and failed on this message, so I have set it aside. "
    "Write it again, perhaps differently; /reset always gives this conversation a fresh start."
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

THINKING = f"{SMALL}Thinking …"
BUSY = f"{SMALL}Claude is busy, trying again …"
ANOTHER_MODEL = f"{SMALL}Asking another model …"
REGENERATING = f"{SMALL}Writing this anew …"
SUMMARIZING = f"{SMALL}Summing up the oldest messages first …"
PHASES = {"thinking": THINKING, "redacted_thinking": THINKING}
"""The status line while the model writes a block that is no text, by the block's type, or the name of a tool."""
STATUS = (*PHASES.values(), BUSY, ANOTHER_MODEL, REGENERATING, SUMMARIZING)
"""Status lines: they stand below the text of a reply until there is more."""


def tool_status(doing: str) -> str:
    """Return the status line while a tool does something."""
    return f"{SMALL}{doing} …"


def queued(before: int) -> str:
    """Return the status line of a reply that waits until others have been asked for."""
    if not before:
        return f"{SMALL}Many people are asking: your reply is the next …"
    replies = "1 other reply comes" if before == 1 else f"{before} other replies come"
    return f"{SMALL}Many people are asking: {replies} before yours …"


def is_status(text: str) -> bool:
    """Whether a text is a status line."""
    return text in STATUS or (text.startswith(SMALL) and text.endswith(" …") and "\n" not in text)


_CLAUDE: tuple[tuple[type[BobbinError], str], ...] = (
    (ClaudeBlocked, BLOCKED),
    (
        ClaudeSpendLimit,
        "This bot's Claude account may spend no more for now, which only the bot's operator can change. Your message "
        "is kept: try again when that is done, with the button or /retry.",
    ),
    (
        ClaudeKeyRefused,
        "Claude does not accept this bot's key or account, which only the bot's operator can change. Your message is "
        "kept: try again when that is done, with the button or /retry.",
    ),
    (
        ClaudeWrongAddress,
        "This bot is not connected to Claude, which only the bot's operator can change. Your message is kept: "
        "try again when that is done, with the button or /retry.",
    ),
    (
        ClaudeEndless,
        "Claude's reply did not end, so I closed the connection. Your message is kept: try again, "
        "with the button or /retry.",
    ),
    (
        ClaudeTooLong,
        "This conversation is more than Claude can read at once. Send a shorter message, or start afresh "
        "with /reset.",
    ),
    (
        ClaudeRefusedRequest,
        "Claude could not read this message, so it is left out of what Claude remembers: put it differently. "
        "If it happens with every message, the bot's operator finds the reason in the log.",
    ),
    (
        ClaudeBusy,
        "Claude is overloaded right now. Your message is kept: try again later, with the button or /retry, "
        "or write on and I answer both.",
    ),
    (
        ClaudeUnreachable,
        "I could not reach Claude. Your message is kept: try again later, with the button or /retry, "
        "or write on and I answer both.",
    ),
)


def explain(error: BobbinError) -> str:
    """Say to the people in the thread why there is no reply, and what to do."""
    if isinstance(error, ClaudeModelUnknown):
        return _model_gone(error)
    if isinstance(error, ServerToolUsedUp):
        return TOO_MANY_LOOKUPS
    for kind, sentence in _CLAUDE:
        if isinstance(error, kind):
            return sentence
    return "Something went wrong on my side. Your message is kept: please write again in a minute."


def _model_gone(error: ClaudeModelUnknown) -> str:
    which = f"The model {error.model}" if error.model else "The model this bot is set to"
    instead = f"{error.successor} takes its place: choose it" if error.successor else "Choose another one"
    return (
        f"{which} is not available. {instead} here with /model set, or ask the bot's operator to change "
        "claude.model. Your message is kept."
    )


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


def made_files_lost(names: str) -> str:
    """Say that files which Claude has made could not be fetched."""
    return f"I could not fetch {names} that Claude's code has made. Press Regenerate to have it made again."


def made_files_too_large(names: str) -> str:
    """Say that files which Claude has made are too large to be attached."""
    return f"Too large or too many to attach here: {names}. Ask for less at a time."


def missed(count: int) -> str:
    """Say that messages were left unanswered because they are too old."""
    what = "a message" if count == 1 else f"{count} messages"
    return f"I was away for long and left {what} from back then unanswered. Write again if you still want an answer."


def missed_many(count: int) -> str:
    """Say that more was written than the bot reads."""
    return f"More was written here while I was away than I look through, so I only saw the last {count} messages."


def code_attached(name: str, lines: int) -> str:
    """Say that a code block is attached as a whole; its beginning is shown."""
    return f"All {lines} lines are in the attached `{name}`."


def code_goes_on(lines: int) -> str:
    """Say that a code block is still being written; its beginning is shown."""
    return f"… ({lines} lines so far)"


def goes_on(name: str) -> str:
    """Say that the rest of a long reply is attached."""
    return f"The reply goes on in the attached `{name}`."


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

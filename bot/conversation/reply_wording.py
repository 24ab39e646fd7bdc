"""What people in a thread are told of a reply: how it ended, why there is none, what it leaves out and attaches."""

from __future__ import annotations

EMPTY_REPLY = "Claude had nothing to say to that. Write again, perhaps with a little more to go on."
REFUSED = (
    "Claude declined to answer this. Your message is left out of what Claude remembers, "
    "so you can go on with something else."
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
GIVEN_UP = (
    "I tried several times and failed on this message, so I have set it aside. "
    "Write it again, perhaps differently; /reset always gives this conversation a fresh start."
)
MADE_FILES_REFUSED = "Discord did not let me attach the files that Claude's code has made."
FILES_ALONE = "Attached."
NO_FILES = "I cannot attach files here (I lack the permission “Attach Files”), so all of it is in the text."


def made_files_lost(names: str) -> str:
    """Say that files which Claude has made could not be fetched."""
    return f"I could not fetch {names} that Claude's code has made. Press Regenerate to have it made again."


def made_files_too_large(names: str) -> str:
    """Say that files which Claude has made are too large to be attached."""
    return f"Too large or too many to attach here: {names}. Ask for less at a time."


def code_attached(name: str, lines: int) -> str:
    """Say that a code block is attached as a whole; its beginning is shown."""
    return f"All {lines} lines are in the attached `{name}`."


def code_goes_on(lines: int) -> str:
    """Say that a code block is still being written; its beginning is shown."""
    return f"… ({lines} lines so far)"


def goes_on(name: str) -> str:
    """Say that the rest of a long reply is attached."""
    return f"The reply goes on in the attached `{name}`."

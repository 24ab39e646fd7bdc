"""What people are told of a decision: why it was made, and what would change it. One row for each reason."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversation.decision import Cause
from bot.conversation.intake import Reason


@dataclass(frozen=True, slots=True)
class Because:
    """Ends a sentence that begins with “It was not answered”; `{detail}` stands for the decision's detail.

    `switch` says what to do, `in_dms` what to do in direct messages if that is something else. `key` is the
    operator's setting behind the decision, where no scope has set it. `bare` is the text for a decision without a
    detail.
    """

    text: str
    switch: str = ""
    key: str = ""
    bare: str = ""
    in_dms: str | None = None

    def switch_in(self, *, is_direct: bool) -> str:
        """Say what to do, in a server or in direct messages."""
        return self.in_dms if is_direct and self.in_dms is not None else self.switch

    def told(self, detail: str) -> str:
        """Return the text with the detail, as a whole sentence."""
        text = self.text.replace("{detail}", detail) if detail or not self.bare else self.bare
        return text if text.endswith(("”", ".")) else f"{text}."


MENTION = "Mention me in a message, or reply to one of mine, and I answer."

BECAUSE: dict[str, Because] = {
    Reason.NOT_A_PERSON: Because(
        "because I answer people, and it is by an app or a webhook",
        "If the app posts what people write, whoever runs me can add it.",
        "discord.proxies",
    ),
    Reason.NOT_A_MESSAGE: Because("because it is a notice of Discord, which nobody wrote"),
    Reason.PREFIXED: Because(
        "because it begins with the prefix of messages that I leave alone",
        "Write it again without the prefix.",
        "reply.ignore_prefix",
    ),
    Reason.EMPTY: Because("because it holds nothing that I can read", "Write a word or two with it."),
    Reason.NOT_MENTIONED: Because("because it does not mention me", MENTION, "reply.when"),
    Reason.FOR_SOMEBODY_ELSE: Because(
        "because it mentions somebody else, or replies to them, and does not mention me",
        MENTION,
        "reply.when",
    ),
    Reason.TYPED_COMMAND: Because(
        "because it is a command that was typed as text", "Type / and choose the command from Discord's list."
    ),
    Reason.DIRECT_MESSAGES_OFF: Because(
        "because direct messages to me are switched off", "Mention me in a server.", "discord.direct_messages"
    ),
    Reason.ANSWERS_OFF: Because(
        "because answers are switched off there",
        "/answer show tells where; those who may choose that can change it with /answer set.",
    ),
    Reason.BEFORE_SETTING: Because(
        "because it was written before somebody chose that each message is answered", "Write it again."
    ),
    Reason.BLOCKED: Because(
        "because its author may not use me there",
        "/access show names the rule to the author; somebody who manages the server can change it.",
        in_dms="Whoever runs me can change that.",
    ),
    Reason.UNKNOWN_AUTHOR: Because(
        "because an app has posted it for somebody whom I do not know, and not everybody may use me there",
        "Write it again without the app.",
    ),
    Reason.REPEATED: Because(
        "because an app has posted it, and the message that it repeats was not deleted",
        "Delete the message that it repeats, and write it again.",
    ),
    Reason.TOO_MANY_THREADS: Because(
        "because its author had started several threads within a minute; the next one can open {detail}",
        "Write on in one of these threads, or mention me again after that minute.",
        "limits.threads_per_minute",
        bare="because its author had started several threads within a minute",
    ),
    Reason.PAUSED: Because(
        "because I had paused answering its author for a while; the pause ends {detail}",
        "Write it again after that. Somebody who manages this server can end a pause with /access clear.",
        "limits.refusals",
        bare="because I had paused answering its author for a while",
        in_dms="Write it again after that.",
    ),
    Reason.NO_CONSENT: Because(
        "because its author had not agreed to what I keep of them",
        "The author can agree with the button that /about shows.",
        "privacy.require_consent",
    ),
    Reason.FORGOTTEN: Because(
        "because it is from before its author had me forget them", "The author can write it again."
    ),
    Cause.MAY_NOT_OPEN: Because(
        "because a thread opens only for people who may open one, and its author lacks the permission “{detail}”",
        "Somebody who manages this server can give it to them. Or mention me in a thread that they can write in.",
    ),
    Cause.AUTHOR_LEFT: Because("because its author had left the server"),
    Cause.NO_THREADS_HERE: Because(
        "because I answer in threads, and this channel cannot have threads",
        "Mention me in a text channel, or use /chat there.",
    ),
    Cause.PROXIED: Because(
        "because [another message]({detail}) was posted in its place",
        bare="because another message was posted in its place",
    ),
    Cause.TOO_OLD: Because(
        "because I was away, and it was too old when I found it",
        "Write it again if you still want an answer.",
        "recovery.max_age_hours",
    ),
    Cause.DECLINED: Because("because of a limit or a rule. I said: “{detail}”"),
    Cause.LIMIT: Because(
        "because of a limit. {detail}",
        "/budget show tells the limits and what is left of them; somebody with the permission “Manage Server” can "
        "change those of the server.",
        bare="because a limit is used up",
        in_dms="/budget show tells the limits and what is left of them.",
    ),
    Cause.GIVEN_UP: Because(
        "because {detail} attempts failed, and I set it aside",
        "Write it again, perhaps differently; /reset gives a conversation a fresh start. Whoever runs me finds the "
        "failure in the log.",
        "turns.tries",
    ),
    Cause.STOPPED: Because(
        "because somebody stopped me before anything was written", "Write on, or press Try again."
    ),
    Cause.FAILED: Because(
        "because nothing came of my request to Claude. I said: “{detail}”",
        bare="because nothing came of my request to Claude",
    ),
    Cause.REFUSED: Because(
        "because Claude did not take it. I said: “{detail}”", bare="because Claude did not take it"
    ),
    Cause.BOT_LACKS_PERMISSION: Because(
        "because I lack the permission “{detail}”",
        "Somebody who manages this server can give it to me.",
        bare="because I lack a permission",
        in_dms="Discord lets me write to you if you share a server with me, and allow direct messages from it.",
    ),
    Cause.REJECTED: Because(
        "because Discord did not let me answer there",
        "Try a text channel, or a thread that is not locked.",
        in_dms="Write it again if you still want an answer.",
    ),
    Cause.GONE: Because(
        "because my reply, or its thread, was deleted while I answered",
        "Write it again if you still want an answer.",
    ),
    Cause.DELETED: Because("because it was deleted before that"),
    Cause.UNREADABLE: Because(
        "because I cannot read the stored history of this conversation",
        "Whoever runs me can start the version of me that wrote it; /reset deletes the history, and we can go on.",
    ),
    Cause.NOT_NOW: Because("because Discord delays my messages there"),
    Cause.WAITS_FOR_OTHERS: Because(
        "because several replies to its author are being written already",
        "The answer comes by itself once one of them is complete.",
        "limits.turns_per_person",
    ),
    Cause.BEFORE_RESET: Because("because it is from before this conversation was reset", "Write it again."),
}


def because(reason: str) -> Because:
    """Return the row of a reason; another version may have noted a reason that has no row here."""
    return BECAUSE.get(reason, Because(f"because of a rule that is called `{reason}`"))

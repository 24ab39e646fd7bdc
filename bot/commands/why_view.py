"""The answers of /why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from bot.commands.scopes import DIRECT_MESSAGES
from bot.conversation import wording
from bot.conversation.decision import Decision
from bot.conversation.history_files import files_of
from bot.conversation.message import created_ms
from bot.conversation.pricing import dollars
from bot.conversation.reasons import because
from bot.conversation.scope import Origin, Scope
from bot.conversation.settings_table import OperatorValue
from bot.conversation.turn import MadeWith, Turn
from bot.store.message_states import Waiting

UNKNOWN = (
    "I cannot find that message, or you cannot read it. Give me its link (*Copy Message Link*), or use *Apps › "
    "Why?* in the menu of the message."
)
NOTHING_HERE = "I find no message here to explain. Give me the link of one, or use *Apps › Why?* on it."
MAY_NOT_READ = (
    "I may not read the messages here. Give me the link of a message, or use the command where you were "
    "answered."
)
NOTICE = "This is a notice of mine, not a reply. Ask about the message or the reply that it belongs to."
FORGOTTEN = "I no longer know what this reply was made with: the conversation has expired, or was reset."
BY_TODAYS_RULES = "By the rules as they are now; for such messages I do not store what was decided then."
TOO_LONG_AGO = "I keep decisions for 7 days; this answer follows the rules as they are now."
SET_SINCE = "That was set after the message was written; I cannot tell which rule applied before."
NO_TRACE = "I never received it, although I would answer it by the rules as they are now."
NO_TRACE_NEW = (
    "It may have been written, or edited, while I was away: then I find it within minutes. If no answer comes, write "
    "it again."
)
NO_TRACE_OLD = "I keep what I know about messages for 7 days, so I may have forgotten it."
FILES_MAX = 8
"""The most files that the answer names."""

ORDINALS = ("first", "second", "third", "fourth", "fifth")

LINKS_MAX = len(ORDINALS)
"""The most messages of a turn that are linked."""

COST_OPEN = (
    "A request for it ended before Claude reported the usage, as with Stop, an edit, or a message that joined it; or "
    "the model has no price."
)
"""Why a reply whose tokens are known has no known cost: `Turn.cost` is None if a part of it is unknown."""

_IN_SCOPES = {
    Scope.THREAD: "for the thread",
    Scope.CHANNEL: "for the channel",
    Scope.SERVER: "for the server",
}


def _in_scope(scope: Scope, *, is_direct: bool) -> str:
    return f"for {DIRECT_MESSAGES}" if is_direct else _IN_SCOPES[scope]


def link(guild: int | None, channel: int, message: int) -> str:
    return f"https://discord.com/channels/{guild or '@me'}/{channel}/{message}"


def unanswered(
    where: str,
    decision: Decision,
    operator: Mapping[str, OperatorValue],
    *,
    remark: str = "",
    names: bool = False,
    by_operator: bool = True,
    is_direct: bool = False,
) -> str:
    """Say why a message was not answered, by which rule, and what would change that; `where` is its link.

    `names`: name the people who made settings. `by_operator`: a setting of the operator may be the rule.
    """
    reason = because(decision.reason)
    lines = [f"[This message]({where}) was not answered {reason.told(decision.detail)}"]
    if decision.origin is not None:
        lines.append(f"The rule: {described_origin(decision.origin, names=names, is_direct=is_direct)}.")
    elif by_operator and (value := operator.get(reason.key)) is not None:
        lines.append(f"The rule: `{reason.key}`, {_by_operator(value)}.")
    if switch := reason.switch_in(is_direct=is_direct):
        lines.append(switch)
    if remark:
        lines.append(wording.small(remark))
    elif decision.at_ms:
        lines.append(wording.small(f"Decided {_time(decision.at_ms)}."))
    return "\n".join(lines)


def described_origin(found: Origin, *, names: bool, says_value: bool = True, is_direct: bool = False) -> str:
    """Say for which scope a setting was set, to which value, when, and with `names` by whom."""
    setting = found.setting
    words = f"set {_in_scope(found.scope, is_direct=is_direct)}"
    if says_value and setting.value:
        words += f" to {wording.named_file(setting.value, otherwise='a text')}"
    if setting.at_ms is not None:
        words += f" {_time(setting.at_ms)}"
    if names and setting.by is not None:
        words += f" by <@{setting.by}>"
    return words


def waiting(where: str, found: Waiting, decision: Decision | None, behind: str | None = None) -> str:
    """Say what a message waits for; `behind` is the link of the earlier message that is being answered."""
    this = f"[This message]({where})"
    since = f" since {_time(found.began_ms)}" if found.began_ms is not None else ""
    if found.due_ms is not None:
        text = f"{this} waits until {_time(found.due_ms)}. The answer comes by itself: no need to repeat it."
        return (
            text if decision is None else f"{text}\nThat is {because(decision.reason).told(decision.detail)}"
        )
    if found.hold_ms is not None:
        return f"{this} was edited several times, so I wait until {_time(found.hold_ms)} before I answer it again."
    if found.turn is None:
        return f"{this} is in my inbox, and I am about to answer it."
    if not found.is_member:
        to = "" if behind is None else f" to [an earlier message]({behind})"
        return f"{this} waits for the end of the reply{to} that is being written here{since}. It is answered next."
    if found.is_held:
        return f"{this} is being answered{since}."
    return (
        f"{this} is to be answered: the last attempt{since} was interrupted, and I try again within seconds."
    )


def was_reset(when_ms: int, by: int | None) -> str:
    """Say when a conversation was reset, and by whom if that is known."""
    return f"It was reset {_time(when_ms)}{'' if by is None else f' by <@{by}>'}."


def was_left(when_ms: int) -> str:
    """Say that the bot has left the thread, and since when."""
    return f"Somebody made me leave this thread with /leave {_time(when_ms)}; a mention brings me back."


def past(where: str) -> str:
    """Say that a message was answered, but that its history entry is gone."""
    return f"[This message]({where}) was answered. I no longer know how: that part of the history is gone."


def removed(where: str) -> str:
    """Say that a message was removed from the history, which no longer says whether it was answered."""
    return (
        f"I have removed what I kept of [this message]({where}), and the reply if it answered this message alone: "
        "the message was deleted, or its author had me forget them."
    )


def answered(
    where: str, reply: str | None, halted: Decision | None = None, *, is_direct: bool = False
) -> str:
    """Say that a message was answered; `reply` is the link, `halted` says why Discord shows the reply in part."""
    here = f" [This is the reply.]({reply})" if reply else ""
    text = f"[This message]({where}) was answered.{here}"
    if halted is None:
        return text
    reason = because(halted.reason)
    switch = reason.switch_in(is_direct=is_direct)
    return f"{text}\nNot all of the reply is shown, {reason.told(halted.detail)} {switch}".rstrip()


def made_of(entry: Turn, questions: Sequence[str], *, forgotten: int = 0, is_direct: bool = False) -> str:
    """Say what a reply was made with; `questions` are links to its messages, `forgotten` counts the others."""
    lines = [
        _questions(questions, forgotten),
        _model(entry, is_direct=is_direct),
        *_before(entry.made_with),
        *_files(entry, "this message" if len(questions) + forgotten == 1 else "these messages"),
        *_tools(entry),
    ]
    lines += [_usage(entry), _cost(entry)]
    return "\n".join(lines)


def _questions(links: Sequence[str], more: int) -> str:
    if len(links) == 1 and not more:
        return f"It answers [this message]({links[0]})."
    shown = [f"[the {ORDINALS[number]}]({each})" for number, each in enumerate(links)]
    if more:
        shown.append(f"{more} more")
    return f"It answers {len(links) + more} messages: {wording.listed(shown)}."


def _model(entry: Turn, *, is_direct: bool) -> str:
    made = entry.made_with
    words = [f"`{entry.model}`"]
    if made is None and not entry.usage.input_total:
        # The reply was recovered from Discord, which knows no model: the entry holds the model of the settings.
        return "Which model, effort and prompt it was made with is not known."
    if made is None:
        return f"Model: {words[0]}. Which effort and prompt it was made with is not known."
    if made.effort is not None:
        words.append(f"effort {made.effort}")
    if made.thinking is not None:
        words.append("thinking off" if made.thinking in ("disabled", "between_tools") else "thinking on")
    prompt = "the default prompt"
    if made.prompt is not None:
        prompt = f"the prompt {_in_scope(made.prompt, is_direct=is_direct)}"
    return f"Model: {', '.join(words)}, with {prompt}."


def _before(made: MadeWith | None) -> list[str]:
    if made is None:
        return []
    turns = f"{made.turns:,} earlier {'turn' if made.turns == 1 else 'turns'}" if made.turns else "nothing"
    files = f" with {made.files:,} {'file' if made.files == 1 else 'files'}" if made.files else ""
    summary = ", and a summary of those before" if made.summary else ""
    return [f"Before it Claude saw {turns}{files}{summary}."]


def _files(entry: Turn, whose: str) -> list[str]:
    found = files_of(entry)
    if not found:
        return []
    names = [wording.named_file(file.name, otherwise=f"a {file.kind}") for file in found[:FILES_MAX]]
    if more := len(found) - FILES_MAX:
        names += [f"{more} more"] if more > 0 else []
    return [f"Files of {whose}: {wording.listed(names)}."]


def _usage(entry: Turn) -> str:
    usage = entry.usage
    total = usage.input_total
    if not total:
        return (
            "How many tokens it took is not known: Claude's answer broke off, or I recovered the reply from "
            "Discord."
        )
    share = usage.cache_read / total
    if not usage.output:  # of several requests the history keeps only the input usage of the first
        whose = "Tokens of the first of its requests" if entry.consulted else "Tokens"
        return (
            f"{whose}: {total:,} read, {usage.cache_read:,} of them ({share:.0%}) from the cache; how many were "
            "written is not known."
        )
    thinking = f" ({usage.thinking:,} of them for thinking)" if usage.thinking else ""
    return (
        f"Tokens: {total:,} read, {usage.cache_read:,} of them ({share:.0%}) from the cache; "
        f"{usage.output:,} written{thinking}."
    )


def _tools(entry: Turn) -> Sequence[str]:
    """Name the tools that were called, and how often; their arguments are not kept."""
    counts = Counter(each.tool for each in entry.consulted)
    named = [f"`{name}`" + (f" ({count} times)" if count > 1 else "") for name, count in counts.items()]
    return [f"Tools that Claude called: {wording.listed(named)}."] if named else []


def _cost(entry: Turn) -> str:
    if entry.cost is None:
        known = "What it cost is not known."
        return f"{known} {COST_OPEN}" if entry.usage.input_total else known
    besides = ", including further requests such as a summary" if entry.side_usage else ""
    return f"Cost: {dollars(entry.cost)}{besides}."


def _by_operator(value: OperatorValue) -> str:
    shown = wording.named_file(value.value, otherwise="nothing")
    return f"which is {shown} {'by the settings of whoever runs me' if value.is_set else 'by default'}"


def _time(when_ms: int) -> str:
    """Return a Discord timestamp, which clients show as a relative time."""
    return f"<t:{when_ms // 1000}:R>"


def age_of(message: int, now_ms: int) -> float:
    """Return the age of a message in seconds."""
    return (now_ms - created_ms(message)) / 1000

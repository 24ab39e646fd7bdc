"""The answers of /context."""

from __future__ import annotations

import discord

from bot.commands import code_block, permission_rules
from bot.commands.buttons import OPTIONS_MAX
from bot.conversation.context_view import ContextView
from bot.conversation.history_files import HistoryFile
from bot.conversation.pricing import dollars
from bot.conversation.visible import is_blank, plain
from bot.conversation.wording import named_file

RULE = permission_rules.CONVERSATION
FILE_RULE = permission_rules.FILE

CORRECT_LABEL = "Correct the summary"
CORRECTED = "The summary is corrected. It applies from the next reply on."
SUMMARY_GONE = "That summary has been replaced meanwhile. Use /context again to correct the new one."
WRITTEN = "What you wrote"
PINS_LABEL = "Use the pins now"
PINNED = (
    "From the next message on, Claude sees the pins as they are now. That message pays the full price once."
)
NOTHING_SAID = "There is nothing to pin yet: nothing has been said here."
MAY_NOT_PIN = RULE.refusal("apply its pins before the next trim")
SUMMARY_FILE = "summary.txt"
FILE_PLACEHOLDER = "Take a file out of the conversation"
FILE_GONE = "That file is not in this conversation any more."
FILE_BUSY = "The reply to that file is being written right now. Stop it or wait for its end, then try again."
MAY_NOT_TAKE_OUT = FILE_RULE.refusal("take it out of the conversation")
FILES_MAX = 8
"""The most files that are listed by name."""

MAY_NOT_CORRECT = RULE.refusal("correct its summary")


def shown(
    view: ContextView,
    *,
    link: str | None,
    cost_micro_usd: int,
    unpriced: int,
    caches: bool = True,
    pinned_now: bool = False,
) -> tuple[str, list[discord.File]]:
    """Show what Claude sees; `link` leads to the first message of the window.

    The summary is never shortened: it is attached if the message has no room for it.
    """
    lines = [
        f"**What Claude sees here** ({view.model})",
        f"```text\n{view.picture}\n```{_sizes(view)}",
        _edge(view, link),
        *_files(view),
        *_pins(view, now=pinned_now),
        _cache(view, caches=caches),
        _cost(cost_micro_usd, unpriced),
    ]
    text = "\n".join(lines)
    if not view.summary:
        return text, []
    return code_block.shown(f"{text}\nThe summary of what came before", view.summary, SUMMARY_FILE)


def options(view: ContextView) -> list[discord.SelectOption]:
    """Return the select menu's option for each file."""
    return [
        discord.SelectOption(
            label=(plain(file.name) or file.kind)[:100],
            value=f"{file.holder}:{file.key}",
            description=f"{file.kind}, {_share(file, view)}",
        )
        for file in view.files[:OPTIONS_MAX]
    ]


def taken_out(file: HistoryFile, *, seen: bool, busy: bool) -> str:
    """Say that a file is removed. `seen`: it was in the window or pinned; `busy`: a reply is being written."""
    text = f"{_name(file)} is taken out of the conversation."
    if not seen:
        return f"{text} Claude no longer saw it anyway, because the oldest messages are left out."
    when = "after the reply that is being written" if busy else "from the next reply on"
    return f"{text} Claude no longer sees it {when}. The next message pays the full price once."


def given_back(why: str, text: str) -> tuple[str, list[discord.File]]:
    """Say why a correction failed, and return its text to the person, who would have to write it again."""
    if is_blank(text):
        return why, []
    return code_block.shown(f"{why} {WRITTEN}", text, SUMMARY_FILE)


def _sizes(view: ContextView) -> str:
    words = f"{view.tokens:,} of {view.budget:,} tokens ({view.share:.0%})"
    words += f", of which {view.estimated:,} are estimated." if view.estimated else "."
    return f"{words} The next message leaves out the oldest turns." if view.share > 1 else words


def _edge(view: ContextView, link: str | None) -> str:
    if not view.turns and not view.trimmed:
        return "Nothing has been said yet."
    turns = view.turns - view.pinned
    if not view.trimmed:
        return f"It is the whole conversation: {_count(turns, 'turn')}."
    recent = "latest turn" if turns == 1 else f"latest {_count(turns, 'turn')}"
    begins = f", beginning [here]({link})" if link else ""
    gone = view.trimmed - view.pinned
    parts = [f"It is the {recent}{begins}." if turns else "None of the latest turns is seen."]
    if view.pinned:
        that = " that" if turns else ""
        parts.append(f"{_count(view.pinned, 'pinned turn')} from before{that} {_are(view.pinned)} also seen.")
    if gone > 0:
        how = "seen only through the summary" if view.summary else "no longer seen"
        parts.append(f"Of what came before, {_count(gone, 'turn')} {_are(gone)} {how}.")
    return " ".join(parts)


def _files(view: ContextView) -> list[str]:
    if not view.files:
        return []
    named = [f"- {_name(file)}: {file.kind}, {_share(file, view)}" for file in view.files[:FILES_MAX]]
    if rest := view.files[FILES_MAX:]:
        tokens = sum(file.tokens for file in rest)
        named.append(f"- {_count(len(rest), 'smaller file')}: {tokens:,} tokens")
    return ["Files, and about how many tokens they add to each message:", *named]


def _share(file: HistoryFile, view: ContextView) -> str:
    share = file.tokens / view.budget
    return f"{file.tokens:,} tokens" + (f" ({share:.0%})" if share >= 0.005 else "")


def _name(file: HistoryFile) -> str:
    return named_file(file.name, otherwise=f"`{file.kind}`")


def _pins(view: ContextView, *, now: bool) -> list[str]:
    """Say which pinned and unpinned messages have no effect yet."""
    changes = []
    if view.returning:
        changes.append(f"{_count(view.returning, 'pinned turn')} {_comes(view.returning)} back")
    if view.leaving:
        changes.append(f"{_count(view.leaving, 'turn')} that {_are(view.leaving)} no longer pinned will go")
    lines = []
    if changes:
        when = "with the next message" if now else "at the next trim"
        lines.append(f"Pins: {when} {' and '.join(changes)}.")
    if view.crowded:
        lines.append(f"{_count(view.crowded, 'pinned turn')} more would not fit into the space for pins.")
    return lines


def _cache(view: ContextView, *, caches: bool) -> str:
    if not caches:
        return "Cache: off."
    warm = min(view.cached.warm, view.tokens)
    if not warm:
        return "Cache: cold. The next message pays the full price for all of it."
    return f"Cache: warm. The next message reads {warm:,} tokens at a fraction of the price."


def _cost(micro_usd: int, unpriced: int) -> str:
    if unpriced:
        requests = _count(unpriced, "request")
        return f"Cost so far: at least {dollars(micro_usd)}, because {requests} could not be fully priced."
    return f"Cost so far: {dollars(micro_usd)}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _comes(number: int) -> str:
    return "comes" if number == 1 else "come"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"

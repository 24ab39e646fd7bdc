"""Entries of the audit log as lines of Markdown, for `/audit show` and for the channel that entries are posted to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.conversation.amount import Unit
from bot.conversation.answer_mode import ANSWER
from bot.conversation.audit import AUDIT_CHANNEL, Act, AuditEntry
from bot.conversation.budget import ALL, EACH, NOTIFY, PREFIX
from bot.conversation.period import Period
from bot.conversation.privacy import RETENTION_DAYS
from bot.conversation.scope import MODEL_NAMES, SYSTEM, WITHHELD, Scope
from bot.conversation.tool_pins import FAMILY as PINS
from bot.conversation.tool_settings import FAMILY as TOOLS
from bot.conversation.tool_settings import FOR_ROLE
from bot.conversation.visible import plain

VALUE_CHARS = 60
"""The most characters of a value in a line."""

_ACTS = {
    Act.RESET: "reset {where} ({before} turns forgotten)",
    Act.LEAVE: "made me leave {where}",
    Act.HANDED_OVER: "handed {where} over to {after} (it was {before})",
    Act.PAUSE_LIFTED: "ended the pause of {before}",
    Act.FILE_TAKEN_OUT: "took a file out of {where}",
    Act.PINS_APPLIED: "applied the pins of {where}",
    Act.SUMMARY_CORRECTED: "corrected the summary of {where}: {before} → {after} characters",
    Act.REPLY_STOPPED: "stopped a reply to somebody else in {where}",
    Act.REPLY_REGENERATED: "had a reply to somebody else written anew in {where}",
    Act.REPLY_CONTINUED: "had a reply to somebody else continued in {where}",
    Act.REMINDER_CANCELLED: "cancelled a reminder of {before} in {where}",
    Act.TOOL_ALLOWED: "allowed a call of {after} for somebody else in {where}",
    Act.TOOL_REFUSED: "refused a call of {after} for somebody else in {where}",
    Act.PRESET_SAVED: "saved a preset: {before} → {after} characters",
    Act.FACT_FORGOTTEN: "forgot a fact that {before} had remembered",
    Act.PRESET_DELETED: "deleted a preset of {before} characters",
}
_CHANNELS = {
    AUDIT_CHANNEL: "channel of this log",
    NOTIFY: "channel that is told when a limit is nearly used up",
}
"""The settings of a server whose values are channels."""

_SETTINGS = {
    SYSTEM: "prompt",
    ANSWER: "answer mode",
    **_CHANNELS,
    RETENTION_DAYS: "days for which conversations are kept",
    **{name: name for name in MODEL_NAMES},
}
_COUNTED = (Act.RESET, Act.SUMMARY_CORRECTED, Act.PRESET_SAVED, Act.PRESET_DELETED)
_PEOPLE = (Act.HANDED_OVER, Act.PAUSE_LIFTED, Act.FACT_FORGOTTEN, Act.REMINDER_CANCELLED)
EVERYONE = "@everyone"
"""The role with the id of the server; Discord shows its mention with a second @."""

_MENTIONS = {"role": "<@&{}>", "person": "<@{}>", "channel": "<#{}>"}

KNOWN = (*_SETTINGS, "access", "budget", "tool", *Act)
"""What the log can be filtered by, as it is offered while somebody types."""


def line(entry: AuditEntry, home: int = 0) -> str:
    """Return an entry as one line: when, who, what, where, before and after; `home` is the server of the log."""
    who = f"<@{entry.person}>" if entry.person else "Somebody"
    return f"<t:{entry.at_ms // 1000}:f> {who} {_done(entry, home)}"


def fitting(entries: Sequence[AuditEntry], fits: Callable[[str], bool], home: int = 0) -> tuple[str, int]:
    """Return the lines of the first entries that fit into one text, and how many these are; at least one."""
    lines: list[str] = []
    for entry in entries:
        if lines and not fits("\n".join([*lines, line(entry, home)])):
            break
        lines.append(line(entry, home))
    return "\n".join(lines), len(lines)


def code(value: str) -> str:
    """Return a value as inline code on one line, which the value cannot leave."""
    shown = plain(value.replace("`", "'"))
    return (
        f"`{shown if len(shown) <= VALUE_CHARS else shown[: VALUE_CHARS - 1] + '…'}`" if shown else "nothing"
    )


def _done(entry: AuditEntry, home: int) -> str:
    where = "this server" if entry.scope is Scope.SERVER else f"<#{entry.target}>"
    before, after = (_value(entry, value) for value in (entry.before, entry.after))
    if (template := _ACTS.get(entry.what)) is not None:  # type: ignore[call-overload]
        return str(template).format(where=where, before=before, after=after)
    what = _named(entry.what, home)
    what = what if entry.what in _CHANNELS else f"{what} of {where}"
    if not entry.before and not entry.after:
        return f"changed {what}"
    if not entry.before:
        return f"set {what}: {after}"
    return f"removed {what} (it was {before})" if not entry.after else f"changed {what}: {before} → {after}"


def _named(what: str, home: int) -> str:
    if what in _SETTINGS:
        return f"the {_SETTINGS[what]}"
    if (limit := _limit(what)) is not None:
        return limit
    if what.startswith(TOOLS):
        tool, _, role = what.removeprefix(TOOLS).partition(FOR_ROLE)
        whom = EVERYONE if role == str(home) else f"<@&{role}>" if role.isdecimal() else ""
        return f"the tool {code(tool)}{f' for {whom}' if whom else ''}"
    if what.startswith(PINS):
        return f"the definition of the tool {code(what.removeprefix(PINS))}"
    name, kind, subject, *rest = [*what.split(":"), "", ""]
    if kind in _MENTIONS and subject.isdecimal():
        more = ":".join(rest).strip(":")
        whom = _MENTIONS[kind].format(subject)
        if (kind, subject) == ("role", str(home)):
            whom = EVERYONE
        return f"{code(name)} for {whom}{f' ({code(more)})' if more else ''}"
    return code(what)


def _limit(what: str) -> str | None:
    """Name a limit of `/budget set`; None if the setting is none."""
    who, *kind = what.removeprefix(PREFIX).rsplit(":", 2)
    if (
        not what.startswith(PREFIX)
        or len(kind) != 2
        or kind[0] not in set(Unit)
        or kind[1] not in set(Period)
    ):
        return None
    subject, _, target = who.partition(":")
    whom = {ALL: "", EACH: " for each person"}.get(who)
    if whom is None and subject in ("role", "person") and target.isdecimal():
        whom = f" for {_MENTIONS[subject].format(target)}"
    return None if whom is None else f"the limit in {kind[0]} per {kind[1]}{whom}"


def _value(entry: AuditEntry, value: str) -> str:
    if not value:
        return "nothing"
    is_number = value.isascii() and value.isdecimal()
    if entry.what in WITHHELD and is_number:
        return f"{value} characters"
    if entry.what in _PEOPLE and is_number:
        return f"<@{value}>"
    if entry.what in _CHANNELS and is_number:
        return f"<#{value}>"
    return value if entry.what in _COUNTED and is_number else code(value)

"""What stands on the card of a call that waits, and what the card becomes; pure."""

from __future__ import annotations

import json

from bot.conversation import wording
from bot.conversation.approval import Approval
from bot.conversation.visible import plain, readable, revealed

MOST_ARGUMENT_CHARS = 900
MOST_VALUE_CHARS = 100
"""Of each argument, where all together are too long: the names of the later ones are to be seen, too."""

FILE_NAME = "arguments.json"
SHORTENED = "This is shortened."
IN_THE_FILE = (
    f"{SHORTENED} The file `{FILE_NAME}` has the exact arguments: read it before you allow the call."
)
MORE = "… and {count} more, in the file alone"
MOST_OUTCOME_CHARS = 500
MOST_REASON_CHARS = 200

ASKS = "**Claude would like to use the tool** {tool}:"
REPEATED = (
    "I was interrupted while this ran, so nobody knows whether it took effect. Look first, and allow it again only "
    "if it did not."
)
WAITS = "<@{asker}>, or somebody with the permission “Manage Messages”, can decide until <t:{ends}:f>."
WAITS_DIRECT = "<@{asker}>, you can decide until <t:{ends}:f>."
RUNS = "Allowed by <@{by}>. It is running."
DONE = "Allowed by <@{by}>, and done."
FAILED = "Allowed by <@{by}>, and failed: {outcome}"
REFUSED = "Refused by <@{by}>."
REFUSED_FOR = "Refused by <@{by}>: {reason}"
EXPIRED = "Nobody decided in time, so it was not done. Ask again if it is still wanted."

WITHDRAWN: dict[str, str] = {
    "off": "This tool is not allowed any more here, or for the person who asked, so it was not done.",
    "never": "The operator of this bot does not allow this tool any more, so it was not done.",
    "reset": "This conversation was reset, so it was not done. Ask again if it is still wanted.",
    "forgotten": "The person who asked was forgotten, so it was not done.",
    "unread": (
        "I cannot attach the arguments as a file here (I lack the permission “Attach Files”), and nobody could read "
        "them otherwise, so it was not done. Ask again once I have the permission."
    ),
}
"""What stands on the card of a call that was withdrawn, and answers a late press, by the reason."""

FORGOTTEN_IN_DOUBT = "The person who asked was forgotten. I cannot tell whether it was done before."
"""The same of a call that ran by then, or was interrupted before."""

NOT_WAITING = {
    "running": "It was allowed already, and is running.",
    "done": "It was allowed and done already.",
    "failed": "It was allowed already, and failed. Ask again if it is still wanted.",
    "refused": "It was refused already.",
    "expired": "That is too late: nobody decided in time. Ask again if it is still wanted.",
}
"""The answers to a late press, by the state that it met; `WITHDRAWN` has those of calls that were withdrawn."""


def late_answer(approval: Approval) -> str:
    """Return the answer to a press on a call that does not wait; "" if the call waits."""
    if approval.state == "withdrawn":
        if approval.reason == "forgotten" and approval.is_repeated:
            return FORGOTTEN_IN_DOUBT
        return WITHDRAWN.get(approval.reason, WITHDRAWN["off"])
    return NOT_WAITING.get(approval.state, "")


def card(approval: Approval) -> str:
    """Write the card as it is now."""
    lines = [ASKS.format(tool=_span(approval.tool))]
    if approval.tells_words:
        lines.append(_shown_arguments(approval))
    if approval.is_repeated and not approval.has_ended:
        lines.append(wording.small(REPEATED))
    lines.append(wording.small(_state(approval)))
    if approval.state == "done" and approval.outcome.strip():
        lines.append(_code(_cut(readable(approval.outcome).strip(), MOST_OUTCOME_CHARS)))
    return "\n".join(lines)


def _state(approval: Approval) -> str:
    match approval.state:
        case "waiting":
            waits = WAITS_DIRECT if approval.server is None else WAITS
            return waits.format(asker=approval.asker, ends=approval.ends_ms // 1000)
        case "running":
            return RUNS.format(by=approval.by)
        case "done":
            return DONE.format(by=approval.by)
        case "failed":
            outcome = _span(approval.outcome)
            return FAILED.format(by=approval.by, outcome=outcome)
        case "refused":
            reason = _span(approval.reason)
            return (REFUSED_FOR if reason else REFUSED).format(by=approval.by, reason=reason)
        case "expired":
            return EXPIRED
        case "withdrawn":
            return late_answer(approval)


def long_arguments(approval: Approval) -> str:
    """Return the exact arguments where the card has no room for them, "" where the card shows them."""
    if not approval.tells_words:
        return ""
    text = _written(_arguments(approval))
    return text if len(text) > MOST_ARGUMENT_CHARS else ""


def _arguments(approval: Approval) -> dict[str, object]:
    # What Claude wrote does not stand in for what the tool has settled.
    return {**json.loads(approval.arguments), **dict(approval.settled)}


def _written(arguments: dict[str, object]) -> str:
    """Write arguments for people who decide on them: what is invisible is shown, because it is sent all the same."""
    return revealed(json.dumps(arguments, ensure_ascii=False, indent=1))


def _shown_arguments(approval: Approval) -> str:
    if not long_arguments(approval):
        return _code(_written(_arguments(approval)), "json")
    lines: list[str] = []
    arguments = _arguments(approval)
    for name, value in arguments.items():
        line = f" {_cut(_written_value(name), MOST_VALUE_CHARS)}: {_cut(_written_value(value), MOST_VALUE_CHARS)}"
        if len("\n".join([*lines, line])) > MOST_ARGUMENT_CHARS:
            lines.append(MORE.format(count=len(arguments) - len(lines)))
            break
        lines.append(line)
    hint = IN_THE_FILE if approval.state == "waiting" else SHORTENED
    return f"{_code(chr(10).join(lines))}\n{wording.small(hint)}"


def _written_value(value: object) -> str:
    return revealed(json.dumps(value, ensure_ascii=False))


def _code(text: str, language: str = "") -> str:
    """Write a code block that its text cannot end."""
    return f"```{language}\n{text.replace('`', chr(0x2CB))}\n```"


def _span(text: str) -> str:
    """Write a text as code on one line, "" for a blank one."""
    text = _cut(plain(text).replace("`", chr(0x2CB)).strip(), MOST_REASON_CHARS)
    return f"`{text}`" if text else ""


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"

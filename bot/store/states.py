"""The states of a turn, and the steps between them.

`STEPS` is the only place that says in which states a step is allowed and which state the step leaves behind: the
scripts get a step's states from here, and docs/architecture.md shows the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How far a message, or the turn that it begins, has come; the values are those in Redis."""

    RECEIVED = "received"
    CLAIMED = "claimed"
    POSTING = "posting"
    POSTED = "posted"
    COMMITTED = "committed"
    DONE = "done"
    CANCELLED = "cancelled"


ABSENT = "absent"
"""Stands for a message without a record."""

ANY = "any"
"""Stands for every state, also for one that a newer version has written."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a turn, `name`d as the call that takes it.

    The step is allowed in the states `before`, which become `after`, and in the states `unchanged`, which stay: there
    the step is a repetition, or writes fields only. With `lease` the caller's token must be that of the lease. In
    every other case the step does nothing, and a step with a lease raises Fenced. Steps that differ in states and
    `fields` only share the script `step`; a field that ends with `:` stands for one field per part of the reply.

    A turn bears the id of its first message, whose record is the turn's; the records of the turn's other messages
    stay `received` until the turn ends.
    """

    name: str
    before: tuple[str, ...] = ()
    after: str = ""
    unchanged: tuple[str, ...] = ()
    lease: bool = False
    fields: tuple[str, ...] = ()
    script: str = "step"

    def may_write(self, field: str) -> bool:
        """Whether the step may write, or delete, a field of the turn's record."""
        return any(field == each or (each.endswith(":") and field.startswith(each)) for each in self.fields)


RECEIVED, CLAIMED, POSTING, POSTED, COMMITTED, DONE, CANCELLED = State
UNCOMMITTED = (CLAIMED, POSTING, POSTED)
RUNNING = (*UNCOMMITTED, COMMITTED)
ENDED = (DONE, CANCELLED)
SHOWN = (COMMITTED, DONE)
"""A reply that is being shown, or put right, may post further parts."""

_ALL = (
    Step("receive", (ABSENT,), RECEIVED, unchanged=(ANY,), script="receive"),
    Step("claim", (RECEIVED,), CLAIMED, unchanged=RUNNING, script="claim"),
    Step("join", unchanged=(CLAIMED,), lease=True, script="join"),
    Step("reopen", (POSTING,), CLAIMED, unchanged=(CLAIMED,), lease=True, script="reopen"),
    Step("note_tool", (CLAIMED,), POSTING, unchanged=(POSTING, POSTED), lease=True, script="note_tool"),
    Step("intend", UNCOMMITTED, POSTING, unchanged=SHOWN, lease=True, fields=("intent:",)),
    Step("posted", (POSTING, POSTED), POSTED, unchanged=SHOWN, lease=True, fields=("reply:", "timeline")),
    Step("adopt", UNCOMMITTED, POSTED, unchanged=(COMMITTED,), lease=True, fields=("members", "reply:")),
    Step("set_notice", unchanged=(ANY,), lease=True, fields=("notice",)),
    Step("set_delay_notice", unchanged=(RECEIVED, *RUNNING), lease=True, fields=("sign",)),
    Step("set_unreadable_notice", unchanged=(ANY,), fields=("told",)),
    Step("commit", UNCOMMITTED, COMMITTED, unchanged=(COMMITTED,), lease=True, script="commit"),
    Step("acknowledge", (COMMITTED,), DONE, unchanged=ENDED, lease=True, script="acknowledge"),
    Step("cancel", (RECEIVED, *RUNNING), CANCELLED, unchanged=ENDED, lease=True, script="acknowledge"),
    Step("schedule_reconcile", unchanged=(ABSENT, ANY)),
    Step("reconciled", unchanged=(ABSENT, ANY), lease=True, fields=("halted",)),
    Step("regenerate", (DONE,), POSTED, script="regenerate"),
    Step("stop", unchanged=UNCOMMITTED, script="stop"),
    Step("hold_back", unchanged=(CLAIMED, POSTING), lease=True, fields=("members", "waits", "joins")),
    Step("hold", unchanged=(ANY,), script="hold"),
    Step("revise", (RECEIVED, CLAIMED), CANCELLED, unchanged=(ANY,), script="revise"),
    Step("tombstone", (ABSENT,), CANCELLED, unchanged=(CANCELLED,)),
    Step("reset", (RECEIVED, *RUNNING), CANCELLED, script="reset"),
    Step("erase_conversation", (RECEIVED, *RUNNING, DONE), CANCELLED, script="erase_conversation"),
)
STEPS = {step.name: step for step in _ALL}


def table() -> str:
    """Write the steps as the Markdown table of docs/architecture.md."""
    rows = [
        "| Step | Script | Lease | From | To | Leaves unchanged | Fields |",
        "|---|---|---|---|---|---|---|",
    ]
    for step in _ALL:
        cells = (
            f"`{step.name}`",
            f"`{step.script}`",
            "yes" if step.lease else "",
            ", ".join(step.before),
            step.after,
            ", ".join(step.unchanged),
            ", ".join(f"`{field}`" for field in step.fields),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"

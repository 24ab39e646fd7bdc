"""Calls of the lease holder: the steps of a turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

from bot.store.keys import Key
from bot.store.scripts import Call
from bot.store.states import STEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """Changes of a record's fields.

    `assign` writes a field, `init` only if the field is absent, `on_change` only if the step changes the state.
    `delete_from` deletes the numbered fields of a name from a number on. Nothing is changed, and the step is fenced,
    if a field is not as `expected`.
    """

    assign: Mapping[str, str | int] = field(default_factory=dict)
    init: Mapping[str, str | int] = field(default_factory=dict)
    on_change: Mapping[str, str | int] = field(default_factory=dict)
    delete: Sequence[str] = ()
    delete_from: tuple[str, int] | None = None
    expected: Mapping[str, str] = field(default_factory=dict)

    def each(self) -> Iterator[tuple[str, str, str | int]]:
        """Return the kind, the field and the value of each change."""
        yield from (("set", name, value) for name, value in self.assign.items())
        yield from (("init", name, value) for name, value in self.init.items())
        yield from (("change", name, value) for name, value in self.on_change.items())
        yield from (("delete", name, "") for name in self.delete)
        if self.delete_from is not None:
            yield ("delete_from", *self.delete_from)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStep(Call):
    """A step that differs from others in states and fields only; bot/store/states.py names them all.

    `reconcile` is "done <due>" for a turn that was compared with Discord, or the ms after which the turn is to be;
    with `releases` the lease ends. `expire_s` is the record's lifetime from a change of the state on, None for no
    change.
    """

    script: ClassVar[str] = "step"
    lease: Key
    record: Key
    unreconciled: Key
    step: str
    token: int | None
    turn: str
    reconcile: str | int | None
    unreconciled_s: int
    releases: bool
    expire_s: int | None
    writes: tuple[str | int, ...]

    @property
    def name(self) -> str:
        """The name of the step."""
        return self.step

    @classmethod
    def of(
        cls,
        step: str,
        *,
        lease: Key,
        record: Key,
        unreconciled: Key,
        turn: str,
        token: int | None = None,
        writes: Writes | None = None,
        reconcile: str | int | None = None,
        unreconciled_s: int = 0,
        releases: bool = False,
        expire_s: int | None = None,
    ) -> Self:
        """Prepare a step; ValueError if the table of steps does not list a field that the step writes."""
        changes = [] if writes is None else list(writes.each())
        expected = () if writes is None else writes.expected.items()
        if unlisted := [name for _, name, _ in changes if not STEPS[step].may_write(name)]:
            raise ValueError(f"the step {step} may not write {', '.join(unlisted)}")
        return cls(
            lease=lease,
            record=record,
            unreconciled=unreconciled,
            step=step,
            token=token,
            turn=turn,
            reconcile=reconcile,
            unreconciled_s=unreconciled_s,
            releases=releases,
            expire_s=expire_s,
            writes=tuple(
                item for change in (*(("expect", *each) for each in expected), *changes) for item in change
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Call):
    """Let messages that arrived since the claim join the turn."""

    script: ClassVar[str] = "join"
    lease: Key
    record: Key
    pending: Key
    token: int
    turn: str
    records: str
    max_messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen(Call):
    """Let a turn begin again of which nothing is visible."""

    script: ClassVar[str] = "reopen"
    lease: Key
    record: Key
    pending: Key
    token: int
    records: str
    done_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit(Call):
    """Append the turn's entry to the history and fix what the thread is to show.

    `members` are the padded ids of the messages that the reply answers; `shown` is the result. `cost` is in
    micro-dollars, of `unpriced` requests not all of the cost is known. With `carries_summary` the entry carries the
    summary in front of the window on, as corrected by `corrected`. `used` is what the attempt adds to the usage.
    `parts` are the messages that show the reply so far.
    """

    script: ClassVar[str] = "commit"
    lease: Key
    record: Key
    history: Key
    meta: Key
    result: Key
    usage: Key
    token: int
    members: str
    entry: str
    shown: str
    window_start: int
    cost: int
    unpriced: int
    carries_summary: bool
    corrected: str
    ttl_s: int
    usage_s: int
    timeline: str
    parts: str
    used: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTool(Call):
    """Note a step of the running turn's tools in a `field`, which stays as it is unless the step `replaces`.

    With a `run`, which begins the fields of steps that follow each other, the later ones of the run go.
    """

    script: ClassVar[str] = "note_tool"
    lease: Key
    record: Key
    steps: Key
    token: int
    field: str
    value: str
    replaces: bool
    run: str
    steps_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTurn(Call):
    """Take the turn's messages out of the inbox; the step is `acknowledge` or `cancel`, `parts` show the reply."""

    script: ClassVar[str] = "acknowledge"
    lease: Key
    record: Key
    pending: Key
    unreconciled: Key
    result: Key
    meta: Key
    steps: Key
    step: str
    token: int
    turn: str
    records: str
    ttl_s: int
    done_s: int
    result_s: int
    reconcile_ms: int | None = None
    buttons: int | None = None
    halted: bool = False
    clears_last: bool = False
    timeline: str = ""
    parts: str = ""

    @property
    def name(self) -> str:
        """The name of the step."""
        return self.step


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCost(Call):
    """Add what an attempt has cost that commits nothing."""

    script: ClassVar[str] = "record_cost"
    record: Key
    meta: Key
    usage: Key
    token: int
    turn: str
    cost: int
    unpriced: int
    usage_s: int
    timeline: str
    used: tuple[str, ...]

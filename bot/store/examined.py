"""What the keys of one conversation, or of one server, hold of a person: the values that an examination returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.conversation.found import NOTHING, Found, total
from bot.conversation.usage import Counts
from bot.store.scripts import Call


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message of the person, for `/my data`; `id` is None where nobody can tell, `written_ms` then of its turn.

    The `reply` is that to the person alone.
    """

    conversation: int
    id: int | None
    written_ms: int
    text: str
    files: tuple[str, ...]
    reply: str = ""


@dataclass(frozen=True, slots=True)
class KeptQuote:
    """What somebody else quotes of the person, in a turn or a message of a conversation."""

    conversation: int
    id: int
    text: str


@dataclass(frozen=True, slots=True)
class KeptFile:
    """The text of a file of the person, as it was read; `message` and `attachment` are ids."""

    conversation: int
    message: int
    attachment: int
    text: str


@dataclass(frozen=True, slots=True)
class KeptSetting:
    """A setting or an earlier prompt that the person made, or a rule that names the person.

    `home` is the server, `target` where it applies.
    """

    home: int
    target: int
    name: str
    value: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class KeptAct:
    """An administrative act of the person, or one that names the person, from the audit log of the server `home`."""

    home: int
    target: int
    what: str
    before: str
    after: str
    at_ms: int
    is_own: bool = True


@dataclass(frozen=True, slots=True)
class KeptFact:
    """A fact that the person had remembered, in the place `within` the server `home` (0: its public channels)."""

    home: int
    within: int
    id: str
    text: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class KeptUsage:
    """What the person used of a model on one day in one conversation; `day` is `YYYYMMDD`."""

    conversation: int
    day: str
    model: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class KeptReminder:
    """A reminder of the person, set in a conversation at `at_ms`, due (next) at `due_ms`."""

    conversation: int
    text: str
    due_ms: int
    every: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Examined:
    """What the keys of one conversation or one server hold of a person, and what removes that.

    `messages` are ids of the person's messages, those with a record of their own among them. `told` are
    messages whose quotes are counted in `found`: a quote stands in the history, the record and the contents. `index`
    is that of the first entry of the history that holds something. `calls` change what others wrote, `contents` are
    fields of the contents of files, `results` ids of turns, `recent` ids of messages just accepted, `keys` names of
    keys that are the person's alone, `prompts` places at which a prompt of the person is in force, `versions` ids of
    earlier ones by place. `kept_recent` are messages just accepted, which may stand among the others.
    """

    tag: int
    found: Found = NOTHING
    messages: frozenset[int] = frozenset()
    told: frozenset[int] = frozenset()
    records: frozenset[int] = frozenset()
    index: int | None = None
    calls: tuple[Call, ...] = ()
    contents: frozenset[str] = frozenset()
    results: frozenset[int] = frozenset()
    recent: frozenset[int] = frozenset()
    keys: frozenset[str] = frozenset()
    prompts: frozenset[int] = frozenset()
    versions: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    kept_messages: tuple[KeptMessage, ...] = ()
    kept_recent: tuple[KeptMessage, ...] = ()
    kept_quotes: tuple[KeptQuote, ...] = ()
    kept_files: tuple[KeptFile, ...] = ()
    kept_settings: tuple[KeptSetting, ...] = ()
    kept_acts: tuple[KeptAct, ...] = ()
    kept_usage: tuple[KeptUsage, ...] = ()
    kept_rules: tuple[KeptSetting, ...] = ()
    kept_starts: tuple[int, ...] = ()
    kept_facts: tuple[KeptFact, ...] = ()
    kept_reminders: tuple[KeptReminder, ...] = ()


def merged(tag: int, parts: Sequence[Examined]) -> Examined:
    indexes = [part.index for part in parts if part.index is not None]
    return Examined(
        tag=tag,
        found=total(part.found for part in parts),
        messages=frozenset().union(*(part.messages for part in parts)),
        records=frozenset().union(*(part.records for part in parts)),
        index=min(indexes, default=None),
        calls=tuple(call for part in parts for call in part.calls),
        contents=frozenset().union(*(part.contents for part in parts)),
        results=frozenset().union(*(part.results for part in parts)),
        recent=frozenset().union(*(part.recent for part in parts)),
        keys=frozenset().union(*(part.keys for part in parts)),
        prompts=frozenset().union(*(part.prompts for part in parts)),
        versions={target: ids for part in parts for target, ids in part.versions.items()},
        kept_messages=tuple(each for part in parts for each in part.kept_messages),
        kept_recent=tuple(each for part in parts for each in part.kept_recent),
        kept_quotes=tuple(each for part in parts for each in part.kept_quotes),
        kept_files=tuple(each for part in parts for each in part.kept_files),
        kept_settings=tuple(each for part in parts for each in part.kept_settings),
        kept_acts=tuple(each for part in parts for each in part.kept_acts),
        kept_usage=tuple(each for part in parts for each in part.kept_usage),
        kept_rules=tuple(each for part in parts for each in part.kept_rules),
        kept_starts=tuple(each for part in parts for each in part.kept_starts),
        kept_facts=tuple(each for part in parts for each in part.kept_facts),
        kept_reminders=tuple(each for part in parts for each in part.kept_reminders),
    )

"""A claim of a turn, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.conversation.correction import Correction
from bot.conversation.message import Message, created_ms
from bot.conversation.past import Past
from bot.conversation.placeholders import Names
from bot.conversation.request_cost import Payer
from bot.conversation.timeline import Timeline
from bot.conversation.turn import Turn, without_refused
from bot.store.codec import Result
from bot.store.states import State


@dataclass(frozen=True, slots=True)
class Meta:
    """The stored fields of a conversation: `parent` is the channel of a thread, `starter` the person who began it,
    or to whom it was handed over (`handed` is that interaction). `is_private` is set for a private thread.

    `branch_of` is the conversation that this one was branched off from.
    `joined` is the first message that the bot answered in another thread, or since the bot `left` the conversation
    (the id of that interaction). `floor` is the interaction of the last reset. `buttons` is the message that carries
    the buttons of the last reply. `pins` are the pinned messages, `pinned_indexes` the history indexes of their
    turns, and `pinned_now` the interaction that asked to apply pins before the next trim. `corrected` is a turn's
    summary as a person has corrected it. `cost` is the sum of the known costs of requests in micro-dollars;
    `unpriced` counts the requests without a complete cost. `names` fill the placeholders of prompts.
    `correction` is `corrected` as it is stored, for scripts that compare.
    """

    guild: int | None = None
    parent: int | None = None
    is_private: bool = False
    starter: int | None = None
    handed: int | None = None
    branch_of: int | None = None
    joined: int | None = None
    left: int | None = None
    floor: int | None = None
    window_start: int = 0
    pins: frozenset[int] = frozenset()
    pinned_indexes: tuple[int, ...] = ()
    pinned_now: int | None = None
    corrected: Correction | None = None
    cost: int = 0
    unpriced: int = 0
    buttons: int | None = None
    names: Names = field(default_factory=Names)
    correction: str = ""

    def past(
        self, history: tuple[Turn, ...], recalled: tuple[Turn, ...], earlier: Turn | None = None
    ) -> Past:
        """Return the conversation's past with these entries of its history; see Past."""
        return Past(
            history=without_refused(history),
            window_start=self.window_start,
            pins=self.pins,
            corrected=self.corrected,
            earlier=earlier,
            recalled=recalled,
            pinned_now=self.pinned_now,
        )


BY_ANOTHER = "-by-another"
"""How the name of a request ends that somebody else has made than those who asked."""


@dataclass(frozen=True, slots=True)
class Presser:
    """A person who has a turn answered again, or its reply continued, and their roles then."""

    person: int
    roles: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a conversation; every script compares `token` with the stored one."""

    conversation: int
    token: int


@dataclass(frozen=True, slots=True)
class Batch:
    """The messages that one turn answers.

    `members` are the ids of all of them, `messages` those that are not deleted. `listed` holds if a message came from
    a listing, so that Discord may show an answer already. `waiting` counts the messages left for the next turn.
    """

    members: tuple[int, ...]
    messages: tuple[Message, ...]
    listed: bool = False
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """How far the turn has come.

    `number` counts attempts from 1; `regeneration` counts regenerations, 0 is the first answer. `replies` maps parts
    to the ids of posted messages; for the parts `unconfirmed` only the intent to post is known. `result` is the
    committed result. `stopped`: a person asked to end the turn with the text written so far. `halted`: Discord
    refused to show the whole reply. `delay_notice` is the channel id and the message id of the notice that the answer
    comes later. `costs` are the costs that earlier attempts have recorded, in micro-dollars; None for an attempt of
    whose requests not all of the cost is known. `lost` counts the earlier attempts that have recorded none.
    `told`: the thread has the notice that the conversation cannot be read. `by_another`: somebody else than those who
    asked has requested this answer. `presser` is the person who has, None for the first answer and after an edit.
    `timeline` is that of the earlier attempts.
    """

    state: State
    number: int
    regeneration: int = 0
    replies: Mapping[int, int] = field(default_factory=dict)
    unconfirmed: tuple[int, ...] = ()
    result: Result | None = None
    stopped: bool = False
    halted: bool = False
    delay_notice: tuple[int, int] | None = None
    costs: tuple[int | None, ...] = ()
    lost: int = 0
    told: bool = False
    by_another: bool = False
    presser: Presser | None = None
    timeline: Timeline = ()


@dataclass(frozen=True, slots=True)
class EarlierAnswer:
    """The answer that the turn already has, if it is regenerated or continued.

    `entry` is its history entry; `notice` is the regeneration that posted the notice under the reply, and its id.
    With `continuing` the reply is continued in place of being replaced.
    """

    entry: Turn | None = None
    notice: tuple[int, int] | None = None
    continuing: bool = False

    @property
    def continued(self) -> Turn | None:
        """The entry whose reply is continued; None if the turn is answered from the start."""
        return self.entry if self.continuing and self.entry is not None and self.entry.reply else None


@dataclass(frozen=True, slots=True)
class Claim:
    """The lease of a conversation, and the turn to answer, or to reconcile with Discord.

    `turn_id` is the id of the first message. `history` starts at the window; `recalled` are entries from before
    the window that pins may bring back. `due` is when a reconciliation was due (ms), as the store writes it, "" for a
    turn to answer.
    """

    lease: Lease
    turn_id: int
    meta: Meta
    batch: Batch
    attempt: Attempt
    history: tuple[Turn, ...] = ()
    recalled: tuple[Turn, ...] = ()
    earlier: EarlierAnswer = EarlierAnswer()
    due: str = ""

    @property
    def has_earlier_attempt(self) -> bool:
        """Whether an earlier attempt may have posted messages, which may be deleted by now, or called tools.

        Not every attempt is counted, but an attempt that has done so, or was about to, has changed the state.
        """
        return self.attempt.number > 1 or self.attempt.state is not State.CLAIMED

    @property
    def reconciling(self) -> bool:
        """Whether the turn is done, and only compared with Discord."""
        return bool(self.due)

    @property
    def conversation(self) -> int:
        """The channel id of the conversation."""
        return self.lease.conversation

    @property
    def token(self) -> int:
        """The token of the lease."""
        return self.lease.token

    @property
    def unreadable(self) -> UnreadableConversation:
        """The same turn, once something is found that this version cannot read."""
        return UnreadableConversation(self.lease, self.turn_id, notified=self.attempt.told)

    @property
    def past(self) -> Past:
        """The conversation before the turn."""
        return self.meta.past(self.history, self.recalled, earlier=self.earlier.entry)

    @property
    def asked_ms(self) -> int:
        """When the turn was asked for, in milliseconds since 1970; 0, for now, if an old answer is written again."""
        return 0 if self.attempt.regeneration else created_ms(self.turn_id)

    @property
    def payer(self) -> Payer:
        """On whose account the turn is: who has requested this answer, else the asker."""
        presser = self.attempt.presser
        return (
            self.asker if presser is None else replace(self.asker, person=presser.person, roles=presser.roles)
        )

    @property
    def asker(self) -> Payer:
        """For whom the turn acts: the author of the last message, or the person behind a proxied one."""
        last = self.batch.messages[-1]
        return Payer(
            person=last.asker or last.author.id,
            server=self.meta.guild,
            channel=self.meta.parent or self.conversation,
            conversation=self.conversation,
            roles=frozenset(last.roles),
        )

    @property
    def reply_to(self) -> int | None:
        """The message that the reply references: the last member, so that Discord alone shows the batch.

        None for a thread's starter message, which is outside the thread and cannot be referenced.
        """
        last = self.batch.members[-1] if self.batch.members else self.turn_id
        return None if last == self.conversation else last


@dataclass(frozen=True, slots=True)
class Held:
    """Another worker holds the lease, for `for_s` seconds unless the worker renews it."""

    for_s: float


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing to do for `in_s` seconds.

    Then a turn is due: to be reconciled, regenerated after an edit, or shown once Discord allows it.
    """

    in_s: float


@dataclass(frozen=True, slots=True)
class UnreadableConversation:
    """The lease of a conversation with stored values that this version cannot read, as after a downgrade.

    `notified`: the thread has the notice about it.
    """

    lease: Lease
    turn_id: int
    notified: bool

    @property
    def conversation(self) -> int:
        """The channel id of the conversation."""
        return self.lease.conversation

    @property
    def token(self) -> int:
        """The token of the lease."""
        return self.lease.token


@dataclass(frozen=True, slots=True)
class Idle:
    """No message waits, and no turn is due."""

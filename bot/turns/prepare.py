"""The preparation of a turn: from a claim to the content of its request, or to the reason why there is none.

Access, budgets, files, transcripts and quoted context attach here, one step each.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.conversation import unseen
from bot.conversation.container_files import ContainerFile
from bot.conversation.content import Source, sources, without_files
from bot.conversation.memory import Told
from bot.conversation.message import Message
from bot.conversation.prompt import CONTINUE
from bot.conversation.request import PromptMessage
from bot.conversation.scope import Origin
from bot.conversation.turn import reply_parts
from bot.store.claim import Claim


@dataclass(frozen=True, slots=True)
class Prepared:
    """The content that a turn adds to the conversation; see `compose`.

    `messages` become the text blocks of the user message. `so_far` is set where the turn takes another request: the
    messages that were sent, the part of the reply that came, and a user message that asks for more. `notices` are put
    under the reply. `gone` are the files of the conversation that are not available any more, `inline` the bytes of
    its inline files, as base64 by digest. `given` are files for Claude's code. `told` are the facts that the
    conversation tells, which a trim may drop; `taken_back` are the ids of those that hold no more.
    `summary_dropped`: the summary may have had their words, and is not sent.
    """

    messages: tuple[Message, ...]
    so_far: tuple[PromptMessage, ...] = ()
    notices: tuple[str, ...] = ()
    gone: frozenset[Source] = frozenset()
    inline: Mapping[str, str] = field(default_factory=dict, repr=False)
    told: tuple[Told, ...] = ()
    taken_back: frozenset[str] = frozenset()
    summary_dropped: bool = False
    given: tuple[ContainerFile, ...] = ()

    @property
    def sources(self) -> frozenset[Source]:
        """The files that the content names."""
        attached = (each.blocks for message in self.messages for each in message.all_attachments)
        sent = (message.blocks for message in self.so_far)
        return frozenset(source for blocks in (*attached, *sent) for source in sources(blocks))

    @property
    def reply(self) -> str:
        """The text of the reply so far."""
        return "".join(reply_parts(self.so_far))

    def without_files(self, gone: Collection[Source]) -> Prepared:
        """Return the content with a text in place of each file that is gone."""
        if not gone:
            return self
        messages = tuple(
            message.with_attachments(lambda each: replace(each, blocks=without_files(each.blocks, gone)))
            for message in self.messages
        )
        so_far = tuple(replace(sent, blocks=without_files(sent.blocks, gone)) for sent in self.so_far)
        return replace(self, messages=messages, so_far=so_far)


@dataclass(frozen=True, slots=True)
class Declined:
    """The turn ends without a request; `notice` tells the person why, and what to do.

    `origin` is where the setting that decides was set, if one does.
    """

    notice: str
    origin: Origin | None = None


Step = Callable[[Claim, Prepared], Awaitable[Prepared | Declined]]
"""Adds to the content, or declines the turn. A turn that grows by a message is prepared again from the start."""


async def prepare(claim: Claim, steps: Sequence[Step] = ()) -> Prepared | Declined:
    """Prepare a turn by these steps, in order; the first step that declines ends the preparation.

    What the steps have quoted before is quoted anew: the messages of an attempt after a crash are prepared for the
    recovery of its reply, and again for its request.
    """
    continued = claim.earlier.continued
    so_far = () if continued is None else (*continued.sent, CONTINUE)
    prepared = Prepared(tuple(map(_as_received, claim.batch.messages)), so_far)
    for step in steps:
        outcome = await step(claim, prepared)
        if isinstance(outcome, Declined):
            return outcome
        prepared = outcome
    if prepared.so_far:
        return prepared
    return replace(prepared, notices=(*prepared.notices, *unseen.notices(prepared.messages)))


def _as_received(message: Message) -> Message:
    """Return a message with the quotes that it came with: the forwarded messages."""
    return replace(message, quotes=tuple(quote for quote in message.quotes if quote.kind == "forward"))

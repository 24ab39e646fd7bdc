"""The step of the preparation that finds which files of the conversation are available, and reads their bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import structlog

from bot.conversation.content import InlineSource, LegacyInline, Source, sources
from bot.conversation.fitting import TOO_MUCH
from bot.conversation.message import Attachment
from bot.conversation.past import Past
from bot.conversation.wording import named_file
from bot.store.claim import Claim
from bot.store.held_files import HeldFiles
from bot.turns.prepare import Prepared

log = structlog.get_logger()

INLINE_BYTES = 28_000_000
"""The largest size of the inline files of one request, as base64. A request may have 32 MB (Anthropic, "Errors")."""

OLDEST_LEFT_OUT = (
    "Claude no longer sees the oldest files: they are too large for one request with the new ones."
)


@dataclass(frozen=True, slots=True)
class FileAvailability:
    """Puts a text in place of each file that is gone; this is the last step that reads or adds files."""

    held: HeldFiles
    inline_bytes: int = INLINE_BYTES

    async def __call__(self, claim: Claim, prepared: Prepared) -> Prepared:
        """Return the content without the files that are gone, and with the bytes of inline files.

        If the inline files are too large for one request, the oldest files are left out like files that are gone.
        """
        named = claim.past.sources | prepared.sources
        if not named:
            return prepared
        held = await self.held.held(claim.conversation, named)
        if held.expired:
            log.warning(
                "files_gone",
                conversation=claim.conversation,
                files=held.expired,
                hint="uploads expire after 90 days at Anthropic; a text stands in their place from now on",
            )
        own, earlier = _left_out(claim.past, prepared, held.inline, self.inline_bytes)
        if own or earlier:
            log.info("inline_files_left_out", conversation=claim.conversation, files=len(own) + len(earlier))
        gone = held.gone | earlier
        left = _without(prepared, own).without_files(gone)
        # Once: later turns leave the same files out.
        notices = (OLDEST_LEFT_OUT,) if earlier and any(_sizes(_named(left), held.inline)) else ()
        return replace(left, gone=gone, inline=held.inline, notices=(*left.notices, *notices))


def _left_out(
    past: Past, prepared: Prepared, inline: Mapping[str, str], limit: int
) -> tuple[frozenset[Source], frozenset[Source]]:
    """Return the inline files for which a request has no room: the files of the messages, and of the history."""
    room = limit
    own: set[Source] = set()
    earlier: set[Source] = set()
    named = dict.fromkeys(_named(prepared))
    for source, size in _sizes(named, inline):
        if size > room and not prepared.so_far:
            own.add(source)
        else:
            room -= size
    turns = (*past.recalled, *past.history)
    oldest_first = dict.fromkeys(source for turn in turns for source in turn.sources if source not in named)
    for source, size in _sizes(reversed(oldest_first), inline):
        # All files older than a left-out file are left out: a file that came back would change the cached prefix.
        if earlier or size > room:
            earlier.add(source)
        room -= size
    return frozenset(own), frozenset(earlier)


def _named(prepared: Prepared) -> Iterator[Source]:
    for message in prepared.messages:
        for attachment in message.all_attachments:
            yield from sources(attachment.blocks)
    for sent in prepared.so_far:
        yield from sources(sent.blocks)


def _sizes(named: Iterable[Source], inline: Mapping[str, str]) -> Iterator[tuple[Source, int]]:
    for source in named:
        match source:
            case InlineSource() if source.digest in inline:
                yield source, len(inline[source.digest])
            case LegacyInline():
                yield source, len(source.data)


def _without(prepared: Prepared, left_out: frozenset[Source]) -> Prepared:
    """Return the content without these files of the messages, with remarks and notices about them."""
    if not left_out:
        return prepared
    notices: dict[str, None] = {}

    def without(attachment: Attachment) -> Attachment:
        if left_out.isdisjoint(sources(attachment.blocks)):
            return attachment
        named = named_file(attachment.filename)
        notices[f"I left out {named}: the files are too large together. Send it in another message."] = None
        return replace(attachment, blocks=(), remark=TOO_MUCH)

    messages = tuple(message.with_attachments(without) for message in prepared.messages)
    return replace(prepared, messages=messages, notices=(*prepared.notices, *notices))

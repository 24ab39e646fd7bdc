"""The step of the preparation that puts data files of the messages into the container of Claude's code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from bot.conversation.container_files import ContainerFile, media_type_of
from bot.conversation.content import FileSource, Source
from bot.conversation.errors import ClaudeError
from bot.conversation.message import Attachment
from bot.conversation.server_tools import CODE_EXECUTION
from bot.files.result import Problem
from bot.store.claim import Claim, Lease
from bot.turns.claim_terms import TermsOf
from bot.turns.prepare import Prepared
from bot.turns.wanted_files import wanted_files

log = structlog.get_logger()

MOST_FILES = 5

Download = Callable[[int, int, Attachment], Awaitable[bytes | Problem]]
"""Takes the channel and the id of the message, and the attachment."""

PassOn = Callable[[Lease, bytes, str], Awaitable[Source | Problem]]
"""Takes the lease of the turn, the bytes and the media type."""


@dataclass(frozen=True, slots=True)
class GivenFiles:
    """Uploads the data files of a turn where its code may use them.

    What cannot be uploaded is left out without a word, because Claude reads its content as text all the same. Nothing
    in the history names the uploads, so that a sweep deletes them after the turn. `about` returns the name and the
    size of an upload.
    """

    download: Download
    pass_on: PassOn
    about: Callable[[str], Awaitable[tuple[str, int]]]
    terms_of: TermsOf

    async def __call__(self, claim: Claim, prepared: Prepared) -> Prepared:
        """Add the files."""
        wanted = [each for each in wanted_files(claim, prepared) if media_type_of(each.attachment.filename)]
        if prepared.so_far or not wanted or not await self._runs_code(claim):
            return prepared
        given: list[ContainerFile] = []
        for each in wanted[:MOST_FILES]:
            data = await self.download(each.channel, each.message, each.attachment)
            media_type = media_type_of(each.attachment.filename)
            if isinstance(data, Problem) or media_type is None:
                continue
            source = await self.pass_on(claim.lease, data, media_type)
            if isinstance(source, FileSource):
                try:
                    named_there, _size = await self.about(source.file_id)
                except ClaudeError as error:
                    log.info("file_not_given_to_code", kind=type(error).__name__, detail=str(error))
                    continue
                given.append(ContainerFile(each.attachment.filename, named_there, source.file_id))
        if given:
            log.info("files_given_to_code", conversation=claim.conversation, files=len(given))
        return replace(prepared, given=tuple(given))

    async def _runs_code(self, claim: Claim) -> bool:
        tools = (await self.terms_of(claim)).parameters.tools
        return any(tool.name == CODE_EXECUTION for tool in tools)

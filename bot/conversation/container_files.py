"""Files of people that are put into the container of Claude's code, for the answer to their message: pure.

They stand in a message of their own behind those that the history holds, so that later requests begin with the same
bytes: a container serves one turn, and each later one would be paid for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from bot.conversation.content import Opaque, Text
from bot.conversation.elements import attribute
from bot.conversation.request import PromptMessage, Request
from bot.conversation.server_tools import CODE_EXECUTION

MEDIA_TYPES = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xls": "application/vnd.ms-excel",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
}
"""The files that code can do more with than Claude by reading, by the end of their names."""

_KIND = '"container_upload"'


@dataclass(frozen=True, slots=True)
class ContainerFile:
    """A file by its name for people, its name in the container, and its id at Anthropic."""

    name: str
    named_there: str
    file_id: str


def media_type_of(filename: str) -> str | None:
    """Return the media type of a file that is put into containers, None for other files."""
    return MEDIA_TYPES.get(PurePosixPath(filename.lower()).suffix)


def with_container_files(request: Request, files: Sequence[ContainerFile]) -> Request:
    """Return the request with files for its code; without the tool that runs code, they are left out."""
    if not files or not any(tool.name == CODE_EXECUTION for tool in request.parameters.tools):
        return request
    lines = [f'- "{attribute(file.name)}" is there as {file.named_there}' for file in files]
    told = Text("\n".join(["These attached files lie in the container for your code, too:", *lines]))
    uploads = (Opaque(json.dumps({"type": "container_upload", "file_id": file.file_id})) for file in files)
    return replace(request, messages=(*request.messages, PromptMessage("user", (told, *uploads))))


def without_container_files(request: Request) -> Request:
    """Return the request without files for code."""
    kept = tuple(message for message in request.messages if not _gives_files(message))
    return request if len(kept) == len(request.messages) else replace(request, messages=kept)


def _gives_files(message: PromptMessage) -> bool:
    return message.role == "user" and any(
        isinstance(block, Opaque) and _KIND in block.json for block in message.blocks
    )

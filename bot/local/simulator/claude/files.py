"""The Files API: uploads with an expiry, and the files that messages name.

Wire format and limits: Anthropic, "Files API".
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aiohttp import BodyPartReader, web

from .access import key_of
from .failures import Failure, refused
from .file import IMAGES, File
from .file_folder import FileFolder
from .gate import Gate
from .images import base64_size_px
from .prompt import Body, content_blocks
from .steps import MadeFile

FILE_BYTES_MAX = 500_000_000
EXPIRY_S = (3600, 90 * 24 * 3600)
NAME = re.compile(r'[^<>:"|?*\\/\x00-\x1f]{1,255}')
DOCUMENTS = ("application/pdf", "text/plain")
PAGE_FILES, PAGE_FILES_MAX = 20, 1000

MANY_IMAGES, MANY_IMAGES_EDGE_PX = 20, 2000
"""In a request with more images than this, no image may have a longer edge (Anthropic, "Vision")."""

IMAGE_BASE64_MAX = 10 * 1024 * 1024
ENCRYPTED = re.compile(rb"/Encrypt\s")


class Files:
    """The files of all workspaces; a key sees those of its own. `folder` keeps them beyond the process.

    The next upload waits at each of the `gates` once its file is stored, before it is answered.
    """

    def __init__(self, clock: Callable[[], float], run: str, folder: FileFolder | None = None) -> None:
        self._clock = clock
        self._run = run
        self._made = 0
        self._folder = folder or FileFolder(None)
        self.files: dict[str, File] = self._folder.load(clock())
        self.gates: list[Gate] = []

    def add_to(self, router: web.UrlDispatcher, route: Callable[..., Any]) -> None:
        """Add the routes."""
        router.add_post("/v1/files", route(self._upload))
        router.add_get("/v1/files", route(self._list))
        router.add_get("/v1/files/{id}", route(self._retrieve))
        router.add_get("/v1/files/{id}/content", route(self._download))
        router.add_delete("/v1/files/{id}", route(self._delete))

    def find(self, file_id: str, workspace: str | None = None) -> File:
        """Return a file that is alive, or raise the Failure for one that is not, or is in another workspace."""
        file = self.files.get(file_id)
        if file is None or workspace not in (None, file.workspace):
            raise Failure(404, f"File not found: {file_id}")
        if not self._lives(file):
            raise Failure(404, f"File has expired: {file_id}", error_code="file_expired")
        return file

    def _lives(self, file: File) -> bool:
        return file.expires_at is None or file.expires_at > self._clock()

    def check(self, body: Body, workspace: str) -> None:
        """Raise a Failure if a message names a file that is dead or of the wrong type, or holds a broken one."""
        for message in body["messages"]:
            for block in content_blocks(message["content"]):
                if block.get("type") == "container_upload":
                    self.find(block["file_id"], workspace)
        media = list(_media(body))
        for place, block in media:
            source = block["source"]
            if source.get("type") == "file":
                file = self.find(source.get("file_id", ""), workspace)
                allowed = tuple(IMAGES) if block["type"] == "image" else DOCUMENTS
                if file.mime_type not in allowed:
                    raise refused(
                        f"{place}.source: a file of type {file.mime_type} cannot be used in {block['type']}"
                    )
            elif source.get("type") == "base64":
                check_inline(place, block["type"], source)
        pictures = [(place, block["source"]) for place, block in media if block["type"] == "image"]
        if len(pictures) > MANY_IMAGES:
            for place, source in pictures:
                if max(self._size_px(source) or (0,)) > MANY_IMAGES_EDGE_PX:
                    raise refused(
                        f"{place}.source: At least one of the image dimensions exceed max allowed size for "
                        f"many-image requests: {MANY_IMAGES_EDGE_PX} pixels"
                    )

    def _size_px(self, source: dict[str, Any]) -> tuple[int, ...] | None:
        if source.get("type") == "base64":
            return base64_size_px(source["data"])
        return self.find(source["file_id"]).seen.get("size_px") if source.get("type") == "file" else None

    def seen(self, body: Body) -> Body:
        """Return the body with what the model sees of each uploaded file: the size of a picture, a PDF's pages."""

        def look(block: dict[str, Any]) -> dict[str, Any]:
            if isinstance(block.get("content"), list):
                return {**block, "content": [look(part) for part in block["content"]]}
            source = block.get("source") or {}
            if block.get("type") not in ("image", "document") or source.get("type") != "file":
                return block
            return {**block, "source": {**source, **self.find(source["file_id"]).seen}}

        messages = [
            {**message, "content": [look(block) for block in content_blocks(message["content"])]}
            for message in body["messages"]
        ]
        return {**body, "messages": messages}

    def make(self, made: MadeFile, workspace: str) -> File:
        """Keep a file that code made; it stays until it is deleted."""
        created = _time(dt.datetime.now(dt.UTC))
        return self._keep(
            File(
                self._new_id(),
                made.filename,
                made.mime_type,
                made.data,
                created,
                None,
                None,
                workspace,
                downloadable=True,
            )
        )

    def _new_id(self) -> str:
        self._made += 1
        return f"file_{self._run}{self._made:06d}"

    def _keep(self, file: File) -> File:
        self._folder.put(file)
        self.files[file.id] = file
        return file

    async def _upload(self, request: web.Request, _: Any) -> web.StreamResponse:
        expires_in_s, upload = None, None
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise refused("file: a nested multipart body is not allowed")
            if part.name == "expires_in_seconds":
                expires_in_s = int(await part.text())
            elif part.name == "file":
                mime_type = part.headers.get("Content-Type", "application/octet-stream").partition(";")[0]
                upload = (part.filename or "", mime_type, bytes(await part.read()))
            else:
                raise refused(f"{part.name}: Extra inputs are not permitted")
        if upload is None:
            raise refused("file: Field required")
        filename, mime_type, data = upload
        if not NAME.fullmatch(filename):
            raise refused('file: the filename must have 1 to 255 characters, none of them < > : " | ? * \\ /')
        if len(data) > FILE_BYTES_MAX:
            raise Failure(413, "File exceeds the maximum size")
        if expires_in_s is not None and not EXPIRY_S[0] <= expires_in_s <= EXPIRY_S[1]:
            raise refused(f"expires_in_seconds: must be between {EXPIRY_S[0]} and {EXPIRY_S[1]}")
        if mime_type in IMAGES and not data.startswith(IMAGES[mime_type]):
            raise refused(f"file: the content does not match the type {mime_type}")
        now = dt.datetime.now(dt.UTC)
        lifetime = None if expires_in_s is None else dt.timedelta(seconds=expires_in_s)
        file = self._keep(
            File(
                self._new_id(),
                filename,
                mime_type,
                data,
                _time(now),
                None if expires_in_s is None else self._clock() + expires_in_s,
                None if lifetime is None else _time(now + lifetime),
                workspace_of(request.headers),
            )
        )
        if self.gates:
            await self.gates.pop(0).strike()
        return web.json_response(file.metadata())

    async def _list(self, request: web.Request, _: Any) -> web.StreamResponse:
        ids = [*request.query.getall("ids[]", []), *request.query.getall("ids", [])]
        if len(ids) > 100:
            raise refused("ids: at most 100 ids")
        limit, cursor = request.query.get("limit"), request.query.get("page")
        if ids and (limit or cursor):
            raise refused("ids: mutually exclusive with page and limit")
        if limit is not None and not (limit.isdecimal() and 1 <= int(limit) <= PAGE_FILES_MAX):
            raise refused(f"limit: Input should be an integer from 1 to {PAGE_FILES_MAX}")
        workspace = workspace_of(request.headers)
        seen = [file for file in self.files.values() if file.workspace == workspace and self._lives(file)]
        if ids:
            found = [file.metadata() for file in seen if file.id in ids]
            return web.json_response({"data": found, "next_page": None})
        seen.reverse()
        known = [f"page_{file.id}" for file in seen]
        if cursor is not None and cursor not in known:
            raise refused("page: invalid cursor")
        start = known.index(cursor) if cursor is not None else 0
        end = start + (int(limit) if limit else PAGE_FILES)
        next_page = known[end] if end < len(known) else None
        return web.json_response(
            {"data": [file.metadata() for file in seen[start:end]], "next_page": next_page}
        )

    async def _retrieve(self, request: web.Request, _: Any) -> web.StreamResponse:
        file = self.find(request.match_info["id"], workspace_of(request.headers))
        return web.json_response(file.metadata())

    async def _download(self, request: web.Request, _: Any) -> web.StreamResponse:
        file = self.find(request.match_info["id"], workspace_of(request.headers))
        if not file.downloadable:
            raise Failure(400, "This file cannot be downloaded", error_code="file_not_downloadable")
        return web.Response(body=file.data, content_type=file.mime_type)

    async def _delete(self, request: web.Request, _: Any) -> web.StreamResponse:
        file = self.find(request.match_info["id"], workspace_of(request.headers))
        del self.files[file.id]
        self._folder.remove(file.id)
        return web.json_response({"id": file.id, "type": "file_deleted"})


def workspace_of(headers: Mapping[str, str]) -> str:
    """Return what stands for the workspace of a request: its key."""
    return key_of(headers)


def _time(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def check_inline(place: str, kind: str, source: dict[str, Any]) -> None:
    """Raise a Failure if the bytes of a block are not what its type says."""
    media_type = source.get("media_type", "")
    try:
        data = base64.b64decode(source.get("data", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise refused(f"{place}.source.base64.data: invalid base64 data") from error
    if kind == "document":
        if media_type != "application/pdf":
            raise refused(f"{place}.source.base64.media_type: Input should be 'application/pdf'")
        if not data.lstrip().startswith(b"%PDF-"):
            raise refused(f"{place}: Could not process PDF")
        if ENCRYPTED.search(data):
            raise refused(f"{place}: The PDF specified is password protected.")
        return
    if media_type not in IMAGES:
        raise refused(f"{place}.source.base64.media_type: Input should be {', '.join(map(repr, IMAGES))}")
    if len(source["data"]) > IMAGE_BASE64_MAX:
        raise refused(f"{place}.source.base64: image exceeds 10 MB maximum")
    if not data.startswith(IMAGES[media_type]):
        raise refused(f"{place}: Image does not match the provided media type {media_type}")


def _media(body: Body) -> Iterator[tuple[str, dict[str, Any]]]:
    for at, message in enumerate(body["messages"]):
        for inner, block in enumerate(content_blocks(message["content"])):
            place = f"messages.{at}.content.{inner}"
            if block.get("type") in ("image", "document"):
                yield place, block
            elif block.get("type") == "tool_result" and isinstance(block.get("content"), list):
                for deep, part in enumerate(block["content"]):
                    if part.get("type") in ("image", "document"):
                        yield f"{place}.content.{deep}", part

"""The pipeline of a REST request: read, record, apply faults, authorise, limit, handle, answer."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from aiohttp import BodyPartReader, web

from bot.local.simulator.discord import ratelimits
from bot.local.simulator.discord.attachments import REQUEST_BYTES
from bot.local.simulator.discord.drafts import Upload
from bot.local.simulator.discord.errors import ApiError, api_error, invalid
from bot.local.simulator.discord.faults import Fault, Faults
from bot.local.simulator.discord.model import Application
from bot.local.simulator.discord.rest.call import Call, Reply, Route
from bot.local.simulator.discord.rest.routes import ROUTES
from bot.local.simulator.discord.world import World

PREFIX = "/api/v10"
# The number of requests kept for tests.
KEPT_REQUESTS = 20_000
# The ids of requests that Cloudflare, in front of Discord, gives to all of them.
_rays = itertools.count(1)
_FILE_FIELD = re.compile(r"files?\[?(\d*)\]?")


@dataclass(slots=True)
class Recorded:
    """A request and the status of its answer (0: the socket was closed instead)."""

    method: str
    route: str
    path: str
    query: dict[str, str]
    body: Any
    files: list[str]
    token: str | None
    at: float
    status: int | None = None
    answer: Any = None


@dataclass(slots=True)
class RestServer:
    """Answers the REST API of a world; `committed` is called after each change, `observers` after each answer."""

    world: World
    faults: Faults
    committed: Callable[[], None]
    round_trip_s: float = 0.0
    buckets: ratelimits.Buckets = field(default_factory=ratelimits.Buckets)
    requests: deque[Recorded] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    observers: list[Callable[[Recorded], None]] = field(default_factory=list)

    def add_to(self, app: web.Application) -> None:
        """Serve every route of the table, and Discord's own 404 and 405 for what is not in it."""
        for route in ROUTES:
            app.router.add_route(route.method, PREFIX + route.path, self._handler(route))
        app.router.add_route("*", PREFIX + "/{tail:.*}", self._unknown)

    def _handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._serve(request, route)

        return handle

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(PREFIX)
        others = {each.method for each in ROUTES if _pattern(each.path).fullmatch(path)}
        error = ApiError(405, 0, "405: Method Not Allowed") if others else api_error(0)
        recorded = self._record(request, path, None, ())
        return self._answer(recorded, error.status, error.body(), {})

    async def _serve(self, request: web.Request, route: Route) -> web.StreamResponse:
        wrong: ApiError | None = None
        body: Any = None
        uploads: tuple[Upload, ...] = ()
        try:
            body, uploads = await read_body(request)
        except ApiError as error:
            wrong = error
        recorded = self._record(request, route.path, body, uploads)
        faults = self.faults.strike(recorded.method, recorded.path, recorded.token, self.world.clock())
        for fault in faults:
            if fault.action == "delay":
                await asyncio.sleep(fault.delay_s)
            elif fault.action == "reset":
                return self._reset(request, recorded)
            elif fault.action not in ("reset_after", "garble"):
                return self._faulted(recorded, route, fault)
        await self._travel()
        status, payload, headers = self._work(request, route, recorded, body, uploads, wrong)
        self.committed()
        if any(each.action == "reset_after" for each in faults):
            return self._reset(request, recorded)
        for fault in faults:
            if fault.garble is not None and payload is not None:
                payload = fault.garble(json.loads(json.dumps(payload)))
        await self._travel()
        return self._answer(recorded, status, payload, headers)

    async def _travel(self) -> None:
        if self.round_trip_s:
            await asyncio.sleep(self.round_trip_s / 2)

    def _work(
        self,
        request: web.Request,
        route: Route,
        recorded: Recorded,
        body: Any,
        uploads: tuple[Upload, ...],
        wrong: ApiError | None,
    ) -> tuple[int, Any, dict[str, str]]:
        headers: dict[str, str] = {}
        try:
            application = self._authorise(route, recorded.token)
            verdict = self._limit(route, request, recorded, body, application)
            headers = verdict.headers()
            if not verdict.passed:
                return 429, _limited(verdict.retry_after_s, verdict.is_global), headers
            if wrong is not None:
                raise wrong
            call = Call(self.world, request.match_info, request.query, body, uploads, application)
            result = route.handler(call)
        except ApiError as error:
            payload = error.body()
            if error.status == 429:
                # Edits of old messages: no header tells of the limit, only the body.
                payload |= {"retry_after": 60.0, "global": False}
            return error.status, payload, headers
        if isinstance(result, Reply):
            return result.status, result.body, headers
        return (204 if result is None else 200), result, headers

    def _authorise(self, route: Route, token: str | None) -> Application | None:
        application = None if token is None else self.world.application_by_token(token)
        if application is None and not route.public:
            raise ApiError(401, 0, "401: Unauthorized")
        return application

    def _limit(
        self,
        route: Route,
        request: web.Request,
        recorded: Recorded,
        body: Any,
        application: Application | None,
    ) -> ratelimits.Verdict:
        now = self.world.clock()
        major = request.match_info[route.major] if route.major else ""
        who = str(application.id) if application is not None and not route.public else ""
        if not route.public and (wait := self.buckets.take_global(who, now)):
            return ratelimits.Verdict(
                False, route.limit, 0, now + wait, wait, wait, scope="global", is_global=True
            )
        verdict = self.buckets.take(route.limit, f"{who}:{major}", now)
        renames = route.limit is ratelimits.CHANNEL and recorded.method == "PATCH"
        if verdict.passed and renames and isinstance(body, dict) and body.get("name") is not None:
            wait = self.buckets.take_hidden(f"{who}:{major}", now)
            if wait:
                return ratelimits.Verdict(
                    False, route.limit, verdict.remaining, verdict.reset_at, verdict.reset_after_s, wait
                )
        return verdict

    def _faulted(self, recorded: Recorded, route: Route, fault: Fault) -> web.StreamResponse:
        if fault.action == "status":
            # A gateway in front of Discord answers in HTML.
            return self._answer(recorded, fault.status, f"<html>{fault.status}</html>", {})
        if fault.action in ("ratelimit", "ban"):
            after = fault.retry_after_s if fault.ends is None else fault.ends - self.world.clock()
            if fault.scope == "cloudflare":
                self._finish(recorded, 429)
                headers = {"Retry-After": str(math.ceil(after)), "Server": "cloudflare"}
                return web.Response(
                    status=429, text="error code: 1015", content_type="text/plain", headers=headers
                )
            verdict = ratelimits.Verdict(
                False,
                route.limit,
                0,
                self.world.clock() + after,
                after,
                after,
                fault.scope,
                fault.scope == "global",
            )
            return self._answer(recorded, 429, _limited(after, verdict.is_global), verdict.headers())
        payload = {"message": fault.message or "Scripted fault", "code": fault.code}
        return self._answer(recorded, fault.status, payload, {})

    def _reset(self, request: web.Request, recorded: Recorded) -> web.StreamResponse:
        self._finish(recorded, 0)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _answer(self, recorded: Recorded, status: int, payload: Any, headers: dict[str, str]) -> web.Response:
        recorded.answer = payload
        self._finish(recorded, status)
        date = formatdate(self.world.clock(), usegmt=True)
        headers = {"Via": "1.1 google", "CF-Ray": f"{next(_rays):016x}-FRA", "Date": date, **headers}
        if payload is None:
            return web.Response(status=status, headers=headers)
        if isinstance(payload, str):
            return web.Response(status=status, text=payload, content_type="text/html", headers=headers)
        content = json.dumps(payload, separators=(",", ":")).encode()
        return web.Response(status=status, body=content, content_type="application/json", headers=headers)

    def _record(self, request: web.Request, route: str, body: Any, uploads: tuple[Upload, ...]) -> Recorded:
        authorization = request.headers.get("Authorization", "")
        token = authorization.removeprefix("Bot ") if authorization.startswith("Bot ") else None
        path = request.path.removeprefix(PREFIX)
        names = [each.filename for each in uploads]
        now = self.world.clock()
        recorded = Recorded(request.method, route, path, dict(request.query), body, names, token, now)
        self.requests.append(recorded)
        return recorded

    def _finish(self, recorded: Recorded, status: int) -> None:
        recorded.status = status
        for observer in self.observers:
            observer(recorded)


def _limited(retry_after_s: float, is_global: bool) -> dict[str, Any]:
    return {
        "message": "You are being rate limited.",
        "retry_after": ratelimits.up_to_ms(retry_after_s),
        "global": is_global,
    }


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[a-z_]+\}", "[^/]+", path))


async def read_body(request: web.Request, bytes_max: int = REQUEST_BYTES) -> tuple[Any, tuple[Upload, ...]]:
    """Return the JSON and the files of a request, as JSON or as a form; 50109 for invalid JSON."""
    if request.content_type == "multipart/form-data":
        return await _read_form(request, bytes_max)
    content = await request.read()
    if not content:
        return None, ()
    if request.content_type != "application/json":
        raise invalid(
            "", "CONTENT_TYPE_INVALID", "Expected \"Content-Type\" header to be one of {'application/json'}."
        )
    return _parse(content), ()


async def _read_form(request: web.Request, bytes_max: int) -> tuple[Any, tuple[Upload, ...]]:
    body: Any = None
    uploads: list[Upload] = []
    total = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        content = bytes(await part.read(decode=True))
        total += len(content)
        if total > bytes_max:
            raise api_error(40005)
        if part.name == "payload_json":
            body = _parse(content)
        elif part.name and (match := _FILE_FIELD.fullmatch(part.name)):
            index = int(match[1] or len(uploads))
            kind = part.headers.get("Content-Type")
            uploads.append(Upload(index, part.filename or "unknown", kind, content))
    return body, tuple(uploads)


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise api_error(50109) from None

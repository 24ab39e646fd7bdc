"""The local Anthropic API: its routes, and its interface for tests."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Self

from aiohttp import web

from bot.local.simulator.origin import guard

from .access import allows_sampling, check_access
from .answer import Answer, Dropped, Pace, drop, failed, stream, whole
from .caching import Cache
from .catalogue import Model
from .containers import Containers, container_id
from .diagnostics import Fingerprints
from .failures import Failure
from .faults import Drop, Faults
from .file_folder import FileFolder
from .files import Files, workspace_of
from .gate import Gate
from .limits import Limits
from .message import message, usage
from .model_routes import ModelRoutes
from .prompt import Body, flatten
from .record import Call, call_of
from .replay import Replay
from .reply import Reply, ended
from .request_body import read_json
from .respond import respond
from .rounds import read_all
from .rules import MAX_BODY_BYTES, check_rules, resolve
from .script import Predicate, Script, as_reply
from .server_tools import ServerTools
from .shape import check_shape
from .stand_in import stand_in
from .withheld import Withheld

# How long a stop waits for running answers; an answer at a gate would never end.
STOPPING_S = 0.1
# How often a condition that does not depend on requests alone is looked at again.
LOOK_S = 0.01

Handler = Callable[[web.Request, Call], Awaitable[web.StreamResponse]]


class Claude:
    """A local Claude behind the real API's routes.

    `clock` gives seconds and is what cached prompts age by. `key` is the only key accepted, None any. A reply
    begins after `first_token_s` and comes at `tokens_per_s`, None all at once. `files` is a folder for uploads, which
    outlive the server there.
    """

    def __init__(
        self,
        clock: Callable[[], float] | None = None,
        key: str | None = None,
        first_token_s: float = 0.0,
        tokens_per_s: float | None = None,
        files: Path | None = None,
    ) -> None:
        self.faults = Faults()
        self.cache = Cache()
        # Every request, and of these the ones for a message; either may be cleared.
        self.calls: list[Call] = []
        self.requests: list[Call] = []
        self.key = key
        self.pace = Pace(first_token_s, tokens_per_s)
        self.limits = Limits(time.time)
        self._clock = clock or time.monotonic
        self._script = Script(lambda body: stand_in(body, self.files.files))
        self._gates: list[Gate] = []
        self._replay = Replay()
        self._withheld = Withheld()
        self._fingerprints = Fingerprints()
        self._changed = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._address = ("", 0)
        # Names differ between runs, as a real server's never repeat.
        self._run = secrets.token_hex(8)
        self._numbers = itertools.count(1)
        self.containers = Containers(self._clock)
        self.files = Files(self._clock, self._run, FileFolder(files))

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes any free port."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        guard(app)
        app.router.add_post("/v1/messages", self._route(self._create))
        app.router.add_post("/v1/messages/count_tokens", self._route(self._count))
        models = ModelRoutes(self._withheld)
        app.router.add_get("/v1/models", self._route(models.list))
        app.router.add_get("/v1/models/{id}", self._route(models.retrieve))
        self.files.add_to(app.router, self._route)
        app.router.add_route("*", "/{path:.*}", self._route(self._unknown))
        # Without cancellation, a client's hanging up would go unnoticed until the next write.
        self._runner = web.AppRunner(
            app, handler_cancellation=True, shutdown_timeout=STOPPING_S, access_log=None
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0]
        self._address = (host, int(bound[1]))

    async def stop(self) -> None:
        """Stop listening and end running answers."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def endpoints(self) -> dict[str, str]:
        """Return the address."""
        return {"base_url": self.base_url}

    @property
    def base_url(self) -> str:
        """Where it listens, as the SDK's `base_url`."""
        host, port = self._address
        return f"http://{host}:{port}"

    @property
    def default(self) -> Callable[[Body], str | Reply]:
        """What is answered when nothing is queued."""
        return self._script.default

    @default.setter
    def default(self, answer: Callable[[Body], str | Reply]) -> None:
        self._script.default = answer

    def say(self, said: str | Sequence[str] | Reply, *, pause: float | None = None) -> None:
        """Queue the next reply: a text, or exact deltas, with `pause` seconds before each."""
        self._script.say(as_reply(said, pause))

    def say_when(
        self,
        fits: Predicate,
        said: str | Sequence[str] | Reply,
        *,
        times: int | None = 1,
        pause: float | None = None,
    ) -> None:
        """Keep a reply for the next requests whose body fits, so many `times`; None for all of them."""
        self._script.say_when(fits, as_reply(said, pause), times)

    def clear(self) -> None:
        """Remove all queued replies, gates, faults and limits."""
        self.limits.clear()
        self._script.clear()
        self._gates.clear()
        self.files.gates.clear()
        self.faults.clear()
        self._withheld.clear()

    def withhold(self, tool: str, model: str | None = None, refusal: str | None = None) -> None:
        """Let the organization, or a model, be without a server tool: "web_search", "web_fetch", "code_execution".

        A request with the tool is refused with a 400; for a model, the list of models says so too.
        """
        self._withheld.add(tool, model, refusal)

    def hold(self, after: int | None = 0) -> Gate:
        """Stop the next reply after so many text deltas, None before it begins, until the gate is released."""
        gate = Gate(after, None)
        self._gates.append(gate)
        return gate

    def hold_upload(self) -> Gate:
        """Stop the answer to the next upload, whose file is stored, until the gate is released."""
        gate = Gate(None, None)
        self.files.gates.append(gate)
        return gate

    async def until(self, condition: Callable[[], object], timeout: float = 30.0) -> None:
        """Wait until a condition holds; TimeoutError after so many seconds."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._changed.clear()
                try:
                    async with asyncio.timeout(LOOK_S):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    def _route(self, handle: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handler(request: web.Request) -> web.StreamResponse:
            call = call_of(request, self._clock(), self._new_id("req"))
            self.calls.append(call)
            if call.path == "/v1/messages":
                self.requests.append(call)
            self._changed.set()
            try:
                refusal = check_access(request.headers, self.key)
                if refusal is not None:
                    raise refusal
                response = await handle(request, call)
                call.status = response.status
            except Failure as failure:
                call.status, call.refusal = failure.status, failure.message
                response = failed(failure, call.request_id)
            except Dropped:
                response = web.Response()
            except ConnectionError:
                call.hung_up = True
                response = web.Response()
            except asyncio.CancelledError:
                # The server cancels what runs when its client hangs up, but also when it stops.
                call.hung_up = self._runner is not None
                raise
            finally:
                call.finished = self._clock()
                self._changed.set()
            if not response.prepared:
                response.headers["request-id"] = call.request_id
            return response

        return handler

    async def _create(self, request: web.Request, call: Call) -> web.StreamResponse:
        body, model = await self._checked(request, call)
        prompt = flatten(body, model)
        fault = self.faults.take(body)
        if isinstance(fault, Failure):
            raise fault
        if fault == Drop(None):
            drop(request)
        with self.limits.counted() as headers:
            tools = ServerTools(
                body, workspace_of(request.headers), self.files, self.containers, self._new_id
            )
            reply = ended(self._script.answer(body), fault)
            response = respond(reply, body, model, tools, self._replay.waiting(body))
            self._replay.note(body, response, tools.kept)
            lookups = read_all(self.cache, body, prompt, model, response, call.started)
            call.usage = usage(lookups, response, limit=body["max_tokens"])
            call.message_id = self._new_id("msg")
            diagnosed = self._fingerprints.diagnose(body, prompt, call.message_id)
            answer = Answer(
                response,
                message(call.message_id, model, response, call.usage, diagnosed),
                {**usage(lookups[:1], response, limit=body["max_tokens"]), "server_tool_use": None},
                self.pace,
                [self._gates.pop(0)] if self._gates else [],
                fault,
                lambda: self.cache.begin(lookups[-1]),
                self._clock,
            )
            if not body.get("stream"):
                answered = await whole(answer, request, call)
                answered.headers.update(headers)
                return answered
            streamed = web.StreamResponse(headers={"request-id": call.request_id, **headers})
            await stream(answer, request, streamed, call)
            return streamed

    def _new_id(self, kind: str) -> str:
        return f"{kind}_{self._run}{next(self._numbers):06d}"

    async def _count(self, request: web.Request, call: Call) -> web.StreamResponse:
        body, model = await self._checked(request, call, counting=True)
        return web.json_response({"input_tokens": flatten(body, model).tokens})

    async def _unknown(self, _: web.Request, __: Call) -> web.StreamResponse:
        raise Failure(404, "Not Found")

    async def _checked(
        self, request: web.Request, call: Call, *, counting: bool = False
    ) -> tuple[Body, Model]:
        """The body as the model sees it, and the model; or the first Failure."""
        body = call.body = await read_json(request)
        if failure := check_shape(body, counting=counting, sampling=allows_sampling(request.headers)):
            raise failure
        model = resolve(body)
        if isinstance(model, Failure):
            raise model
        self.files.check(body, workspace_of(request.headers))
        if not counting:  # tokens are counted without a look into uploaded files
            body = self.files.seen(body)
        if failure := check_rules(body, model, resumes=self._replay.resumes(body)):
            raise failure
        if failure := self._withheld.check(body, model) or self._replay.check(body):
            raise failure
        if (named := container_id(body.get("container"))) is not None:
            self.containers.find(named, workspace_of(request.headers))
        return body, model

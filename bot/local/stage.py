"""A local Discord and a local Claude in this process that play one turn for a bot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Self

from bot.local.scene import Scene, SceneRefusal, SceneReply
from bot.local.scene_files import upload_of
from bot.local.simulator.claude import Claude, Gate, Reply, ServerToolUse, Text, ToolUse, faults
from bot.local.simulator.claude.catalogue import models
from bot.local.simulator.claude.failures import Failure
from bot.local.simulator.claude.faults import Fault
from bot.local.simulator.claude.steps import Step
from bot.local.simulator.claude.text import cut
from bot.local.simulator.discord import Discord

TOKEN = "replay"  # noqa: S105 (the local Discord takes any)
MESSAGE_CHARS = 2000
INPUT_KEY = "text"
PRESSED_S = 10.0

UNAVAILABLE, CALL_TRIES = 503, 5
"""A status that the bot's library does not repeat, and how often the bot makes a call then before it has failed."""
INPUT_CHARS = len('{"text": ""}')

REFERRED = "(what the messages refer to)"
"""The message that stands for everything that is quoted."""

MODELS = frozenset(model.id for model in models() if model.lifecycle == "active")
"""The models that a replayed bot can be started with."""

APART = "What a turn begins with is found out here."
"""A message apart from the turn: the bot's request for it shows the beginning of all requests."""

UNKNOWN = "(The journal knows no further request.)"
"""What Claude says to requests that the journal does not have."""

ERRORS: dict[str, Failure] = {
    "ClaudeBusy": faults.overloaded(),
    "ClaudeSpendLimit": faults.spend_limit(),
    "ClaudeKeyRefused": faults.unauthorized(),
    "ClaudeAccountDisabled": faults.organization_disabled(),
    "ClaudeModelUnknown": faults.not_found(),
    "ClaudeTooLong": faults.bad_request("prompt is too long: 300000 tokens > 200000 maximum"),
    "ClaudeBlocked": faults.content_filtered(),
    "ClaudeRefusedRequest": faults.bad_request("replayed"),
    "ClaudeFileGone": faults.bad_request("replayed"),
    "ClaudeToolRefused": faults.bad_request("replayed"),
    "ClaudeContainerGone": faults.bad_request("replayed"),
    "ClaudeError": faults.server_error(),
}
"""What the bot tells from an error's type, by what the API sends; all others are broken connections."""

BROKEN = "ClaudeUnreachable"


@dataclass(frozen=True, slots=True)
class Hold:
    """A reply that stops behind its text, until what its `then` says has happened."""

    reply: SceneReply
    gate: Gate

    async def reached(self, timeout_s: float) -> None:
        """Wait until the whole text has been sent."""
        await self.gate.reached(timeout_s)

    def release(self) -> None:
        """Let the reply go on."""
        self.gate.release()


class Stage:
    """Both servers, while entered, with two people who write direct messages to the bot.

    The turn is played with the first person, in the `channel`. What is said `apart`, with the other person, is no
    part of it. `holds` are the replies that stop, in order.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._discord = Discord()
        self._claude = Claude(first_token_s=0.0, tokens_per_s=200.0)
        self._requests_apart = 0
        self._referred = 0
        self.holds: list[Hold] = []

    async def __aenter__(self) -> Self:
        await self._discord.start()
        await self._claude.start()
        self._app = self._discord.add_application("Bobbin", token=TOKEN)
        guild = self._discord.add_guild("Replay", bot=self._app)
        self._person = self._discord.add_user("somebody", display_name="Somebody", guild=guild)
        self._other = self._discord.add_user("another", display_name="Another", guild=guild)
        self._claude.default = lambda _: UNKNOWN
        return self

    async def open(self) -> None:
        """Open the direct messages of both people."""
        self.channel, self.apart = [
            int((await person.open_dm(self._app.user_id))["id"]) for person in (self._person, self._other)
        ]

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._discord.stop()
        await self._claude.stop()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point a bot here."""
        return {
            "DISCORD_TOKEN": TOKEN,
            "BOT_DISCORD__API_URL": self._discord.api_url,
            "BOT_DISCORD__GATEWAY_URL": self._discord.gateway_url,
            "ANTHROPIC_API_KEY": "replay",
            "ANTHROPIC_BASE_URL": self._claude.base_url,
        }

    @property
    def requests(self) -> int:
        """How often Claude was asked for a reply of the turn."""
        return self._streamed() - self._requests_apart

    async def post_apart(self) -> None:
        """Post a message that is no part of the turn."""
        await self._other.post(self.apart, APART)

    async def post(self) -> list[tuple[int, ...]]:
        """Post the messages, Claude's replies being ready; returns the ids of the posts that each of them takes.

        A message with quotes is a reply, so that the bot looks for what its last post quotes.
        """
        self._prepare()
        bot = self._discord.actor(self._app.user_id)
        if any(message.quotes for message in self._scene.messages):
            self._referred = int((await bot.post(self.channel, REFERRED))["id"])
        posts: list[tuple[int, ...]] = []
        number = 0
        for message in self._scene.messages:
            ids: list[int] = []
            files = []
            for file in message.files:
                number += 1
                files.append(upload_of(file, number))
            texts = _posts(message.text, has_files=bool(files))
            for at, text in enumerate(texts, 1):
                referred = self._referred if message.quotes and at == len(texts) else None
                posted = await self._person.post(self.channel, text, referred, files)
                ids.append(int(posted["id"]))
                files = []
            posts.append(tuple(ids))
        return posts

    def shown(self) -> list[str]:
        """Return the messages of the channel, each behind its author's name."""
        return [
            f"{each['author']['username']}: {each['content']}"
            for each in self._discord.messages(self.channel)
        ]

    def written(self) -> int:
        """Return how many characters the bot's messages have."""
        return sum(len(each["content"]) for each in self._own())

    async def until(self, condition: Any, timeout_s: float) -> bool:
        """Wait until a condition on the local Discord holds; False if it never does."""
        try:
            await self._discord.until(condition, timeout_s)
        except TimeoutError:
            return False
        return True

    async def press(self, label: str) -> int | None:
        """Press the latest button of a label, and wait until it is gone; returns its message, None without one."""
        found = self._button(label)
        if found is None:
            return None
        message, custom_id = found
        handle = await self._person.press(self.channel, message["id"], custom_id)
        await handle.response()
        await self.until(lambda: self._button(label) != found, PRESSED_S)
        return int(message["id"])

    def content(self, message: int) -> str:
        """Return what a message says."""
        return str(self._discord.message(message)["content"])

    def has_button(self, label: str) -> bool:
        """Whether a message has a button of a label."""
        return self._button(label) is not None

    def _button(self, label: str) -> tuple[dict[str, Any], str] | None:
        for message in reversed(self._own()):
            for row in message.get("components") or ():
                for each in row["components"]:
                    if each.get("label") == label:
                        return message, str(each["custom_id"])
        return None

    def _own(self) -> list[dict[str, Any]]:
        messages = self._discord.messages(self.channel)
        return [
            each
            for each in messages
            if int(each["author"]["id"]) == self._app.user_id and int(each["id"]) != self._referred
        ]

    def _streamed(self) -> int:
        return sum(bool(call.body and call.body.get("stream")) for call in self._claude.requests)

    def _prepare(self) -> None:
        self._requests_apart = self._streamed()
        for refusal in self._scene.refusals:
            self._refuse(refusal)
        for at, (reply, failed) in enumerate(self._scene.requests(), 1):
            error = failed or ("" if reply.text or reply.calls else reply.end)
            if fault := _fault(error):
                self._claude.faults.add(fault, when=partial(self._is_at, at))
            elif not failed:
                self._claude.say(self._reply(reply))

    def _refuse(self, refusal: SceneRefusal) -> None:
        route = rf"/channels/{self.channel}/messages" + (r"/\d+$" if refusal.is_edit else "$")
        where: dict[str, Any] = {
            "method": "PATCH" if refusal.is_edit else "POST",
            "route": route,
            "after": refusal.after,
        }
        if refusal.seconds:
            self._discord.faults.add(action="ratelimit", retry_after_s=refusal.seconds, **where)
        elif refusal.status:
            self._discord.faults.add(action="error", status=refusal.status, code=refusal.code, **where)
        else:
            self._discord.faults.add(action="status", status=UNAVAILABLE, times=CALL_TRIES, **where)

    def _is_at(self, number: int, _body: object) -> bool:
        return self.requests == number

    def _reply(self, reply: SceneReply) -> Reply:
        search = ServerToolUse("web_search", {"query": "replayed"})
        steps: list[Step] = [search for _ in range(reply.searches)]
        if reply.text:
            timed = bool(reply.pauses_s)
            steps.append(Text(reply.deltas if timed else cut(reply.text), pauses_s=reply.pauses_s))
        if reply.then:
            gate = Gate(None, None)
            self.holds.append(Hold(reply, gate))
            steps.append(gate)
        if failure := ERRORS.get(reply.end):
            steps.append(faults.error_event(0, failure))
        elif reply.end == BROKEN:
            steps.append(faults.dropped(0))
        steps += (
            ToolUse(call.tool, {INPUT_KEY: "x" * max(0, call.input - INPUT_CHARS)}) for call in reply.calls
        )
        is_reason = reply.end not in ERRORS and reply.end != BROKEN
        return Reply.of(*steps, stop_reason=reply.end if is_reason else "end_turn")


def _fault(error: str) -> Fault | None:
    """Return the fault by which a request gets no answer, None for an answer."""
    if error == BROKEN:
        return faults.dropped()
    return ERRORS.get(error)


def _posts(text: str, *, has_files: bool) -> list[str]:
    """Return the posts that a text takes."""
    parts = [text[start : start + MESSAGE_CHARS].strip() for start in range(0, len(text), MESSAGE_CHARS)]
    return [part for part in parts if part] or ([""] if has_files else [])

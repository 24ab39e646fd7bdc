"""A local Discord and a local Claude in this process that play one turn for a bot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Self

from bot.local.scene import Scene, SceneReply
from bot.local.scene_files import upload_of
from bot.local.simulator.claude import Claude, Gate, Reply, ServerToolUse, Text, ToolUse, faults
from bot.local.simulator.claude.failures import Failure
from bot.local.simulator.claude.faults import Fault
from bot.local.simulator.claude.steps import Step
from bot.local.simulator.claude.text import cut
from bot.local.simulator.discord import Discord

TOKEN = "replay"  # noqa: S105 (the local Discord takes any)
MESSAGE_CHARS = 2000
INPUT_KEY = "text"
PRESSED_S = 10.0
INPUT_CHARS = len('{"text": ""}')

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
    """A reply that stops behind its text, where the bot crashes or the person presses Stop."""

    reply: SceneReply
    gate: Gate

    async def reached(self, timeout_s: float) -> None:
        """Wait until the whole text has been sent."""
        await self.gate.reached(timeout_s)

    def release(self) -> None:
        """Let the reply go on."""
        self.gate.release()


class Stage:
    """Both servers, while entered, with one person who writes direct messages to the bot.

    `holds` are the replies that stop, in order.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._discord = Discord()
        self._claude = Claude(first_token_s=0.0, tokens_per_s=200.0)
        self.holds: list[Hold] = []

    async def __aenter__(self) -> Self:
        await self._discord.start()
        await self._claude.start()
        self._app = self._discord.add_application("Bobbin", token=TOKEN)
        guild = self._discord.add_guild("Replay", bot=self._app)
        self._person = self._discord.add_user("somebody", display_name="Somebody", guild=guild)
        return self

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
        """How often Claude was asked for a reply."""
        return sum(bool(call.body and call.body.get("stream")) for call in self._claude.requests)

    async def post(self) -> tuple[int, int]:
        """Post the messages, Claude's replies being ready; returns the channel and the first message."""
        channel = int((await self._person.open_dm(self._app.user_id))["id"])
        self._prepare()
        gate = self._claude.hold(None)  # until all messages are there, which are one turn
        first, number = 0, 0
        for message in self._scene.messages:
            files = []
            for file in message.files:
                number += 1
                files.append(upload_of(file, number))
            for text in _posts(message.text, has_files=bool(files)):
                posted = await self._person.post(channel, text, attachments=files)
                first, files = first or int(posted["id"]), []
        gate.release()
        return channel, first

    def shown(self, channel: int) -> list[str]:
        """Return the messages of a channel, each behind its author's name."""
        return [
            f"{each['author']['username']}: {each['content']}" for each in self._discord.messages(channel)
        ]

    def written(self, channel: int) -> int:
        """Return how many characters the bot's messages have."""
        return sum(len(each["content"]) for each in self._own(channel))

    async def until(self, condition: Any, timeout_s: float) -> bool:
        """Wait until a condition on the local Discord holds; False if it never does."""
        try:
            await self._discord.until(condition, timeout_s)
        except TimeoutError:
            return False
        return True

    async def press(self, channel: int, label: str) -> int | None:
        """Press the latest button of a label, and wait until it is gone; returns its message, None without one."""
        found = self._button(channel, label)
        if found is None:
            return None
        message, custom_id = found
        handle = await self._person.press(channel, message["id"], custom_id)
        await handle.response()
        await self.until(lambda: self._button(channel, label) != found, PRESSED_S)
        return int(message["id"])

    def content(self, message: int) -> str:
        """Return what a message says."""
        return str(self._discord.message(message)["content"])

    def has_button(self, channel: int, label: str) -> bool:
        """Whether a message has a button of a label."""
        return self._button(channel, label) is not None

    def _button(self, channel: int, label: str) -> tuple[dict[str, Any], str] | None:
        for message in reversed(self._own(channel)):
            for row in message.get("components") or ():
                for each in row["components"]:
                    if each.get("label") == label:
                        return message, str(each["custom_id"])
        return None

    def _own(self, channel: int) -> list[dict[str, Any]]:
        return [
            each for each in self._discord.messages(channel) if int(each["author"]["id"]) == self._app.user_id
        ]

    def _prepare(self) -> None:
        self._claude.default = lambda _: UNKNOWN
        for at, (reply, failed) in enumerate(self._scene.requests(), 1):
            error = failed or ("" if reply.text or reply.calls else reply.end)
            if fault := _fault(error):
                self._claude.faults.add(fault, when=partial(self._is_at, at))
            elif not failed:
                self._claude.say(self._reply(reply))

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

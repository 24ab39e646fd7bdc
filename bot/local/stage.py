"""A local Discord and a local Claude in this process that play one turn for a bot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from bot.local.simulator.claude import Claude, faults
from bot.local.simulator.discord import Discord

TOKEN = "replay"  # noqa: S105 (the local Discord takes any)
MESSAGE_CHARS = 2000

Ending = Literal["answered", "refused", "max_tokens", "failed"]


@dataclass(frozen=True, slots=True)
class Scene:
    """What is played: people's messages, and Claude's replies, one for each request.

    `broken` replies break off in the middle before the one that comes whole. `ending` is that of the last reply.
    """

    messages: tuple[str, ...]
    replies: tuple[str, ...]
    broken: int = 0
    ending: Ending = "answered"


class Stage:
    """Both servers, while entered, with one person who writes direct messages to the bot."""

    def __init__(self) -> None:
        self._discord = Discord()
        self._claude = Claude(first_token_s=0.1, tokens_per_s=200.0)

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

    async def post(self, scene: Scene) -> int:
        """Post the messages, Claude's replies being ready; returns the channel."""
        channel = int((await self._person.open_dm(self._app.user_id))["id"])
        self._prepare(scene)
        gate = self._claude.hold(None)  # until all messages are there, which are one turn
        for text in scene.messages:
            for start in range(0, len(text), MESSAGE_CHARS):
                if part := text[start : start + MESSAGE_CHARS].strip():
                    await self._person.post(channel, part)
        gate.release()
        return channel

    def shown(self, channel: int) -> list[str]:
        """Return the messages of a channel, each behind its author's name."""
        return [
            f"{each['author']['username']}: {each['content']}" for each in self._discord.messages(channel)
        ]

    def _prepare(self, scene: Scene) -> None:
        first = scene.replies[0] if scene.replies else ""
        for _ in range(scene.broken):
            self._claude.say(first or "…")
            self._claude.faults.add(faults.dropped(_middle(first)))
        *before, last = scene.replies or ("",)
        for reply in before:
            self._claude.say(reply)
        endings: dict[Ending, Callable[[], object]] = {
            "refused": lambda: self._claude.faults.add(faults.refusal(after=_middle(last) if last else 0)),
            "max_tokens": lambda: self._claude.faults.add(faults.max_tokens(len(last))),
            "failed": lambda: self._claude.faults.add(faults.bad_request("replayed"), times=None),
        }
        if last:
            self._claude.say(last)
        endings.get(scene.ending, lambda: None)()


def _middle(text: str) -> int:
    """Return so many deltas as half of a text has at least."""
    return max(1, len(text) // 48)


def as_scene(
    messages: Sequence[str], replies: Sequence[str], broken: int = 0, ending: Ending = "answered"
) -> Scene:
    """Return a scene without what is empty."""
    return Scene(tuple(filter(None, messages)), tuple(filter(None, replies)), broken, ending)

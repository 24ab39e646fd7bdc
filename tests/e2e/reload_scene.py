"""A bot with a settings file that it reads again while it runs."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.world import World

BASE = "[shutdown]\ngrace_s = 0.0\n"
ROLE, OUTSIDER = "{role}", "{outsider}"


@dataclass
class Scene:
    """A bot with a settings file, a role that members have, and somebody who has not."""

    world: World
    file: Path
    role: int
    outsider: Any = None

    async def reload(self, text: str) -> dict[str, Any]:
        """Write the file, have it read, and return the line that says so."""
        text = text.replace(ROLE, str(self.role)).replace(OUTSIDER, str(self.outsider.id))
        self.file.write_text(BASE + text)
        return await self.again()

    def member(self) -> Any:
        """Somebody new with the role."""
        person = self.world.person("ben")
        self.world.guild.members[person.id].role_ids.append(self.role)
        return person

    async def again(self, event: str = "settings_reloaded") -> dict[str, Any]:
        """Have the file read as it is, and return the line that says so."""
        (bot,) = self.world.bots
        before = len(bot.log(event))
        bot.signal(signal.SIGHUP)
        await self.world.until(lambda: len(bot.log(event)) > before)
        return bot.log(event)[-1]

    async def is_answered(self, place: int, who: Any, text: str, *, answered: bool) -> None:
        """Say something, and see that it is answered, or that it is not while somebody else is."""
        before = len(self.world.said(place))
        message = await who.post(place, text)
        if answered:
            await self.world.settled(message)
            assert len(self.world.replies(place)) > before
        else:
            await self.world.converse(self.world.channel(), "the next", self.world.person("other"))
            assert len(self.world.said(place)) == before

    def asked_about(self, word: str) -> list[Any]:
        """The requests to Claude that hold a word."""
        return [each for each in self.world.asked if word in str(each.body["messages"])]

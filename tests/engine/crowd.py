"""The people of a run of chaos, and where they write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.local.simulator.discord import Discord
from bot.local.simulator.discord.actors import Actor
from bot.local.simulator.discord.model import Guild
from tests.engine.comparison import Said
from tests.engine.schedule import Post
from tests.engine.timeline import Timeline
from tests.files import samples


@dataclass
class Crowd:
    """`people` write to the bot in the `channels` of a server, in threads, and two of them in direct messages.

    `chatter` is a message of each channel that replies and links refer to.
    """

    discord: Discord
    timeline: Timeline
    bot_user: int
    guild: Guild
    people: Sequence[Actor]
    channels: Sequence[int]
    threads: list[int] = field(default_factory=list)
    foreign: list[int] = field(default_factory=list)
    direct: list[int] = field(default_factory=list)
    chatter: dict[int, int] = field(default_factory=dict)

    async def open_direct(self) -> None:
        """Open the direct messages."""
        for person in self.people[:2]:
            self.direct.append(int((await person.open_dm(self.bot_user))["id"]))

    async def chat(self) -> None:
        """Post the message of each channel that others refer to."""
        for channel in self.channels:
            posted = await self.people[1].post(channel, "look at my loom", None, [_file(0, "txt")])
            self.chatter[channel] = int(posted["id"])

    async def post(self, post: Post, number: int) -> Said:
        """Post a message of a schedule; its words name its `number`."""
        person = self.people[post.person]
        text = f"[m{number}] {'weft and warp ' * 40}"[: post.length + 8]
        mention, refers, reply_to = f"<@{self.bot_user}> ", post.refers, None
        files = [_file(number, post.file)] if post.file else []
        if post.kind in ("thread", "burst"):
            open_threads = [thread for thread in self.threads if thread in self.discord.world.channels]
            place = open_threads[post.place % len(open_threads)]
        elif post.kind == "direct":
            person, place = self.people[post.person % 2], self.direct[post.person % 2]
        elif post.kind == "foreign":
            if not self.foreign or post.place % 4 == 3:
                channel = self.channels[post.place % len(self.channels)]
                self.foreign.append(int((await person.create_thread(channel, f"ours {number}"))["id"]))
            place, text = self.foreign[post.place % len(self.foreign)], mention + text
        else:
            place, text = self.channels[post.place % len(self.channels)], mention + text
            reply_to = self.chatter[place] if refers == "reply" else None
        if refers == "forward" and post.kind in ("thread", "burst", "direct"):
            channel = self.channels[0]
            made = int((await person.forward(place, channel, (await person.post(channel, text))["id"]))["id"])
        else:
            if refers and reply_to is None:
                channel = self.channels[0]
                text += f" https://discord.com/channels/{self.guild.id}/{channel}/{self.chatter[channel]}"
            made = int((await person.post(place, text, reply_to, files))["id"])
        if post.kind == "mention":
            self.threads.append(made)
        names = tuple(name for name, _, _ in files)
        more = f" with {post.file or 'no file'}, refers by {refers}" if names or refers else ""
        self.timeline.note("people", f"{person.user.username} posts [m{number}] {made} in {place}{more}")
        return Said(made if post.kind == "mention" else place, made, f"[m{number}]", names)


def _file(number: int, ending: str) -> tuple[str, str, bytes]:
    name = f"m{number}.{ending}"
    if ending == "txt":
        return name, "text/plain", f"The reed has {number} dents.".encode()
    return name, "image/png", samples.picture("PNG", (40, 40 + number))

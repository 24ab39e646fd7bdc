"""People who write through PluralKit or Tupperbox: one answer, to the proxied message, whatever comes first."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from bot.conversation.intake import Reason
from bot.local.simulator.discord import drafts
from bot.local.simulator.discord import messages as platform
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.world import Event
from tests.e2e.controls import sent, streaming
from tests.e2e.proxied import PLURALKIT
from tests.e2e.why_scene import is_because, why
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
SAID, COPIED = "L: what is a warp?", "what is a warp?"
ORDERS = list(itertools.permutations(("original", "copy", "deletion")))


@dataclass
class Proxied:
    """A message that is proxied: its id is older than that of its copy, whatever comes first."""

    world: World
    place: int
    original: Any
    addressed: str
    copy: int = 0
    gone: bool = False

    @classmethod
    def of(cls, world: World, place: int, *, mentions: bool) -> Proxied:
        discord = world.discord
        addressed = f"{world.mention} " if mentions else ""
        draft = drafts.parse({"content": f"L: {addressed}{COPIED}"})
        original = platform.build(discord.world, discord.world.channels[place], world.ann.user, draft)
        return cls(world, place, original, addressed)

    def play(self, event: str) -> int:
        """Let one of the three events happen; returns the message that it brings, 0 for none."""
        discord = self.world.discord
        channel = discord.world.channels[self.place]
        brought = 0
        match event:
            case "original" if self.gone:
                platform.tell(discord.world, "MESSAGE_CREATE", self.original)
            case "original":
                platform.publish(discord.world, channel, self.original)
                brought = self.original.id
            case "copy":
                text = f"{self.addressed}{COPIED}"
                posted = discord.post_as_webhook(channel, "Luna", text, application_id=PLURALKIT)
                brought = self.copy = int(posted["id"])
            case _ if self.original.id in discord.world.messages:
                platform.erase(discord.world, channel, self.original)
            case _:
                self.gone = True
                data = {"id": str(self.original.id), "channel_id": str(self.place)}
                guild = str(channel.guild_id)
                discord.world.emit(
                    Event("MESSAGE_DELETE", data | {"guild_id": guild}, channel.guild_id, self.place)
                )
        discord.commit()
        return brought

    def answers(self) -> list[dict[str, Any]]:
        """All answers in the channel's threads, or in the thread."""
        if not self.addressed:
            return self.world.replies(self.place)[1:]
        threads = self.world.discord.threads(self.place)
        return [reply for thread in threads for reply in self.world.replies(int(thread["id"]))]

    async def check(self) -> None:
        """Wait for the one answer, and see that nothing else is left."""
        world = self.world
        await world.settled(self.copy)
        home = self.copy if self.addressed else self.place
        await world.until(lambda: len(self.answers()) == 1)
        (reply,) = self.answers()
        assert reply["content"] == "Of threads."
        assert reply["channel_id"] == str(home)
        if self.addressed:
            assert self.copy in world.discord.world.channels
            await world.until(lambda: self._open_threads() == [self.copy])
        else:
            assert reply["message_reference"]["message_id"] == str(self.copy)
        assert 'from="Luna" username="webhook:' in str(world.asked[-1].body["messages"])
        assert SAID.partition(" ")[0] not in str(world.asked[-1].body["messages"])

    def _open_threads(self) -> list[int]:
        threads = self.world.discord.threads(self.place)
        return [int(each["id"]) for each in threads if not each["thread_metadata"]["archived"]]


async def a_place(world: World, *, mentions: bool) -> int:
    return world.channel() if mentions else await world.converse(world.channel(), "hello")


@pytest.mark.parametrize("mentions", [True, False], ids=["channel", "thread"])
@pytest.mark.parametrize("order", ORDERS, ids="-".join)
async def test_three_events_at_once_have_one_answer(
    world: World, order: tuple[str, ...], mentions: bool
) -> None:
    place = await a_place(world, mentions=mentions)
    world.claude.default = lambda _: "Of threads."
    proxied = Proxied.of(world, place, mentions=mentions)
    for event in order:
        proxied.play(event)
    await proxied.check()


@pytest.mark.parametrize("mentions", [True, False], ids=["channel", "thread"])
@pytest.mark.parametrize("order", ORDERS, ids="-".join)
async def test_three_events_with_an_answer_in_between_have_one_answer(
    world: World, order: tuple[str, ...], mentions: bool
) -> None:
    place = await a_place(world, mentions=mentions)
    world.claude.default = lambda _: "Of threads."
    proxied = Proxied.of(world, place, mentions=mentions)
    for event in order:
        brought = proxied.play(event)
        original_is_late = event == "original" and "copy" in order[: order.index("original")]
        if original_is_late:
            await world.bots[0].logged("original_ignored", message=brought) if brought else None
        elif brought and (event, order) != ("copy", ORDERS[0]):  # there the copy waits for the deletion
            await world.settled(brought)
        elif order[:2] == ("original", "deletion"):
            await world.bots[0].logged("message_deleted", message=proxied.original.id)
    await proxied.check()


async def test_an_answer_that_is_being_written_gives_way_to_that_of_the_copy(world: World) -> None:
    place = await world.converse(world.channel(), "hello")
    gate, original = await streaming(world, place, ["A warp ", "is long."], SAID)
    world.claude.say("Of threads.")
    channel = world.discord.world.channels[place]
    copy = world.discord.post_as_webhook(channel, "Luna", COPIED, application_id=PLURALKIT)
    await world.ann.delete(place, original["id"])
    await world.until(lambda: [m["content"] for m in world.replies(place)[1:]] == ["Of threads."])
    gate.release()
    await world.settled(int(copy["id"]))
    assert len(world.replies(place)) == 2


async def test_with_the_permission_for_it_the_empty_thread_is_deleted(world: World) -> None:
    place = world.channel()
    world.discord.set_overwrite(
        world.discord.world.channels[place], world.app.user_id, allow=bits.MANAGE_THREADS
    )
    world.claude.default = lambda _: "Of threads."
    proxied = Proxied.of(world, place, mentions=True)
    await world.settled(proxied.play("original"))
    proxied.play("copy")
    proxied.play("deletion")
    await proxied.check()
    await world.until(lambda: proxied.original.id not in world.discord.world.channels)


async def test_a_thread_in_which_somebody_else_has_written_stays(world: World) -> None:
    place = world.channel()
    world.claude.default = lambda _: "Of threads."
    proxied = Proxied.of(world, place, mentions=True)
    await world.settled(proxied.play("original"))
    said = await world.ben.post(proxied.original.id, "I say something here too")
    await world.settled(said)
    proxied.play("copy")
    proxied.play("deletion")
    await world.settled(proxied.copy)
    assert "I say something here too" in str(world.discord.messages(proxied.original.id))
    assert proxied._open_threads() == [proxied.original.id, proxied.copy]


async def test_after_a_gap_the_copy_alone_is_answered(world: World) -> None:
    async with world.apart() as own:
        place = await own.converse(own.channel(), "hello")
        own.claude.default = lambda _: "Of threads."
        gate = own.claude.hold(None)
        proxied = Proxied.of(own, place, mentions=False)
        proxied.play("original")
        await gate.reached()
        await own.bots.pop().kill()
        proxied.play("copy")
        proxied.play("deletion")
        await own.start_bot()
        gate.release()
        await proxied.check()


async def test_two_bots_answer_a_proxied_message_once(world: World) -> None:
    async with world.apart(bots=2) as own:
        place = own.channel()
        own.claude.default = lambda _: "Of threads."
        proxied = Proxied.of(own, place, mentions=True)
        for event in ORDERS[0]:
            proxied.play(event)
        await proxied.check()


async def test_an_edit_of_the_proxied_message_is_answered_anew(world: World) -> None:
    place = await world.converse(world.channel(), "hello")
    channel = world.discord.world.channels[place]
    copy = world.discord.post_as_webhook(channel, "Luna", COPIED, application_id=PLURALKIT)
    await world.settled(int(copy["id"]))
    world.claude.say("A weft, then.")
    world.discord.edit_as_webhook(copy["id"], "what is a weft?")
    await world.until(lambda: world.replies(place)[-1]["content"] == "A weft, then.")
    assert len(world.replies(place)) == 2
    assert "warp" not in sent(world)


async def test_security_other_webhooks_and_other_applications_are_no_people(world: World) -> None:
    place = await world.converse(world.channel(), "hello")
    channel = world.discord.world.channels[place]
    world.discord.post_as_webhook(channel, "Luna", "by nobody")
    world.discord.post_as_webhook(channel, "Luna", "by another application", application_id=4711)
    await world.settled(await world.ann.post(place, "by a person"))
    assert "by nobody" not in sent(world)
    assert "another application" not in sent(world)


async def test_security_whom_an_admin_does_not_name_is_no_proxy(world: World) -> None:
    async with world.apart({"BOT_DISCORD__PROXIES": ""}) as own:
        place = await own.converse(own.channel(), "hello")
        channel = own.discord.world.channels[place]
        own.discord.post_as_webhook(channel, "Luna", COPIED, application_id=PLURALKIT)
        await own.settled(await own.ann.post(place, "by a person"))
        assert COPIED not in sent(own)


async def test_security_who_repeats_a_message_that_stands_neither_acts_for_its_author_nor_takes_it_back(
    world: World,
) -> None:
    place = world.channel()
    world.claude.default = lambda _: "Of threads."
    proxied = Proxied.of(world, place, mentions=True)
    await world.settled(proxied.play("original"))
    asked = len(world.asked)
    proxied.play("copy")
    await world.bots[0].logged("original_stands", message=proxied.original.id)
    assert is_because(await why(world.ben, place, proxied.copy), Reason.REPEATED)
    assert proxied._open_threads() == [proxied.original.id]
    assert len(proxied.answers()) == 1
    await world.settled(await world.ann.post(proxied.original.id, "and further?"))
    assert len(world.asked) == asked + 1
    assert COPIED in sent(world)


async def test_who_wrote_the_original_may_have_the_answer_written_anew(world: World) -> None:
    place = await world.converse(world.channel(), "hello")
    proxied = Proxied.of(world, place, mentions=False)
    await world.settled(proxied.play("original"))
    proxied.play("copy")
    proxied.play("deletion")
    await world.settled(proxied.copy)
    world.claude.say("Once more.")
    await world.ann.command(place, "retry")
    await world.until(lambda: world.replies(place)[-1]["content"] == "Once more.")


async def test_a_proxied_mention_opens_no_thread_where_people_may_open_none(world: World) -> None:
    place = world.channel()
    channel = world.discord.world.channels[place]
    world.discord.set_overwrite(channel, channel.guild_id or 0, deny=bits.CREATE_PUBLIC_THREADS)
    world.discord.set_overwrite(channel, world.app.user_id, allow=bits.CREATE_PUBLIC_THREADS)
    copy = world.discord.post_as_webhook(channel, "Luna", f"{world.mention} hi", application_id=PLURALKIT)
    (notice,) = await world.noticed(place)
    assert "Create Public Threads" in notice["content"]
    assert int(copy["id"]) not in world.discord.world.channels

"""What is deleted on Discord takes its data along: threads, channels, servers; also what nobody heard of."""

from __future__ import annotations

import time

import pytest

from bot.commands.privacy import MAY_NOT_SET, changed, shown, too_long
from bot.local.simulator.discord import guilds
from bot.store.key_lifetimes import RECENT_TEXT_S
from tests.e2e.controls import answer
from tests.e2e.stored import redis_of, stored
from tests.e2e.world import World
from tests.files import samples
from tests.redis_server import redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

DAY_S = 24 * 3600.0
TULIPS = "a question about tulips"


async def holding(world: World, word: str = "tulips") -> list[str]:
    """The keys that hold a word."""
    return [key for key, value in (await stored(world)).items() if word in value]


async def test_a_deleted_thread_takes_its_history_its_settings_and_its_files_along(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), TULIPS)
        before = set(own.claude.files.files)
        picture = ("loom.jpg", "image/jpeg", samples.photo())
        await own.settled(await own.ann.post(thread, "look at this", attachments=[picture]))
        (file,) = set(own.claude.files.files) - before
        await answer(
            await own.ann.command(thread, "model set", {"model": "claude-haiku-5-5", "scope": "thread"})
        )
        assert await holding(own)
        await own.admin.delete_channel(thread)
        await own.bots[0].logged("conversation_erased", conversation=thread)
        assert await holding(own) == []
        assert not any(key.startswith((f"{{{thread}}}:h", f"{{{thread}}}:meta")) for key in await stored(own))
        assert not any(f":set:{thread}" in key for key in await stored(own))
        await own.until(lambda: file not in own.claude.files.files)


async def test_a_deleted_message_is_gone_within_a_minute_from_every_key(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        said = await own.ann.post(thread, TULIPS)
        await own.settled(said)
        await own.ann.delete(thread, said["id"])
        await own.bots[0].logged("message_deleted", message=int(said["id"]))
        async with redis_of(own) as redis:
            # The text is noted for a copy that a proxy may post; the note ends by itself.
            left = await holding(own)
            assert left == [key for key in left if ":n:" in key]
            for key in left:
                assert 0 < await redis.ttl(f"{own.prefix}:{key}") <= RECENT_TEXT_S <= 60


async def test_a_conversation_that_is_quiet_for_longer_than_its_server_keeps_it_is_erased() -> None:
    ago_s = 5 * DAY_S
    with redis_server() as url:
        own = await World.build(url, clock=lambda: time.time() - ago_s)
        try:
            bot = await own.start_bot()
            channel = own.channel()
            thread = await own.converse(channel, TULIPS)
            picture = ("loom.jpg", "image/jpeg", samples.photo())
            await own.settled(await own.ann.post(thread, "look at this", attachments=[picture]))
            assert own.claude.files.files
            await answer(await own.admin.command(channel, "privacy set", {"retention_days": 3}))
            await bot.stop()
            ago_s = 2 * DAY_S
            own.bots = [bot := await own.start_bot()]
            await bot.logged("conversations_expired", conversations=1)
            assert await holding(own) == []
            await own.until(lambda: not own.claude.files.files)
            await own.settled(await own.converse(channel, "roses"))
            await bot.stop()
            ago_s = 0.0
            own.bots = [await own.start_bot()]
            await own.settled(await own.converse(channel, "daisies"))
            assert await holding(own, "roses")
        finally:
            await own.close()


async def test_a_deleted_channel_takes_the_conversations_of_its_threads_along(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, TULIPS)
        await own.settled(thread)
        await own.admin.edit_thread(thread, archived=True)
        await own.settled(await own.converse(own.channel(), "roses"))
        await answer(
            await own.admin.command(channel, "model set", {"model": "claude-haiku-5-5", "scope": "channel"})
        )
        await own.admin.delete_channel(channel)
        await own.bots[0].logged("conversation_erased", conversation=thread)
        assert await holding(own) == []
        assert await holding(own, "roses")
        async with redis_of(own) as redis:
            assert not await redis.exists(f"{own.prefix}:{{{own.guild.id}}}:set:{channel}")


async def test_a_server_that_the_bot_leaves_takes_everything_along(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        await own.settled(await own.converse(channel, TULIPS))
        opened = await own.admin.command(channel, "system set", {"scope": "server"})
        await opened.response()
        await answer(await own.admin.submit(opened, {"prompt": "Speak of tulips."}))
        guilds.leave(own.discord.world, own.guild, own.discord.world.user(own.app.user_id))
        own.discord.commit()
        await own.bots[0].logged("server_erased", server=own.guild.id)
        found = await stored(own)
        assert not any("tulips" in value for value in found.values())
        assert not any(key.startswith(f"{{{own.guild.id}}}") for key in found)


async def test_what_was_deleted_while_the_bot_was_down_is_found_and_goes(world: World) -> None:
    async with world.apart() as own:
        kept = await own.converse(own.channel(), "roses")
        deleted = await own.converse(own.channel(), TULIPS)
        channel = own.channel()
        await own.settled(await own.converse(channel, "a question about orchids"))
        await own.bots[0].stop()
        await own.admin.delete_channel(deleted)
        await own.admin.delete_channel(channel)
        await own.admin.edit_thread(kept, archived=True)
        bot = await own.start_bot()
        own.bots = [bot]
        await bot.logged("conversation_erased", conversation=deleted)
        assert await holding(own) == []
        assert await holding(own, "orchids") == []
        assert await holding(own, "roses")


async def test_how_long_a_server_keeps_conversations_is_set_by_those_who_manage_it(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, TULIPS)
        await own.settled(thread)
        assert await answer(await own.ann.command(channel, "privacy show")) == shown(90, 90)
        refused = await own.ann.command(channel, "privacy set", {"retention_days": 3})
        assert await answer(refused) == MAY_NOT_SET
        longer = await own.admin.command(channel, "privacy set", {"retention_days": 91})
        assert await answer(longer) == too_long(90)
        allowed = await own.admin.command(channel, "privacy set", {"retention_days": 3})
        assert await answer(allowed) == changed(3, 90)
        assert await answer(await own.ann.command(channel, "privacy show")) == shown(3, 90)
        await answer(await own.admin.command(channel, "privacy set", {"retention_days": 90}))
        assert await answer(await own.ann.command(channel, "privacy show")) == shown(90, 90)


async def test_a_server_that_the_bot_joins_again_begins_afresh(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, TULIPS)
        await own.settled(thread)
        await answer(await own.admin.command(channel, "answer set", {"mode": "never", "scope": "server"}))
        user = own.discord.world.user(own.app.user_id)
        permissions = own.guild.members[user.id]
        guilds.leave(own.discord.world, own.guild, user)
        own.discord.commit()
        await own.bots[0].logged("server_erased", server=own.guild.id)
        guilds.join(own.discord.world, own.guild, user)
        own.guild.members[user.id] = permissions
        own.discord.commit()
        again = await own.converse(channel, "do you know me?")
        assert TULIPS not in str(own.asked[-1].body["messages"])
        await own.settled(await own.ann.post(thread, f"{own.mention} and here?"))
        assert TULIPS not in str([each.body["messages"] for each in own.asked[-2:]])
        assert await holding(own) == []
        assert own.replies(again)

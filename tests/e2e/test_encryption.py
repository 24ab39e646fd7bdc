"""Content in Redis is encrypted where keys are set, on a store that may hold plain content."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from tests.e2e.forgetting_scene import holding
from tests.e2e.lively import lively
from tests.e2e.stored import stored
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


async def test_security_no_key_holds_a_word_of_people_where_keys_are_set(world: World) -> None:
    async with world.apart(bots=0) as own:
        await own.start_bot(BOT_PRIVACY__KEYS=NEW)
        scene = await lively(own)
        found = await stored(own)
        # The scene writes the reminder by itself, with a client that has no keys.
        found = {key: value for key, value in found.items() if not key.endswith("}:m")}
        assert holding(found, scene.canary.words) == {}
        assert NEW not in own.bots[0].output
        assert holding(found, written(own)) == {}


def written(world: World) -> dict[str, str]:
    """Every text and every name that stands on Discord in a world, by where it stands."""
    places = [place for place in world.discord.world.channels.values() if place.guild_id == world.guild.id]
    texts = {"server": world.guild.name, "ann": world.ann.user.username, "ben": world.ben.user.username}
    for place in places:
        texts[f"name of {place.id}"] = place.name
        for message in world.discord.messages(place.id):
            texts[f"message {message['id']}"] = message["content"]
    # Shorter ones stand in ids and in the names of settings.
    return {where: text for where, text in texts.items() if text and len(text) > 4}


async def test_keys_are_set_rotated_and_lost_on_a_live_store(world: World) -> None:
    async with world.apart(bots=0) as own:
        bot = await own.start_bot()
        thread = await own.converse(own.channel(), "first question")

        async def goes_on(question: str, count: int, **settings: str) -> None:
            nonlocal bot
            await bot.stop()
            bot = await own.start_bot(**settings)
            await own.ann.post(thread, question)
            await own.answered(thread, count)
            assert "first question" in str(own.asked[-1])

        await goes_on("second question", 2, BOT_PRIVACY__KEYS=OLD)
        await goes_on("third question", 3, BOT_PRIVACY__KEYS=f"{NEW},{OLD}")
        found = holding(await stored(own), {"second": "second question", "third": "third question"})
        assert found == {}
        await bot.stop()
        bot = await own.start_bot(BOT_PRIVACY__KEYS=NEW)
        await own.ann.post(thread, "fourth question")
        await own.until(lambda: "conversation_unreadable" in bot.output)
        assert "privacy.keys" in bot.output
        await bot.stop()
        bot = await own.start_bot(BOT_PRIVACY__KEYS=f"{NEW},{OLD}")
        await own.answered(thread, 4)
        assert "first question" in str(own.asked[-1])

"""A conversation with a photo: bytes that go to Claude and time to the first text per turn, by id and inline."""

from __future__ import annotations

import asyncio
import io
import os
import random
import statistics
import time
from dataclasses import dataclass

from PIL import Image
from redis.asyncio import Redis

from tests.bench._figures import spread
from tests.e2e.world import World
from tests.redis_server import redis_server

TURNS = 10
PHOTO_BYTES = 5_000_000
SIZE = (4000, 3000)
WINDOW_S = 5.1
"""Discord allows five posts and edits in 5 s in a channel, and the bot keeps to a little less."""

BUSY_CALLS = 2
"""A reply takes one or two calls, and its successor removes its buttons with another one."""

UPLINK_BITS_PER_S = 20_000_000
"""For the time that bytes take on their way, which the loopback interface hides."""


@dataclass
class Turn:
    """What one turn has sent, in bytes, and when its first text stood on Discord, in seconds."""

    sent: int
    uploaded: int
    first_text_s: float


def photo() -> bytes:
    """A JPEG of about `PHOTO_BYTES`: a gradient with the noise of a camera, 4000 by 3000 pixels."""
    noise = Image.frombytes(
        "L", (SIZE[0] // 2, SIZE[1] // 2), random.Random(1).randbytes(SIZE[0] * SIZE[1] // 4)
    )
    gradient = Image.linear_gradient("L").resize(SIZE)
    picture = Image.blend(gradient, noise.resize(SIZE), 0.3).convert("RGB")
    best = b""
    for quality in range(60, 98):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        best = out.getvalue()
        if len(best) >= PHOTO_BYTES:
            break
    return best


async def talk(world: World, data: bytes) -> list[Turn]:
    """Post the photo, ask further questions, and measure each turn.

    Each question waits until the channel's rate limit has room for its reply. Ten questions without a pause fill the
    limit: every third reply then waits for up to 4 s, whatever its files are.
    """
    thread = await world.converse(world.channel(), "hello")

    def has_room() -> bool:
        now = world.discord.world.clock()
        calls = [
            call
            for call in world.calls()
            if call.method in ("POST", "PATCH") and call.path.startswith(f"/channels/{thread}/messages")
        ]
        return len([call for call in calls if call.at > now - WINDOW_S]) <= BUSY_CALLS

    turns = []
    for number in range(TURNS):
        await world.until(has_room)
        before, calls = len(world.replies(thread)), len(world.claude.calls)
        files = [("photo.jpg", "image/jpeg", data)] if number == 0 else []
        began = time.perf_counter()
        posted = await world.ann.post(thread, f"question {number}", attachments=files)
        await world.until(lambda before=before: len(world.replies(thread)) > before)  # type: ignore[misc]
        first_text_s = time.perf_counter() - began
        await world.settled(posted)
        sent = dict.fromkeys(("/v1/messages", "/v1/files"), 0)
        for call in world.claude.calls[calls:]:
            if call.path in sent:
                sent[call.path] += int(
                    {k.lower(): v for k, v in call.headers.items()}.get("content-length", 0)
                )
        turns.append(Turn(sent["/v1/messages"], sent["/v1/files"], first_text_s))
    return turns


async def measure(data: bytes) -> dict[str, tuple[list[Turn], int]]:
    """Return the turns of each way, and the bytes that Redis then holds of the conversation."""
    found = {}
    with redis_server() as url:
        world = await World.build(url)
        redis: Redis = Redis.from_url(url, decode_responses=True, encoding_errors="replace")
        try:
            for mode in ("files", "inline"):
                async with world.apart({"BOT_CLAUDE__FILES": mode}) as own:
                    turns = await talk(own, data)
                    keys = [key async for key in redis.scan_iter(f"{own.prefix}:*")]
                    held = [int(await redis.memory_usage(key, samples=0) or 0) for key in keys]
                    found[mode] = turns, sum(held)
        finally:
            await redis.aclose()
            await world.close()
    return found


def main() -> None:
    """Print the figures with their conditions."""
    data = photo()
    load = os.getloadavg()[0]
    found = asyncio.run(measure(data))
    print(  # noqa: T201
        f"a JPEG of {len(data):,} bytes ({SIZE[0]} by {SIZE[1]}), posted in the first of {TURNS} turns; loopback, "
        f"local Discord and Claude without delays, default settings, each question as soon as Discord's limit of "
        f"five posts and edits in 5 s has room for its reply, load {load:.1f} on {os.cpu_count()} cores:"
    )
    for mode, (turns, held) in found.items():
        first, *later = turns
        total = sum(each.sent + each.uploaded for each in turns)
        way = statistics.mean(each.sent for each in later) * 8 / UPLINK_BITS_PER_S
        print(  # noqa: T201
            f"  {mode}: first turn {first.uploaded:,} bytes uploaded and {first.sent:,} sent, first text "
            f"{1000 * first.first_text_s:.0f} ms (download and conversion included)\n"
            f"    later turns: {min(each.sent for each in later):,} to {max(each.sent for each in later):,} bytes, "
            f"first text {spread([each.first_text_s for each in later])}; "
            f"at 20 Mbit/s the bytes add {1000 * way:.0f} ms\n"
            f"    together {total:,} bytes; Redis holds {held:,} bytes"
        )


if __name__ == "__main__":
    main()

"""Files: the lag of the event loop while large ones are converted, and what mutated files do to a worker."""

from __future__ import annotations

import asyncio
import random
import resource
import time
from pathlib import Path

from bot.files.convert import Converter
from bot.files.result import Limits, Problem
from bot.files.worker import convert
from tests.files import samples

LARGE_FILES = 20
LAG_GOAL_S = 0.05
TICK_S = 0.005
MUTATIONS = 10_000
FIXTURES = Path(samples.__file__).parent / "fixtures"


async def lag(files: list[bytes]) -> list[float]:
    """Return how late a task of the event loop ran, each 5 ms, while the files were converted."""
    converter = Converter(Limits())
    late: list[float] = []

    async def tick() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(TICK_S)
            late.append(time.perf_counter() - began - TICK_S)

    ticking = asyncio.create_task(tick())
    await asyncio.gather(*(converter.convert(data) for data in files))
    ticking.cancel()
    return sorted(late)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return a file with some bytes changed, removed or repeated."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 20)):
        at = chance.randrange(len(made)) if made else 0
        match chance.randrange(4):
            case 0 if made:
                made[at] = chance.randrange(256)
            case 1:
                del made[at : at + chance.randint(1, 200)]
            case 2:
                made[at:at] = made[at : at + chance.randint(1, 200)]
            case _:
                made[at : at + 4] = chance.choice(
                    (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff")
                )
    return bytes(made)


def fuzz(mutations: int = MUTATIONS, seed: int = 1) -> dict[str, int]:
    """Convert mutated files of every kind in this process, within the memory of a worker; return the outcomes."""
    chance = random.Random(seed)
    originals = [
        *(samples.picture(kind, (64, 48)) for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF")),
        samples.photo((80, 60)),
        samples.animation(),
        samples.pdf(),
        samples.pdf(password=""),
        samples.document(),
        samples.spreadsheet(),
        samples.open_spreadsheet(),
        samples.slides(),
        *((FIXTURES / name).read_bytes() for name in ("photo.heic", "collection.heic")),
        samples.voice(3),
        samples.wav(),
        "Die Weberin prüft größere Stücke.\n".encode("cp1252") * 20,
    ]
    outcomes: dict[str, int] = {}
    for _ in range(mutations):
        made = convert(mutated(chance.choice(originals), chance), Limits())
        name = made.value if isinstance(made, Problem) else type(made).__name__
        outcomes[name] = outcomes.get(name, 0) + 1
    return outcomes


def main() -> None:
    """Print each figure with its goal."""
    photo = samples.photo((4000, 3000))
    files = [photo, samples.pdf(400), samples.picture("PNG", (3000, 3000))] * (LARGE_FILES // 3 + 1)
    late = asyncio.run(lag(files[:LARGE_FILES]))
    p99 = late[int(len(late) * 0.99)]
    print(f"lag of the event loop while {LARGE_FILES} large files are converted: p99 {p99 * 1000:.1f} ms")  # noqa: T201
    print(f"  goal {LAG_GOAL_S * 1000:.0f} ms; longest {late[-1] * 1000:.1f} ms, {len(late)} ticks")  # noqa: T201
    began = time.perf_counter()
    outcomes = fuzz()
    took = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{MUTATIONS} mutated files: {outcomes}, {took:.0f} s, {memory:.0f} MB at most")  # noqa: T201


if __name__ == "__main__":
    main()

"""A few runs in which everything goes wrong at once; `make chaos` makes many."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.engine.last_release import NoRelease, unpack
from tests.engine.schedule import schedule
from tests.engine.store_process import boundary
from tests.engine.table import explained, in_a_process

SEEDS = (1, 2, 5)
MIXED_SEED = 3
FAULTY_S = 12.0
LEAST_MESSAGES = 7


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_goes_wrong_each_message_is_answered_once_and_nothing_is_left_to_do(seed: int) -> None:
    outcome = await in_a_process(seed, "--seconds", str(FAULTY_S))
    assert not outcome.failures, explained(outcome)
    assert outcome.messages >= LEAST_MESSAGES


async def test_two_releases_side_by_side_lose_and_repeat_nothing(tmp_path: Path) -> None:
    try:
        unpack(tmp_path)
    except NoRelease as error:
        pytest.skip(str(error))
    outcome = await in_a_process(MIXED_SEED, "--seconds", str(FAULTY_S), "--quick", "--mixed")
    assert not outcome.failures, explained(outcome)
    assert outcome.messages >= LEAST_MESSAGES
    assert outcome.last_release >= 1, "a bot of each release has listened"
    assert outcome.faults["kill"] >= 2
    assert outcome.faults["store_rollback"] >= 1


def test_a_seed_always_draws_the_same_run() -> None:
    assert schedule(7, 20.0) == schedule(7, 20.0)
    assert schedule(7, 20.0) != schedule(8, 20.0)


def test_a_file_is_cut_behind_a_whole_command_and_never_within_a_transaction() -> None:
    def command(*words: str) -> bytes:
        return f"*{len(words)}\r\n".encode() + b"".join(f"${len(w)}\r\n{w}\r\n".encode() for w in words)

    whole = [command("SET", "a", "1"), command("MULTI"), command("SET", "b", "*\r\n"), command("EXEC")]
    held = b"".join(whole) + command("DEL", "a")
    starts = {0, len(whole[0]), sum(map(len, whole)), len(held)}
    chance = random.Random(1)
    for most in [0, len(held), *(chance.randrange(len(held)) for _ in range(50))]:
        assert boundary(held, most) == max(start for start in starts if start <= most)

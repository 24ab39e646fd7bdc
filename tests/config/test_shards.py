"""Which shards the settings give a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import DiscordSettings, Exit
from bot.config.shards import shards_of
from bot.conversation.errors import StartError
from bot.conversation.shards import Shards
from tests.config.stage import refusal


@pytest.mark.parametrize(
    ("environ", "ids"),
    [
        ({"HOSTNAME": "bobbin-3"}, (3, 7)),
        ({"HOSTNAME": "bobbin-b-0"}, (0, 4)),
        ({"HOSTNAME": "bobbin-5"}, (1, 5)),  # the second instance of a group
        ({"HOSTNAME": "3f2a", "DYNO": "worker.4"}, (0, 4)),
    ],
)
def test_a_process_finds_its_group_by_the_number_that_the_host_gives_it(
    environ: dict[str, str], ids: tuple[int, ...]
) -> None:
    settings = DiscordSettings(shard_count=8, shard_groups=4)
    assert shards_of(settings, environ) == Shards(ids, 8)


def test_the_groups_together_have_each_shard_once() -> None:
    settings = DiscordSettings(shard_count=10, shard_groups=4)
    found = [shards_of(settings, {"HOSTNAME": f"bobbin-{number}"}).ids for number in range(4)]
    assert sorted(shard for ids in found for shard in ids) == list(range(10))


@pytest.mark.parametrize("environ", [{}, {"HOSTNAME": "laptop"}, {"HOSTNAME": "3"}, {"DYNO": "worker"}])
def test_without_a_number_a_group_is_refused_in_one_line(environ: dict[str, str]) -> None:
    with pytest.raises(StartError) as caught:
        shards_of(DiscordSettings(shard_count=8, shard_groups=4), environ)
    assert caught.value.exit_code == Exit.SETTINGS
    assert caught.value.line.startswith("discord.shard_groups: ")
    assert "\n" not in caught.value.line


def test_without_groups_the_shards_are_those_of_the_settings() -> None:
    assert shards_of(DiscordSettings(), {"HOSTNAME": "bobbin-3"}) == Shards()
    assert shards_of(DiscordSettings(shard_count=4, shard_ids=(1, 2)), {}) == Shards((1, 2), 4)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"BOT_DISCORD__SHARD_IDS": "0,1"}, "need shard_count"),
        ({"BOT_DISCORD__SHARD_GROUPS": "2"}, "need shard_count"),
        ({"BOT_DISCORD__SHARD_IDS": "0,2", "BOT_DISCORD__SHARD_COUNT": "2"}, "shard_ids names 2"),
        ({"BOT_DISCORD__SHARD_IDS": "1,1", "BOT_DISCORD__SHARD_COUNT": "2"}, "twice"),
        ({"BOT_DISCORD__SHARD_GROUPS": "3", "BOT_DISCORD__SHARD_COUNT": "2"}, "must not exceed"),
        (
            {
                "BOT_DISCORD__SHARD_IDS": "1",
                "BOT_DISCORD__SHARD_GROUPS": "2",
                "BOT_DISCORD__SHARD_COUNT": "2",
            },
            "exclude each other",
        ),
    ],
)
def test_shards_that_contradict_each_other_are_refused(
    tmp_path: Path, settings: dict[str, str], reason: str
) -> None:
    assert reason in refusal(tmp_path, **settings)

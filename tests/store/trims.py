"""A turn that has put a summary in front of the window."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.conversation.request import Usage
from bot.conversation.turn import Preface
from bot.store.pins_and_summaries import PinsAndSummaries
from tests.conversation.builders import turn
from tests.store.stage import KEYS


@pytest.fixture
def recall(redis: Redis) -> PinsAndSummaries:
    return PinsAndSummaries(redis, KEYS, ttl_s=1000)


PREFACE = Preface("They talked of looms.", (turn(1), replace(turn(2), members=(3, 4))))
TRIMMED = replace(turn(9), preface=PREFACE, side_usage=(Usage(input=5, output=2),), amended=7)

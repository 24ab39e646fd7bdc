"""How tools are described to people."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from bot.config import Settings
from bot.conversation.clock import Clock
from bot.conversation.server_tools import ServerToolLimits, definitions
from bot.tools.memory import MemoryTools
from bot.tools.offer import ABOUT, SENTENCE_CHARS, ToolOffer, known_tools
from bot.tools.tool import ToolContext
from bot.tools.toolbox import Toolbox
from bot.tools.typed import tool_of
from bot.wiring.toolbox import build_toolbox, server_tools
from bot.wiring.tools import discord_tools


async def create_poll(_context: ToolContext) -> str:
    """Words for Claude."""
    return ""


async def roll_dice(_context: ToolContext) -> str:
    """Roll dice. The rest is for Claude."""
    return ""


def test_our_tools_are_described_in_words_for_people_and_those_of_operators_by_their_docstrings() -> None:
    toolbox = Toolbox(tool_of(each, status="…") for each in (create_poll, roll_dice))
    offer = ToolOffer(definitions(ServerToolLimits()), toolbox, ())
    about = {each.name: each.about for each in offer.facts()}
    assert about["create_poll"] == ABOUT["create_poll"]
    assert about["roll_dice"] == "roll dice"
    assert about["web_search"] == ABOUT["web_search"]


def test_each_description_is_a_short_phrase_that_is_not_cut() -> None:
    for about in ABOUT.values():
        assert len(about) <= SENTENCE_CHARS
        assert about[0].islower()
        assert about[-1] not in ".…"


def test_the_tools_that_are_known_without_a_service_are_those_that_a_bot_offers() -> None:
    nothing = cast("Any", SimpleNamespace(messages=None, facts=None, actions=None, reminders=None))
    nothing.person_wishes = SimpleNamespace(left_out=None)
    nothing.forget_jobs = SimpleNamespace(covers=None)
    clock, memory = Clock(), MemoryTools(nothing, nothing, nothing, int)
    toolbox = build_toolbox(clock, memory, discord_tools(nothing, nothing, clock))
    offer = ToolOffer(server_tools(Settings().tools), toolbox, ())
    assert sorted(known_tools()) == sorted(each.name for each in offer.facts())

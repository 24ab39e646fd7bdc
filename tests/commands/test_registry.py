"""All features together: what is registered, and which custom ids are answered."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from typing import Any, cast

import discord
import pytest

import bot.commands
from bot.commands import Tree, build_tree
from bot.gateway.conversion import buttons
from bot.render.controls import Button
from tests.commands import services

SENT = (
    "bobbin:reset:1234567890123456789",
    "bobbin:keep:0",
    "bobbin:pins:1234567890123456789",
    "bobbin:file:1234567890123456789",
    "bobbin:correct:0123456789abcdef",
    "bobbin:audit:0:0:all:",
    "bobbin:withdraw-consent",
    "bobbin:prompts:thread:1764434123456-0",
    "bobbin:restore:server:1764434123456-12",
    "bobbin:audit:1764434123456-12:12345678901234567890:channel:access:role:12345678901234567890",
    *(buttons.custom_id(button, 1234567890123456789) for button in Button),
)
"""The custom ids of buttons; messages on Discord carry them for ever, so they never change."""

MODALS = (
    "bobbin:system:thread",
    "bobbin:system:channel",
    "bobbin:system:server",
    "bobbin:correct:0123abcd",
    "bobbin:preset:a tutor: kind, and patient",
)


@pytest.fixture
async def tree() -> Tree:
    """The tree of all features."""
    client = discord.Client(intents=discord.Intents(guilds=True))
    return build_tree(client, cast("Any", None), services())


async def test_the_commands_are_registered_in_an_order_that_stays(tree: Tree) -> None:
    names = [command.name for command in tree.get_commands()]
    assert names == [
        *("chat", "reset", "leave", "handover", "system", "model", "answer", "access", "budget", "usage"),
        *("stop", "retry", "continue", "context", "help", "my", "forget", "why", "settings", "audit"),
        *("export", "privacy", "about", "catchup", "tools", "memory", "reminders", "check"),
        *("Regenerate", "Why?", "Branch here"),
    ]
    assert list(tree.described()) == names[:-3]


@pytest.mark.parametrize("custom_id", SENT)
async def test_each_button_that_was_ever_sent_is_answered_by_one_handler(tree: Tree, custom_id: str) -> None:
    templates = tree.client._connection._view_store._dynamic_items
    assert len([template for template in templates if template.fullmatch(custom_id)]) == 1


@pytest.mark.parametrize("custom_id", MODALS)
async def test_each_modal_that_was_ever_sent_is_answered_by_one_handler(tree: Tree, custom_id: str) -> None:
    assert len([template for template, _ in tree._modals if template.fullmatch(custom_id)]) == 1


def test_no_answer_names_the_prefix_that_a_setting_may_change_or_switch_off() -> None:
    modules = [
        import_module(each.name) for each in pkgutil.iter_modules(bot.commands.__path__, "bot.commands.")
    ]
    texts = {
        f"{module.__name__}.{name}": text
        for module in modules
        for name, text in inspect.getmembers(module, lambda value: isinstance(value, str))
        if name.isupper()
    }
    assert "bot.commands.reset.QUESTION" in texts
    assert [name for name, text in texts.items() if "//" in text] == []

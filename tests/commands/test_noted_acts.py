"""What each command, button and modal changes for others, and how the audit log names that."""

from __future__ import annotations

from typing import Any, cast

import discord
import pytest
from discord import app_commands

from bot.commands import Tree, build_tree
from bot.conversation.answer_mode import ANSWER
from bot.conversation.audit import AUDIT_CHANNEL, Act
from bot.conversation.audit_view import KNOWN
from bot.conversation.privacy import RETENTION_DAYS
from bot.conversation.scope import MODEL_NAMES, SYSTEM
from tests.commands import services

CHANGES: dict[str, tuple[str, ...]] = {
    "leave": (Act.LEAVE, ANSWER),
    "handover": (Act.HANDED_OVER,),
    "system clear": (SYSTEM,),
    "system preset use": (SYSTEM,),
    "system preset delete": (Act.PRESET_DELETED,),
    "model set": MODEL_NAMES,
    "model clear": MODEL_NAMES,
    "tools set": ("tool",),
    "answer set": (ANSWER,),
    "answer clear": (ANSWER,),
    "access allow": ("access",),
    "access block": ("access",),
    "access clear": ("access", Act.PAUSE_LIFTED),
    "budget set": ("budget",),
    "budget clear": ("budget",),
    "budget notify": ("budget",),
    "privacy set": (RETENTION_DAYS,),
    "audit channel": (AUDIT_CHANNEL,),
    "stop": (Act.REPLY_STOPPED,),
    "retry": (Act.REPLY_REGENERATED,),
    "continue": (Act.REPLY_CONTINUED,),
    "Regenerate": (Act.REPLY_REGENERATED,),
    "ReplyControls.pressed": (Act.REPLY_STOPPED, Act.REPLY_REGENERATED, Act.REPLY_CONTINUED),
    "Reset.confirm": (Act.RESET,),
    "System.submitted": (SYSTEM,),
    "Presets.submitted": (Act.PRESET_SAVED,),
    "PromptHistory.restore": (SYSTEM,),
    "memory forget": (Act.FACT_FORGOTTEN,),
    "Context.correct": (Act.SUMMARY_CORRECTED,),
    "Context.apply_pins": (Act.PINS_APPLIED,),
    "Context.take_out": (Act.FILE_TAKEN_OUT,),
    "Forget.confirm": (SYSTEM,),
    "reminders cancel": (Act.REMINDER_CANCELLED,),
    "ApprovalButtons.pressed": (Act.TOOL_ALLOWED, Act.TOOL_REFUSED, "tool"),
    "ApprovalButtons.submitted": (Act.TOOL_REFUSED,),
}
"""What each of them notes: the settings, by name or family, and the acts."""

CHANGES_NOTHING = {
    *("system show", "system history", "system preset list", "model show", "answer show", "access show"),
    "tools show",
    *("budget show", "usage", "context", "help", "my data", "why", "Why?", "settings show", "audit show"),
    *("export", "privacy show", "about", "forget verify", "catchup", "reminders list", "check"),
    *("Audit.turn_page", "PromptHistory.turn_page"),
    # A branch is a thread beside the conversation, which stays as it is.
    "Branch here",
    # They ask, or open a modal; the button or the modal changes something.
    *("reset", "forget me", "system set", "system preset save", "Context.ask_for_correction", "About.ask"),
    *("Reset.keep", "Forget.keep"),
    # A conversation of one's own, one's own consent.
    *("chat", "About.agree", "About.withdraw"),
    # A fact of one's own, which /memory show lists.
    *("memory show", "memory remember"),
}


@pytest.fixture
async def tree() -> Tree:
    """The tree of all features."""
    client = discord.Client(intents=discord.Intents(guilds=True))
    return build_tree(client, cast("Any", None), services())


def handlers(tree: Tree) -> set[str]:
    """The commands by name, the buttons and the modals by what answers them."""
    commands = {
        command.qualified_name
        for command in tree.walk_commands()
        if not isinstance(command, app_commands.Group)
    }
    for kind in (discord.AppCommandType.message, discord.AppCommandType.user):
        commands |= {each.name for each in tree.get_commands(type=kind)}
    routes = (handler for _, handler in (*tree._buttons, *tree._modals))
    return commands | {cast("Any", handler).__qualname__ for handler in routes}


async def test_of_everything_that_people_can_press_it_is_known_what_it_changes_for_others(tree: Tree) -> None:
    assert CHANGES.keys().isdisjoint(CHANGES_NOTHING)
    assert handlers(tree) == CHANGES.keys() | CHANGES_NOTHING


def test_each_act_is_noted_by_something_and_the_log_can_be_filtered_by_it() -> None:
    noted = {name for names in CHANGES.values() for name in names}
    assert noted >= {*Act, SYSTEM, ANSWER, AUDIT_CHANNEL, RETENTION_DAYS, *MODEL_NAMES, "access", "budget"}
    assert {name.partition(".")[0] for name in noted} <= {name.partition(".")[0] for name in KNOWN}

"""The list of all features; a new feature is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import discord

from bot.commands.about import About
from bot.commands.access_rules import AccessRules
from bot.commands.answer import Answer
from bot.commands.approvals import ApprovalButtons
from bot.commands.audit import Audit
from bot.commands.branch import Branch
from bot.commands.budget import BudgetCommands
from bot.commands.catchup import Catchup
from bot.commands.chat import Chat
from bot.commands.check import Check
from bot.commands.context import Context
from bot.commands.export import Exports
from bot.commands.forget import Forget
from bot.commands.handover import Handover
from bot.commands.help import Help
from bot.commands.leave import Leave
from bot.commands.memory import MemoryCommands
from bot.commands.model import Model
from bot.commands.my_data import MyData
from bot.commands.privacy import Privacy
from bot.commands.reminders import ReminderCommands
from bot.commands.reply_controls import ReplyControls
from bot.commands.reset import Reset
from bot.commands.services import CommandServices
from bot.commands.settings import SettingsCommands
from bot.commands.system import System
from bot.commands.tools import Tools
from bot.commands.tree import Tree
from bot.commands.usage import Usage
from bot.commands.why import Why
from bot.store.coordination import Coordination


class Feature(Protocol):
    """A group of commands with their buttons, modals and menus."""

    def add_to(self, tree: Tree) -> None:
        """Add all commands, buttons, modals and menus to the tree."""


FEATURES: tuple[Callable[[CommandServices], Feature], ...] = (
    Chat,
    Reset,
    Leave,
    Handover,
    System,
    Model,
    Answer,
    AccessRules,
    BudgetCommands,
    Usage,
    ReplyControls,
    Context,
    Help,
    MyData,
    Forget,
    Why,
    SettingsCommands,
    Audit,
    Exports,
    Privacy,
    About,
    ApprovalButtons,
    Catchup,
    Branch,
    Tools,
    MemoryCommands,
    ReminderCommands,
    Check,
)
"""In the order of registration; a different order registers all commands again."""


def build_tree(client: discord.Client, coordination: Coordination, services: CommandServices) -> Tree:
    """Return the tree of all features; from now on it answers the interactions of `client`."""
    tree = Tree(client, coordination)
    for feature in FEATURES:
        feature(services).add_to(tree)
    return tree

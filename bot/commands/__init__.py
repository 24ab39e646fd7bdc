"""Slash commands, buttons, modals and menus: one file per feature, listed in the registry.

Other rooms import only the names that this module exports.
"""

from bot.commands.branching import Branching
from bot.commands.registry import build_tree
from bot.commands.services import CommandServices
from bot.commands.tree import Tree

__all__ = ["Branching", "CommandServices", "Tree", "build_tree"]

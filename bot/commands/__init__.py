"""Slash commands, buttons, modals and menus: one file per feature, listed in the registry.

This module is the room's face: whoever is outside imports from here alone.
"""

from bot.commands.branching import Branching
from bot.commands.registry import build_tree
from bot.commands.services import CommandServices
from bot.commands.tree import Tree

__all__ = ["Branching", "CommandServices", "Tree", "build_tree"]

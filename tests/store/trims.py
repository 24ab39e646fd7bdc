"""A turn that has put a summary in front of the window."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.request import Usage
from bot.conversation.turn import Preface
from tests.conversation.builders import turn

PREFACE = Preface("They talked of looms.", (turn(1), replace(turn(2), members=(3, 4))))
TRIMMED = replace(turn(9), preface=PREFACE, side_usage=(Usage(input=5, output=2),), amended=7)

"""The buttons of a reply on Discord; all they need to know is in their custom ids, so they outlive the process."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import discord

from bot.render.controls import NONE, Button, Controls

_LOOKS = {
    Button.STOP: ("Stop", discord.ButtonStyle.secondary),
    Button.REGENERATE: ("Regenerate", discord.ButtonStyle.secondary),
    Button.TRY_AGAIN: ("Try again", discord.ButtonStyle.primary),
    Button.CONTINUE: ("Continue", discord.ButtonStyle.primary),
}

TEMPLATE = re.compile(rf"bobbin:(?P<button>{'|'.join(button.value for button in Button)}):(?P<lead>[0-9]+)")
"""What `custom_id` returns, taken apart: the button's value and the lead of its turn."""


def custom_id(button: Button, lead: int) -> str:
    """What a click sends: `bobbin:<button>:<lead>`."""
    return f"bobbin:{button.value}:{lead}"


def pressed(sent: str) -> tuple[Button, int] | None:
    """The button that a custom id belongs to and the lead of its turn, None if it is none of these."""
    match = TEMPLATE.fullmatch(sent)
    return None if match is None else (Button(match["button"]), int(match["lead"]))


def view(controls: Controls) -> discord.ui.View | None:
    """The buttons to send, None for none; stopped from the start, as discord.py would keep it for ever."""
    if not controls.buttons:
        return None
    made = discord.ui.View(timeout=None)
    for button in controls.buttons:
        label, style = _LOOKS[button]
        made.add_item(
            discord.ui.Button[discord.ui.View](
                label=label, style=style, custom_id=custom_id(button, controls.lead)
            )
        )
    made.stop()
    return made


def read(message: discord.Message) -> Controls:
    """The buttons that a message carries; none where a server does not tell of any."""
    components: Iterable[Any] = getattr(message, "components", ())
    children = [child for row in components for child in getattr(row, "children", ())]
    found = [each for child in children if (each := pressed(getattr(child, "custom_id", None) or ""))]
    return Controls(found[0][1], tuple(button for button, _ in found)) if found else NONE

"""Conversion of a reply's buttons; their custom ids hold all of their state, so they work after a restart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import discord

from bot.render.controls import NONE, OF_CARDS, OF_REPLIES, Button, Controls

_STYLES = {
    Button.STOP: ("Stop", discord.ButtonStyle.secondary),
    Button.REGENERATE: ("Regenerate", discord.ButtonStyle.secondary),
    Button.TRY_AGAIN: ("Try again", discord.ButtonStyle.primary),
    Button.CONTINUE: ("Continue", discord.ButtonStyle.primary),
    Button.CONSENT: ("Read and agree", discord.ButtonStyle.primary),
    Button.AGREE: ("I agree", discord.ButtonStyle.primary),
    Button.ALLOW: ("Allow once", discord.ButtonStyle.primary),
    Button.ALWAYS: ("Always here", discord.ButtonStyle.secondary),
    Button.REFUSE: ("Refuse", discord.ButtonStyle.secondary),
    Button.REFUSE_WHY: ("Refuse, and say why", discord.ButtonStyle.secondary),
}

TEMPLATE = re.compile(
    rf"bobbin:(?P<button>{'|'.join(button.value for button in OF_REPLIES)}):(?P<turn_id>[0-9]+)"
)
"""What `custom_id` returns for a button of a reply, taken apart: the button's value and the id of its turn."""


OF_CARDS_TEMPLATE = re.compile(
    rf"bobbin:(?P<button>{'|'.join(button.value for button in OF_CARDS)}):(?P<approval>[0-9]+)"
)
"""The same for a button of a card: the button's value and the id of the call that waits."""


def custom_id(button: Button, turn_id: int) -> str:
    """Return the custom id of a button: `bobbin:<button>:<turn_id>`."""
    return f"bobbin:{button.value}:{turn_id}"


def pressed(custom_id: str) -> tuple[Button, int] | None:
    """Return the button of a custom id and the id of its turn, None for other custom ids."""
    match = TEMPLATE.fullmatch(custom_id)
    return None if match is None else (Button(match["button"]), int(match["turn_id"]))


def view(controls: Controls) -> discord.ui.View | None:
    """Return a view of the buttons, None for no buttons. It is stopped, because discord.py keeps other views."""
    if not controls.buttons:
        return None
    made = discord.ui.View(timeout=None)
    for button in controls.buttons:
        label, style = _STYLES[button]
        made.add_item(
            discord.ui.Button[discord.ui.View](
                label=label, style=style, custom_id=custom_id(button, controls.turn_id)
            )
        )
    made.stop()
    return made


def read(message: discord.Message) -> Controls:
    """Return the buttons of a message; some servers send no components."""
    components: Iterable[Any] = getattr(message, "components", ())
    children = [child for row in components for child in getattr(row, "children", ())]
    found = [each for child in children if (each := pressed(getattr(child, "custom_id", None) or ""))]
    return Controls(found[0][1], tuple(button for button, _ in found)) if found else NONE

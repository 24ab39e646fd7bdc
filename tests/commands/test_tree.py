"""Which handler answers a button or a modal, and which of several instances."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import discord
import pytest

from bot.commands import tree as tree_module
from bot.commands.tree import Tree
from bot.conversation.errors import StoreUnavailable

TEMPLATE = r"test:button:(?P<number>[0-9]+)"
PERSON = {"id": "5", "username": "ann", "discriminator": "0", "avatar": None}


class Taker:
    """The shared notes of the instances: who takes an interaction."""

    def __init__(self, mine: bool = True) -> None:
        self.mine = mine

    async def take(self, _: int) -> bool:
        """Whether this instance answers."""
        return self.mine


class Heard:
    """What handlers and the explanation of failures were called with."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.failures: list[BaseException] = []

    async def handle(self, _: object, **groups: Any) -> None:
        """Be called for a button or a modal."""
        self.calls.append(groups)

    async def fail(self, *_: object, **_groups: object) -> None:
        """Fail as a handler does without a store."""
        raise StoreUnavailable("away")

    async def explain(self, _: object, error: BaseException) -> None:
        """Be told of a failure."""
        self.failures.append(error)


@pytest.fixture
async def client() -> AsyncIterator[discord.Client]:
    """A client that is not connected, but has a running loop to dispatch in."""
    made = discord.Client(intents=discord.Intents(guilds=True))
    await made._async_setup_hook()
    yield made
    await made.close()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """What was heard of."""
    noted = Heard()
    monkeypatch.setattr(tree_module, "explain", noted.explain)
    return noted


def tree_of(client: discord.Client, coordination: Taker | None = None) -> Tree:
    """A tree without commands."""
    return Tree(client, cast("Any", coordination or Taker()))


async def interact(client: discord.Client, kind: int, data: dict[str, Any], **more: Any) -> None:
    """Have an interaction arrive, and let everything run that it starts."""
    event = {
        "id": "9",
        "application_id": "1",
        "type": kind,
        "token": "t",
        "version": 1,
        "user": PERSON,
        "attachment_size_limit": 0,
    }
    client._connection.parse_interaction_create(cast("Any", {**event, "data": data, **more}))
    for _ in range(10):
        await asyncio.sleep(0)


async def press(client: discord.Client, custom_id: str, *, shown: bool = True) -> None:
    """Press the one button of a message, which the server leaves out of the message unless it is `shown`."""
    button = {"type": 2, "style": 2, "label": "Press", "custom_id": custom_id}
    channel = {"id": "3", "type": 1, "recipients": [PERSON]}
    message = {
        "id": "4",
        "channel_id": "3",
        "author": PERSON,
        "content": "",
        "timestamp": "2026-11-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
        "components": [{"type": 1, "components": [button]}] if shown else [],
    }
    data = {"custom_id": custom_id, "component_type": 2}
    await interact(client, 3, data, message=message, channel=channel, channel_id="3")


async def submit(client: discord.Client, custom_id: str) -> None:
    """Submit a modal that no process here has opened."""
    field = {"type": 4, "id": 2, "custom_id": "field", "value": "written"}
    label = {"type": 18, "id": 1, "component": field}
    await interact(client, 5, {"custom_id": custom_id, "components": [label]})


@pytest.mark.parametrize("shown", [True, False])
async def test_a_button_is_answered_once_by_the_template_of_its_custom_id(
    client: discord.Client, heard: Heard, shown: bool
) -> None:
    tree = tree_of(client)
    tree.add_button(TEMPLATE, heard.handle)
    tree.add_button("test:other", heard.fail)
    for custom_id in ("test:button:7", "test:button:", "test:button:7x", "strange"):
        await press(client, custom_id, shown=shown)
    assert heard.calls == [{"number": "7"}]
    assert heard.failures == []


async def test_a_modal_that_another_process_opened_is_answered_with_its_texts(
    client: discord.Client, heard: Heard
) -> None:
    tree_of(client).add_modal(TEMPLATE, heard.handle)
    for custom_id in ("test:button:7", "test:button:7x", "strange"):
        await submit(client, custom_id)
    assert heard.calls == [{"values": {"field": "written"}, "number": "7"}]


@pytest.mark.parametrize("act", [press, submit])
async def test_what_another_instance_has_taken_is_not_answered(
    client: discord.Client, heard: Heard, act: Any
) -> None:
    tree = tree_of(client, Taker(mine=False))
    tree.add_button(TEMPLATE, heard.handle)
    tree.add_modal(TEMPLATE, heard.handle)
    await act(client, "test:button:7")
    assert heard.calls == []


@pytest.mark.parametrize("act", [press, submit])
async def test_a_failure_of_a_handler_is_explained(client: discord.Client, heard: Heard, act: Any) -> None:
    tree = tree_of(client)
    tree.add_button(TEMPLATE, heard.fail)
    tree.add_modal(TEMPLATE, heard.fail)
    await act(client, "test:button:7")
    assert [type(error) for error in heard.failures] == [StoreUnavailable]

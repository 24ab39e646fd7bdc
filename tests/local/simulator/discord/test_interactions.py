"""Commands, buttons, menus and modals with discord.py as the client: `commands`, `invocations`, `components`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import discord as discordpy
import pytest
from discord import app_commands

from bot.local.simulator.discord import ApiError
from bot.local.simulator.discord import permissions as bits
from tests.local.simulator.discord.conftest import Client, Scene, running

pytestmark = pytest.mark.usefixtures("pointed")

Ix = discordpy.Interaction[discordpy.Client]


class Form(discordpy.ui.Modal):
    """A modal of the new kind: a label around a text field."""

    def __init__(self) -> None:
        super().__init__(title="A prompt", custom_id="form")
        self.field: discordpy.ui.TextInput[Form] = discordpy.ui.TextInput(
            custom_id="text", style=discordpy.TextStyle.long, default="before"
        )
        self.add_item(discordpy.ui.Label(text="Prompt", component=self.field))

    async def on_submit(self, interaction: Ix) -> None:
        await interaction.response.send_message(f"got {self.field.value}", ephemeral=True)


class Buttons(discordpy.ui.View):
    """A confirmation and a menu."""

    @discordpy.ui.button(label="Yes", custom_id="yes")
    async def yes(self, interaction: Ix, _: discordpy.ui.Button[Buttons]) -> None:
        await interaction.response.edit_message(content="done", view=None)

    @discordpy.ui.select(
        custom_id="menu", options=[discordpy.SelectOption(label="A"), discordpy.SelectOption(label="B")]
    )
    async def menu(self, interaction: Ix, select: discordpy.ui.Select[Buttons]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content=f"chose {select.values[0]}")


def tree_of(client: discordpy.Client) -> app_commands.CommandTree[discordpy.Client]:
    tree = app_commands.CommandTree(client)

    @tree.command()
    async def chat(interaction: Ix, message: str, private: bool = False) -> None:
        """Open a thread."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.edit_original_response(content=f"{message} {private}")
        await interaction.followup.send("and more", ephemeral=True)

    @tree.command()
    @app_commands.default_permissions(manage_guild=True)
    async def ask(interaction: Ix) -> None:
        """Ask before doing it."""
        await interaction.response.send_message("Sure?", view=Buttons())

    system = app_commands.Group(name="system", description="The prompt.")

    @system.command(name="set")
    @app_commands.choices(scope=[app_commands.Choice(name="This thread", value="thread")])
    async def set_(interaction: Ix, scope: str) -> None:
        """Change it."""
        await interaction.response.send_modal(Form())

    tree.add_command(system)

    @tree.command()
    async def model(interaction: Ix, name: str) -> None:
        """Choose a model."""
        await interaction.response.send_message(name)

    @model.autocomplete("name")
    async def names(_: Ix, typed: str) -> list[app_commands.Choice[str]]:
        return [
            app_commands.Choice(name=each, value=each) for each in ("clara", "dora") if each.startswith(typed)
        ]

    @tree.context_menu(name="Regenerate")
    async def regenerate(interaction: Ix, message: discordpy.Message) -> None:
        await interaction.response.send_message(f"again: {message.content}")

    return tree


@contextlib.asynccontextmanager
async def with_commands() -> AsyncIterator[Client]:
    client = Client()
    tree = tree_of(client)
    async with running(client):
        await tree.sync()
        yield client


async def test_a_deferred_answer_is_filled_in_and_followed_up_for_its_user_only(scene: Scene) -> None:
    async with with_commands():
        asked = await scene.ann.command(scene.text, "chat", {"message": "hi", "private": True})
        first = await asked.response()
        assert (first.kind, first.ephemeral) == ("deferred", True)
        message = await asked.message()
        assert (message["content"], message["ephemeral"]) == ("hi True", True)
        await scene.discord.until(lambda: asked.followups)
        assert asked.followups[0]["content"] == "and more"
        assert asked.followups[0]["id"] != message["id"]
    assert scene.discord.messages(scene.text.id) == []


async def test_a_button_and_a_menu_change_the_message_they_stand_on(scene: Scene) -> None:
    boss = scene.discord.add_user("boss", guild=scene.guild, permissions=bits.MANAGE_GUILD)
    async with with_commands():
        message = await (await boss.command(scene.text, "ask")).message()
        assert message["type"] == 20
        assert message["interaction_metadata"]["user"]["username"] == "boss"
        chosen = await boss.choose(scene.text, message["id"], "menu", ["B"])
        assert (await chosen.response()).kind == "deferred_update"
        await scene.discord.until(lambda: scene.discord.message(int(message["id"]))["content"] == "chose B")
        pressed = await boss.press(scene.text, message["id"], "yes")
        assert (await pressed.response()).kind == "update"
        changed = await pressed.message()
        assert (changed["id"], changed["content"], changed["components"]) == (message["id"], "done", [])
        with pytest.raises(ApiError, match="50035"):
            await boss.press(scene.text, message["id"], "yes")


async def test_a_modal_is_opened_filled_in_and_answered(scene: Scene) -> None:
    async with with_commands():
        opened = await scene.ann.command(scene.text, "system set", {"scope": "This thread"})
        modal = await opened.response()
        assert (modal.kind, modal.data["title"]) == ("modal", "A prompt")
        message = await (await scene.ann.submit(opened, {"text": "be kind"})).message()
        assert (message["content"], message["ephemeral"]) == ("got be kind", True)


async def test_options_are_completed_while_they_are_typed(scene: Scene) -> None:
    async with with_commands():
        choices = await scene.ann.autocomplete(scene.text, "model", {"name": "cl"}, focused="name")
        assert choices == [{"name": "clara", "value": "clara"}]


async def test_a_context_menu_gets_its_message(scene: Scene) -> None:
    async with with_commands():
        posted = await scene.ann.post(scene.text, "hm")
        asked = await scene.ann.context_command(scene.text, "Regenerate", posted["id"])
        assert (await asked.message())["content"] == "again: hm"


async def test_a_client_refuses_what_the_registered_commands_do_not_allow(scene: Scene) -> None:
    async with with_commands():
        for name, options, code in (
            ("nothing", {}, 10063),
            ("ask", {}, 50013),
            ("system", {}, 10063),
            ("system set", {"scope": "elsewhere"}, 50035),
            ("chat", {}, 50035),
            ("chat", {"message": "hi", "loudly": True}, 50035),
        ):
            with pytest.raises(ApiError) as error:
                await scene.ann.command(scene.text, name, options)
            assert error.value.code == code, name


async def test_syncing_twice_keeps_ids_and_versions(scene: Scene) -> None:
    client = Client()
    tree = tree_of(client)
    async with running(client):
        first = await tree.sync()
        again = await tree.sync()
        assert [(each.id, each.name) for each in first] == [(each.id, each.name) for each in again]
        assert [each.to_dict() for each in await tree.fetch_commands()] == [each.to_dict() for each in again]

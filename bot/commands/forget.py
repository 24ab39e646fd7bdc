"""/forget: removes everything that the bot keeps about a person, and verifies later that nothing came back."""

from __future__ import annotations

import discord
import structlog
from discord import app_commands

from bot.commands.buttons import button, view_of
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, say, update_message
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation.identity import Identity
from bot.conversation.receipt import came_back, listed, receipt, verified
from bot.gateway.conversion.names import names_of

log = structlog.get_logger()

FORGET_ID = "bobbin:forget"
KEEP_ID = "bobbin:keep-me"
"""The custom ids name no person: the bot forgets the person who presses the button, which only they can see."""

QUESTION = (
    "Shall I forget you? I remove, everywhere I talk: your messages, their files (also at Anthropic), your names, "
    "what others' messages quote of you, replies to you alone, facts that you had me remember, your reminders and "
    "calls of tools, your name in the usage, and every prompt that you have set, also for channels and servers. "
    "Replies to you and others together stay, and so does everything on Discord. This cannot be undone."
)
KEPT = "Nothing was forgotten."
UNDER_WAY = "I am forgetting you. This can take some minutes; you get a receipt here, or in a direct message."
NO_RECEIPT = (
    "That is not the code of one of your receipts. The code follows the word Receipt in the message that I sent "
    "you."
)
VERIFYING = "I am still looking through everything for you. You get an answer as soon as I am done."
NOT_DONE = "I am still forgetting you. You get a receipt when it is done."


def identity_of(interaction: Interaction) -> Identity:
    """Return the identity of the person who uses a command, with today's names and the interaction's id as time."""
    user = interaction.user
    return Identity(user.id, interaction.id, frozenset({user.name}), names_of(user))


@in_servers_and_dms
class Forget(app_commands.Group, name="forget", description="Have me forget you"):
    """Answers the commands and the buttons of the question."""

    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._forgetting = services.forgetting
        self._verifying: set[int] = set()

    def add_to(self, tree: Tree) -> None:
        tree.add_command(self)
        tree.add_button(FORGET_ID, self.confirm)
        tree.add_button(KEEP_ID, self.keep)

    @app_commands.command(
        name="me", description="Make me forget your messages, files, names, prompts and facts, everywhere"
    )
    async def me(self, interaction: Interaction) -> None:
        """Ask whether to forget; first show an earlier receipt that could not be delivered."""
        await interaction.response.defer(ephemeral=True)
        job = await self._forgetting.latest(interaction.user.id)
        if job is not None and not job.done:
            await say(interaction, UNDER_WAY)
            return
        text = QUESTION
        if job is not None and not job.told:
            text = f"{receipt(job.found, job.code, again=job.again)}\n\n{QUESTION}"
            await self._forgetting.note_told(job)
        buttons = view_of(
            button("Forget me", FORGET_ID, discord.ButtonStyle.danger), button("Keep it", KEEP_ID)
        )
        await say(interaction, text, view=buttons)

    async def keep(self, interaction: Interaction) -> None:
        """Answer the button that keeps everything."""
        await interaction.response.edit_message(content=KEPT, view=None)

    async def confirm(self, interaction: Interaction) -> None:
        """Forget the person who pressed the button, and show the receipt."""
        await interaction.response.edit_message(content=UNDER_WAY, view=None)
        job = await self._forgetting.forget(identity_of(interaction))
        if job is None:
            return  # another instance does the job, and delivers the receipt
        if await update_message(interaction, receipt(job.found, job.code, again=job.again)):
            await self._forgetting.note_told(job)

    @app_commands.command(
        name="verify", description="Search everything again for what I was to forget about you"
    )
    @app_commands.describe(code="The code of your receipt")
    async def verify(self, interaction: Interaction, code: str) -> None:
        """Search for what the receipt says is removed; forget it again if the store went back to before."""
        await interaction.response.defer(ephemeral=True)
        person = interaction.user.id
        if person in self._verifying:
            await say(interaction, VERIFYING)
            return
        self._verifying.add(person)
        try:
            await self._verify(interaction, code)
        finally:
            self._verifying.discard(person)

    async def _verify(self, interaction: Interaction, code: str) -> None:
        job = await self._forgetting.latest(interaction.user.id)
        if job is not None and not job.done:
            await say(interaction, NOT_DONE)
            return
        code, who = code.strip().strip("`"), identity_of(interaction)
        is_known = job is not None and job.code == code
        before = (
            job.identity.before
            if job is not None and is_known
            else self._forgetting.before_of(code, who.person)
        )
        if before is None:
            await say(interaction, NO_RECEIPT)
            return
        who = Identity(who.person, before, who.usernames, who.names)
        found = await self._forgetting.data.verify(who)
        if is_known or not listed(found):
            await say(interaction, verified(found, code))
            return
        # The store went back to before the receipt, and holds the removed data again.
        await self._forgetting.begin(who, again=True)
        await say(interaction, came_back(found, code))

"""/model: which model answers where, with how much effort, and whether it thinks first."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence

import discord
import structlog
from discord import app_commands

from bot.claude.catalogue import Catalogue, today_utc
from bot.claude.models import family
from bot.commands import model_view
from bot.commands.command_contexts import everywhere
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import SCOPE_HELP, Invocation, Refusals, ScopeOption, resolve_invocation
from bot.conversation import wording
from bot.conversation.model import Choice, ModelInfo, Thinking, fit, narrowest, objection
from bot.conversation.pricing import PriceBook
from bot.conversation.request import Effort
from bot.store.conversations import Conversations
from bot.store.scoped_overrides import Scope, ScopedOverrides

log = structlog.get_logger()

MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,99}")
"""What an id looks like; anything else might be somebody's text, and would stand in the log."""

REFUSALS = Refusals(model_view.ONLY_IN_SERVERS, model_view.MAY_NOT_CHOOSE)


class Models:
    """Answers the commands. `default` counts where nothing is chosen; only `allowed` models are, if there are any."""

    def __init__(
        self,
        conversations: Conversations,
        prompts: ScopedOverrides,
        catalogue: Catalogue,
        prices: PriceBook,
        *,
        default: Choice,
        allowed: Sequence[str] = (),
        today: Callable[[], dt.date] = today_utc,
    ) -> None:
        self._conversations = conversations
        self._prompts = prompts
        self._catalogue = catalogue
        self._prices = prices
        self._default = default
        self._allowed = frozenset(allowed)
        self._today = today

    def add_to(self, tree: app_commands.CommandTree[discord.Client]) -> None:
        """Register the commands."""
        model = everywhere(
            app_commands.Group(
                name="model", description="Which Claude model answers here, and with how much thought"
            )
        )

        @model.command(name="show", description="Show which model answers here, and what it costs")
        async def show(interaction: Interaction) -> None:
            await self._show(interaction)

        @model.command(name="set", description="Choose the model of this thread, channel or server")
        @app_commands.rename(named="model")
        @app_commands.describe(
            named="The model that answers",
            effort="How much thought goes into an answer; more costs more",
            thinking="Whether it thinks before it answers",
            scope=SCOPE_HELP,
        )
        async def set_(
            interaction: Interaction,
            named: str | None = None,
            effort: Effort | None = None,
            thinking: Thinking | None = None,
            scope: ScopeOption | None = None,
        ) -> None:
            await self._set(interaction, Choice(model=named, effort=effort, thinking=thinking), scope)

        @set_.autocomplete("named")
        async def offer(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
            return [app_commands.Choice(name=name, value=value) for name, value in self.offered(typed)]

        @model.command(name="clear", description="Remove the choice for this thread, channel or server")
        @app_commands.describe(scope=SCOPE_HELP)
        async def clear(interaction: Interaction, scope: ScopeOption | None = None) -> None:
            await self._clear(interaction, scope)

        tree.add_command(model)

    def offered(self, typed: str) -> list[tuple[str, str]]:
        """Return names and values of the models that fit what was typed; from memory, for it is asked at each key."""
        models = [info for info in self._catalogue.models() if self._is_allowed(info.id)]
        prices = {info.id: self._prices.of(info.id, self._today()) for info in models}
        return model_view.offered(models, prices, typed)

    async def _show(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        scene = await resolve_invocation(interaction, self._conversations)
        by_scope = await self._prompts.by_scope(
            thread=scene.conversation, channel=scene.channel, server=scene.server
        )
        wanted = narrowest([*by_scope.values(), self._default])
        model = wanted.model or ""
        info = self._catalogue.find(model)
        text = model_view.shown(
            by_scope,
            self._default,
            info,
            self._prices.of(model, self._today()),
            fit(info, wanted.effort, wanted.thinking),
            successor=self._catalogue.successor(model),
            today=self._today(),
        )
        await say(interaction, text)

    async def _set(self, interaction: Interaction, given: Choice, chosen: Scope | None) -> None:
        await interaction.response.defer(ephemeral=True)
        scene = await resolve_invocation(interaction, self._conversations)
        spot = scene.spot(chosen, REFUSALS)
        if isinstance(spot, str):
            await say(interaction, spot)
            return
        if given == Choice():
            await say(interaction, model_view.NOTHING_CHOSEN)
            return
        wanted = await self._wanted(scene, spot.scope, given)
        model = wanted.model or ""
        info = self._catalogue.find(model)
        refusal = self._refusal(given, model, info)
        if refusal is not None:
            await say(interaction, refusal)
            return
        await self._prompts.choose(
            spot.scope, spot.target, model=given.model, effort=given.effort, thinking=given.thinking
        )
        if given.model is not None:
            self._catalogue.use(given.model)
        log.info(
            "model_chosen",
            scope=spot.scope.value,
            target=spot.target,
            model=given.model,
            effort=given.effort,
            thinking=given.thinking,
        )
        text = model_view.chosen(spot.scope, wanted, fit(info, wanted.effort, wanted.thinking))
        if given.model is not None and not self._catalogue.complete and info is None:
            text += f"\n{wording.small(model_view.UNCHECKED)}"
        await say(interaction, text)

    async def _wanted(self, scene: Invocation, scope: Scope, given: Choice) -> Choice:
        """Return what counts in a scope once a choice is made there; narrower ones do not matter to it."""
        by_scope = await self._prompts.by_scope(
            thread=scene.conversation if scope is Scope.THREAD else None,
            channel=scene.channel if scope is not Scope.SERVER else None,
            server=scene.server,
        )
        return narrowest([given, *by_scope.values(), self._default])

    def _refusal(self, given: Choice, model: str, info: ModelInfo | None) -> str | None:
        """Say why a choice cannot be made, None if it can."""
        if given.model is not None:
            if MODEL_ID.fullmatch(model) is None:
                return model_view.unknown(
                    discord.utils.escape_markdown(model[:100]), self._catalogue.near(model)
                )
            if not self._is_allowed(model):
                return model_view.NOT_OFFERED
            if info is not None and info.retired:
                return model_view.retired(info, self._catalogue.successor(model))
            if not self._catalogue.serves(model):
                return model_view.unknown(model, self._catalogue.near(model))
        return None if info is None else objection(info, given.effort, given.thinking)

    async def _clear(self, interaction: Interaction, chosen: Scope | None) -> None:
        await interaction.response.defer(ephemeral=True)
        scene = await resolve_invocation(interaction, self._conversations)
        spot = scene.spot(chosen, REFUSALS)
        if isinstance(spot, str):
            await say(interaction, spot)
            return
        was_set = await self._prompts.forget_model(spot.scope, spot.target)
        log.info("model_cleared", scope=spot.scope.value, target=spot.target)
        await say(interaction, model_view.cleared(spot.scope, was_set=was_set))

    def _is_allowed(self, model: str) -> bool:
        named = {model, family(model)}
        return not self._allowed or model == self._default.model or not named.isdisjoint(self._allowed)

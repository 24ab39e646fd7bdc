"""/model: the model of a thread, a channel or a server, its effort, and whether it thinks first."""

from __future__ import annotations

import re

import discord
import structlog
from discord import app_commands

from bot.claude.catalogue import today_utc
from bot.claude.models import family
from bot.commands import model_view
from bot.commands.admission import Admission
from bot.commands.command_contexts import in_servers_and_dms
from bot.commands.interactions import Interaction, say
from bot.commands.invocation import Invocation, resolve_invocation
from bot.commands.scopes import ONLY_IN_SERVERS, SCOPE_HELP, Refusals, ScopeOption
from bot.commands.services import CommandServices
from bot.commands.tree import Tree
from bot.conversation import wording
from bot.conversation.model import Choice, ModelInfo, Thinking, fit, narrowest, objection
from bot.conversation.request import Effort
from bot.conversation.scope import MODEL_NAMES, Scope

log = structlog.get_logger()

MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,99}")
"""The form of a model id; anything else may be a person's text, which must not reach the log."""

REFUSALS = Refusals(ONLY_IN_SERVERS, model_view.MAY_NOT_CHOOSE)


@in_servers_and_dms
class Model(
    app_commands.Group,
    name="model",
    description="Which Claude model answers here, and with how much thought",
):
    def __init__(self, services: CommandServices) -> None:
        super().__init__()
        self._conversations = services.conversations
        self._scope_settings = services.scope_settings
        self._admission = Admission(services)
        self._catalogue = services.catalogue
        self._prices = services.prices
        self._default = services.default
        self._allowed = frozenset(services.allowed_models)

    def add_to(self, tree: Tree) -> None:
        tree.add_command(self)

    @app_commands.command(name="show", description="Show which model answers here, and what it costs")
    async def show(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        by_scope = await self._scope_settings.choices(
            thread=invocation.conversation, channel=invocation.channel, server=invocation.server
        )
        choice = narrowest([*by_scope.values(), self._default])
        model = choice.model or ""
        info = self._catalogue.find(model)
        text = model_view.shown(
            by_scope,
            self._default,
            info,
            self._prices.of(model, today_utc()),
            fit(info, choice.effort, choice.thinking),
            successor=self._catalogue.successor(model),
            today=today_utc(),
            is_direct=invocation.is_direct,
        )
        await say(interaction, text)

    @app_commands.command(name="set", description="Choose the model of a conversation, channel or server")
    @app_commands.describe(
        model="The model that answers",
        effort="How much thought goes into an answer; more thought costs more",
        thinking="Whether it thinks before it answers",
        scope=SCOPE_HELP,
    )
    async def set_(
        self,
        interaction: Interaction,
        model: str | None = None,
        effort: Effort | None = None,
        thinking: Thinking | None = None,
        scope: ScopeOption | None = None,
    ) -> None:
        """Set model, effort and thinking of a scope; options that are left out stay as they are."""
        await interaction.response.defer(ephemeral=True)
        given = Choice(model=model, effort=effort, thinking=thinking)
        invocation = await resolve_invocation(interaction, self._conversations)
        target = await self._admission.scope_target(interaction, invocation, scope, REFUSALS)
        if isinstance(target, str):
            await say(interaction, target)
            return
        if given == Choice():
            await say(interaction, model_view.NOTHING_CHOSEN)
            return
        choice = await self._resulting(invocation, target.scope, given)
        info = self._catalogue.find(choice.model or "")
        refusal = self._refusal(given, info)
        if refusal is not None:
            await say(interaction, refusal)
            return
        wanted = {name: getattr(given, name) for name in MODEL_NAMES if getattr(given, name) is not None}
        await self._scope_settings.change(invocation.actor, target.scope, target.target, wanted)
        if given.model is not None:
            self._catalogue.use(given.model)
        log.info(
            "model_chosen",
            scope=target.scope.value,
            target=target.target,
            model=given.model,
            effort=given.effort,
            thinking=given.thinking,
        )
        sent = fit(info, choice.effort, choice.thinking)
        text = model_view.chosen(target.scope, choice, sent, is_direct=invocation.is_direct)
        if given.model is not None and not self._catalogue.complete and info is None:
            text += f"\n{wording.small(model_view.UNCHECKED)}"
        await say(interaction, text)

    @set_.autocomplete("model")
    async def autocomplete_model(self, _: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Offer the models that match what was typed, from memory: Discord requests this at each keystroke."""
        models = [info for info in self._catalogue.models() if self._is_allowed(info.id)]
        prices = {info.id: self._prices.of(info.id, today_utc()) for info in models}
        offered = model_view.offered(models, prices, typed)
        return [app_commands.Choice(name=name, value=value) for name, value in offered]

    @app_commands.command(name="clear", description="Remove the choice for a conversation, channel or server")
    @app_commands.describe(scope=SCOPE_HELP)
    async def clear(self, interaction: Interaction, scope: ScopeOption | None = None) -> None:
        await interaction.response.defer(ephemeral=True)
        invocation = await resolve_invocation(interaction, self._conversations)
        target = await self._admission.scope_target(interaction, invocation, scope, REFUSALS)
        if isinstance(target, str):
            await say(interaction, target)
            return
        removed = await self._scope_settings.change(
            invocation.actor, target.scope, target.target, dict.fromkeys(MODEL_NAMES)
        )
        log.info("model_cleared", scope=target.scope.value, target=target.target)
        text = model_view.cleared(target.scope, was_set=bool(removed), is_direct=invocation.is_direct)
        await say(interaction, text)

    async def _resulting(self, invocation: Invocation, scope: Scope, given: Choice) -> Choice:
        """Return what will be in force in a scope; narrower scopes are ignored."""
        by_scope = await self._scope_settings.choices(
            thread=invocation.conversation if scope is Scope.THREAD else None,
            channel=invocation.channel if scope is not Scope.SERVER else None,
            server=invocation.server,
        )
        return narrowest([given, *by_scope.values(), self._default])

    def _refusal(self, given: Choice, info: ModelInfo | None) -> str | None:
        """Say why a choice cannot be made, None if it can; `info` is about the resulting model."""
        if (model := given.model) is not None:
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

    def _is_allowed(self, model: str) -> bool:
        names = {model, family(model)}
        return not self._allowed or model == self._default.model or not names.isdisjoint(self._allowed)

"""The life of a turn: what it runs with, and the dispatcher that starts it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from bot.claude.client import Claude
from bot.config import Settings
from bot.config.live import LiveSettings
from bot.config.settings import ToolsSettings
from bot.conversation.clock import Clock
from bot.conversation.compose import Terms
from bot.conversation.pricing import PriceBook
from bot.conversation.server_tools import ServerToolLimits, definitions
from bot.conversation.server_uses import ServerUses, limits_of
from bot.conversation.tokens import is_older
from bot.conversation.tool_definition import ToolDefinition
from bot.conversation.trimming import TrimPolicy
from bot.files.convert import Converter
from bot.files.result import Limits
from bot.files.token_budget import TokenBudget
from bot.files.transcribe import Transcriber
from bot.gateway.connection.attachments import Attachments
from bot.gateway.connection.quote_source import QuoteSource
from bot.render.formula import draw_all
from bot.render.outbox import Outbox
from bot.render.pace import Pace
from bot.render.style import Style
from bot.render.upload import bounded
from bot.store.claim import Claim
from bot.store.migrations import TOOLS
from bot.store.tool_steps import ToolSteps
from bot.telemetry.metrics import Metrics
from bot.tools.gate import Gate
from bot.tools.installed import installed_tools
from bot.tools.mcp.remote_tools import RemoteTools
from bot.tools.memory import MemoryTools
from bot.tools.offer import ABOUT, ToolOffer
from bot.tools.time_in import time_tool
from bot.tools.tool import Tool
from bot.tools.toolbox import Toolbox
from bot.turns.approval_desk import ApprovalDesk
from bot.turns.approval_rules import ApprovalRules, RolesOf
from bot.turns.budget_alerts import BudgetAlerts
from bot.turns.catch_up import CatchUp
from bot.turns.claim_terms import TermsOf, terms_of
from bot.turns.dispatch import Dispatcher
from bot.turns.earlier_effects import EarlierEffects, consulted_before, left_out
from bot.turns.file_availability import FileAvailability
from bot.turns.file_contents import FileContents
from bot.turns.given_files import GivenFiles
from bot.turns.heavy_files import HeavyFiles
from bot.turns.made_files import MadeFiles
from bot.turns.prepare import Step
from bot.turns.quoted_context import QuotedContext
from bot.turns.remembered import Remembered
from bot.turns.reply_generator import ReplyGenerator
from bot.turns.run import Runner
from bot.turns.search_limit import SearchLimit
from bot.turns.services import TurnServices
from bot.turns.terms_resolver import HistoryBudget, TermsResolver
from bot.turns.tool_loop import ToolLoop, ToolPolicy, has_called
from bot.turns.tool_outcomes import ToolOutcomes
from bot.turns.uploads import Uploads
from bot.wiring.policies import budget_policy, default_choice, secret_of, status_page, turn_policy
from bot.wiring.store import Store

MB = 1_000_000

REMOTE_LABEL = "mcp"
"""The label of the tools of all remote servers."""


@dataclass(frozen=True, slots=True)
class Turns:
    """What turns need, and what works beside them.

    The dispatcher, the resolver of terms, the tools, the desk of calls that wait for a permission, private answers.
    """

    terms: TermsResolver
    dispatcher: Dispatcher
    desk: ApprovalDesk
    remote_tools: RemoteTools
    catch_up: CatchUp
    tools: ToolOffer
    searches: SearchLimit


def build_turns(
    live: LiveSettings,
    store: Store,
    claude: Claude,
    prices: PriceBook,
    outbox: Outbox,
    attachments: Attachments,
    quote_source: QuoteSource,
    memory: MemoryTools,
    pace: Pace,
    clock: Clock,
    metrics: Metrics,
    more_tools: Iterable[Tool] = (),
    *,
    roles_of: RolesOf,
) -> Turns:
    """Build the dispatcher and everything that a turn runs with."""
    settings = live.settings
    policy = turn_policy(settings)
    history = settings.history
    history_budget = HistoryBudget(
        history.max_tokens, history.keep_ratio, history.pinned_share, history.past_price_step
    )
    default, cache = default_choice(settings), settings.claude.cache
    terms = TermsResolver(
        settings.claude.parameters,
        default,
        history_budget,
        claude.catalogue,
        prices,
        cache=cache,
        refuses=claude.tool_refusals.refuses,
    )
    toolbox = build_toolbox(clock, memory, more_tools)
    remote_tools = build_remote_tools(settings, store, toolbox)
    tools = ToolOffer(
        server_tools(settings.tools),
        toolbox,
        settings.tools.on,
        settings.tools.never,
        remote_tools,
        is_held_back=lambda: not store.schema.has(TOOLS),
    )
    searches = SearchLimit(store.usage, settings.tools.searches_per_day, clock.now_s)
    desk = ApprovalDesk(
        store.approvals,
        ApprovalRules(store.scope_settings, settings.tools.never, tools.has, roles_of),
        toolbox,
        outbox,
        clock,
        lambda event: metrics.approvals.labels(event=event).inc(),
    )
    terms_of_claim = partial(
        terms_of,
        scope_settings=store.scope_settings,
        resolve=terms,
        policy=lambda: budget_policy(live.settings),
        tools_of=tools.definitions,
        remote_tools=tools.remote_definitions,
        within=searches.within,
        others=settings.claude.fallback,
    )
    remembered = Remembered(store.memories, store.told_facts, memory.places, terms_of_claim, clock.now_ms)
    alerts = BudgetAlerts(outbox, store.budgets)

    async def trimming(claim: Claim) -> TrimPolicy:
        return (await terms_of_claim(claim)).trimming

    quotes = QuotedContext(
        quote_source,
        store.quotes,
        settings.reply.context_messages,
        clock.now_ms,
        trimming,
        left_out=store.person_wishes.left_out,
    )
    files = build_file_contents(settings, store, claude, attachments, terms_of_claim)
    steps: tuple[Step, ...] = (quotes, files) if settings.files.max_mb else (quotes,)
    if settings.files.max_mb and settings.claude.files != "inline":
        steps = (*steps, GivenFiles(attachments.download, files.pass_on, claude.files.about, terms_of_claim))
    if settings.files.max_mb and settings.files.remark_tokens:
        steps = (*steps, HeavyFiles(settings.files.remark_tokens, terms_of_claim))
    runner = Runner(
        TurnServices(
            journal=store.journal,
            note_told=lambda claim, limit: store.budgets.tell_person(limit, claim.payer.person),
            generator=ReplyGenerator(
                claude,
                policy,
                clock.now_s,
                store.held_files.forget_uploads,
                budgets=store.budgets,
                observe=alerts.observe,
                tools=partial(_tool_loop, toolbox, store.tool_steps, settings.tools, desk.gate, metrics),
                status_page=status_page(settings),
                hold_files=store.held_files.hold_made,
            ),
            outbox=outbox,
            pace=pace,
            policy=policy,
            terms_of=terms_of_claim,
            preparation=(
                *steps,
                EarlierEffects(store.tool_steps),
                ToolOutcomes(store.approvals),
                remembered,
                FileAvailability(store.held_files),
            ),
            post_cards=desk.post_cards,
            look_at_cards=store.approvals.look_soon,
            consulted=partial(consulted_before, store.tool_steps),
            left_out=partial(left_out, store.tool_steps),
            has_called=partial(has_called, store.tool_steps),
            style=Style(settings.reply.code_file_lines, settings.reply.max_messages),
            draw=bounded(draw_all),
            schedule_cleanup=store.file_sweeps.schedule,
            report_cost=metrics.asked,
            note_decision=store.decisions.note,
            turn_ended=metrics.turn_ended,
            shown=metrics.tail_seconds.observe,
            clock=clock,
            person_turns=store.person_turns,
            person_limits=store.person_limits,
            fetch_made=MadeFiles(claude.files, round(settings.tools.files_mb * MB)).fetch,
        )
    )
    dispatcher = Dispatcher(
        store.journal,
        store.work_queue,
        runner,
        poll_s=settings.turns.poll_s,
        max_concurrent=settings.turns.max_concurrent,
        taken_up=metrics.turns_taken_up.inc,
        lost=metrics.leases_lost.inc,
        server_of=store.conversations.server,
    )
    metrics.turns_running.set_function(lambda: dispatcher.running)
    metrics.turns_waiting.set_function(lambda: dispatcher.waiting)
    metrics.work_queue.set_function(lambda: dispatcher.queued)
    catch_up = CatchUp(
        claude,
        store.budgets,
        store.held_files,
        store.pins_and_summaries,
        store.usage,
        terms_of_claim,
        remembered.without_gone,
        alerts.observe,
        metrics.asked,
        clock,
        policy.secret,
    )
    return Turns(terms, dispatcher, desk, remote_tools, catch_up, tools, searches)


def build_toolbox(clock: Clock, memory: MemoryTools, more_tools: Iterable[Tool] = ()) -> Toolbox:
    """Build the tools that run here, with those of the operator's packages; `more_tools` work on Discord."""
    own = (time_tool(clock.now_s), *memory.tools(), *more_tools)
    return Toolbox((*own, *installed_tools([*ABOUT, *(tool.name for tool in own)])))


def build_remote_tools(settings: Settings, store: Store, toolbox: Toolbox) -> RemoteTools:
    """Build the tools of remote servers, which the toolbox finds, too."""
    converter = Converter(Limits(settings.claude.image_max_edge))
    remote_tools = RemoteTools(
        settings.mcp, store.pinned_tools, store.scope_settings, converter.convert, toolbox.__contains__
    )
    toolbox.find_remote = remote_tools.find
    return remote_tools


def server_tools(settings: ToolsSettings) -> tuple[ToolDefinition, ...]:
    """The tools that run at Anthropic, within the operator's limits."""
    return definitions(ServerToolLimits(settings.searches, settings.fetches, settings.page_tokens))


def _tool_loop(
    toolbox: Toolbox,
    steps: ToolSteps,
    settings: ToolsSettings,
    gate: Gate,
    metrics: Metrics,
    claim: Claim,
    terms: Terms,
) -> ToolLoop | None:
    offered = terms.parameters.tools
    if not offered:
        return None
    policy = ToolPolicy(settings.max_steps, settings.max_s)

    def report(tool: Tool, outcome: str, seconds: float) -> None:
        metrics.tool_called(tool_label(tool, toolbox), outcome, seconds)

    return ToolLoop(
        toolbox,
        steps,
        claim,
        [tool.name for tool in offered],
        policy=policy,
        gate=gate,
        uses=ServerUses(limits_of(offered)),
        report=report,
    )


def tool_label(tool: Tool, toolbox: Toolbox) -> str:
    """Return the label of a tool in the metrics: its name, one for all tools that remote servers define."""
    return tool.name if tool.name in toolbox else REMOTE_LABEL


def build_file_contents(
    settings: Settings, store: Store, claude: Claude, attachments: Attachments, terms_of: TermsOf
) -> FileContents:
    """Build the step that reads attached files."""

    async def token_budget(claim: Claim) -> TokenBudget:
        terms = await terms_of(claim)
        return TokenBudget.of(terms.trimming.low_tokens, older=is_older(terms.parameters.model))

    limits = Limits(settings.claude.image_max_edge, settings.files.pdf_pages, settings.files.text_chars)
    uploads = Uploads(claude.files, store.held_files, secret_of(settings), settings.claude.files)
    contents = FileContents(
        attachments.download, Converter(limits), uploads.source, store.files, token_budget
    )
    voice = settings.voice
    if voice.url is None:
        return contents
    transcriber = Transcriber(
        voice.url,
        api_key=voice.api_key.get_secret_value() if voice.api_key else "",
        model=voice.model,
        max_seconds=voice.max_minutes * 60,
        timeout_s=voice.timeout_s,
        text_chars=settings.files.text_chars,
    )
    return replace(contents, transcribe=transcriber.transcribe)

"""The life of a turn: what it runs with, and the dispatcher that starts it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from bot.claude.client import Claude
from bot.config.live import LiveSettings
from bot.conversation.clock import Clock
from bot.conversation.pricing import PriceBook
from bot.conversation.trimming import TrimPolicy
from bot.gateway.connection.attachments import Attachments
from bot.gateway.connection.quote_source import QuoteSource
from bot.render.formula import draw_all
from bot.render.outbox import Outbox
from bot.render.pace import Pace
from bot.render.style import Style
from bot.render.upload import bounded
from bot.store.claim import Claim
from bot.store.migrations import TOOLS
from bot.telemetry.metrics import Metrics
from bot.tools.mcp.remote_tools import RemoteTools
from bot.tools.memory import REMEMBER, MemoryTools
from bot.tools.offer import ToolOffer
from bot.tools.tool import Tool
from bot.turns.approval_desk import ApprovalDesk
from bot.turns.approval_rules import ApprovalRules, RolesOf
from bot.turns.budget_alerts import BudgetAlerts
from bot.turns.catch_up import CatchUp
from bot.turns.claim_terms import may_have, terms_of
from bot.turns.dispatch import Dispatcher
from bot.turns.earlier_effects import EarlierEffects, consulted_before, left_out
from bot.turns.file_availability import FileAvailability
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
from bot.turns.tool_loop import has_called
from bot.turns.tool_outcomes import ToolOutcomes
from bot.wiring.files import build_file_contents
from bot.wiring.policies import budget_policy, default_choice, status_page, turn_policy
from bot.wiring.store import Store
from bot.wiring.toolbox import build_remote_tools, build_toolbox, server_tools, tool_loop

MB = 1_000_000


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
    remembered = Remembered(
        store.memories,
        store.told_facts,
        memory.places,
        terms_of_claim,
        partial(may_have, tool=REMEMBER, scope_settings=store.scope_settings, tools_of=tools.definitions),
        clock.now_ms,
    )
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
        waiting=store.journal.waiting,
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
                tools=partial(tool_loop, toolbox, store.tool_steps, settings.tools, desk.gate, metrics),
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
                ToolOutcomes(store.approvals, store.conversations.meta),
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

"""The composition root: which object is built from which settings, and which it is given."""

from __future__ import annotations

import hashlib
import uuid
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

import structlog

from bot.claude.client import Claude
from bot.claude.prices import price_book
from bot.claude.trouble import hint
from bot.commands.chat import Chat
from bot.commands.context import Context
from bot.commands.help import Help
from bot.commands.model import Models
from bot.commands.reply_controls import ReplyControls
from bot.commands.reset import Forgetting
from bot.commands.system import SystemPrompts
from bot.config import Exit, Settings
from bot.config.proxy import proxy_for
from bot.conversation.clock import Clock
from bot.conversation.errors import ClaudeKeyRefused, ClaudeModelUnknown, ClaudeWrongAddress, StartError
from bot.conversation.intake import Policy
from bot.conversation.model import Choice
from bot.conversation.trimming import marks
from bot.gateway.catchup.catchup import Catchup
from bot.gateway.client import Client, first_of
from bot.gateway.connection import rate_limit, session
from bot.gateway.events.changes import Changes
from bot.gateway.events.intake import Intake
from bot.gateway.events.outage_buffer import TELL_AFTER_S, OutageBuffer
from bot.gateway.events.pins import Pins
from bot.gateway.outbox.outbox import CALL_S, DiscordOutbox
from bot.render.formula import draw_all
from bot.render.pace import Pace
from bot.render.style import Style
from bot.render.upload import bounded
from bot.shutdown import together
from bot.store.connection import connect
from bot.store.conversations import Conversations
from bot.store.coordination import Coordination
from bot.store.journal import Journal
from bot.store.keys import Keys
from bot.store.pins_and_summaries import PinsAndSummaries
from bot.store.revisions import Revisions
from bot.store.scoped_overrides import ScopedOverrides
from bot.store.start_check import check
from bot.store.wakeups import Wakeups
from bot.store.work_queue import WorkQueue
from bot.telemetry.metrics import Metrics
from bot.turns.dispatch import Dispatcher
from bot.turns.model_retirement import ModelRetirement
from bot.turns.policy import TurnPolicy
from bot.turns.reply_generator import ReplyGenerator
from bot.turns.run import Runner
from bot.turns.services import TurnServices
from bot.turns.terms_resolver import HistoryBudget, TermsResolver

log = structlog.get_logger()

DAY_S = 24 * 3600

ANTHROPIC_URL = "https://api.anthropic.com"

SETTLE_AFTER_S = 2.0
"""By then a call that was given up has landed, or never will."""


@dataclass(frozen=True, slots=True)
class Bot:
    """What is there to run."""

    client: Client
    dispatcher: Dispatcher
    catchup: Catchup
    model_retirement: ModelRetirement
    bell: Wakeups


async def build(settings: Settings, stack: AsyncExitStack) -> Bot:
    """Connect with Redis, Claude and Discord, and build everything between them; `stack` takes it down.

    Raises StartError. `settings` must lack nothing.
    """
    metrics = Metrics()
    if settings.telemetry.metrics_port is not None:
        host = settings.telemetry.metrics_host
        port = stack.enter_context(metrics.served(host, settings.telemetry.metrics_port))
        log.info("metrics_served", host=host, port=port)

    token = settings.discord.token.get_secret_value() if settings.discord.token else ""
    url = settings.redis.url.get_secret_value() if settings.redis.url else ""
    connected = partial(
        connect,
        url,
        timeout_s=settings.redis.timeout_s,
        ca_file=settings.redis.ca_file,
        verify=settings.redis.verify_certificate,
        failed=metrics.store_errors.inc,
    )
    redis = connected()
    stack.push_async_callback(redis.aclose)
    # Connections of its own: an interaction has three seconds, and is not to wait behind a catching up.
    desk_redis = connected()
    stack.push_async_callback(desk_redis.aclose)
    keys = Keys(settings.redis.prefix)
    ttl_s = settings.history.ttl_days * DAY_S
    instance = uuid.uuid4().hex
    desk = Coordination(desk_redis, keys, instance=instance)
    conversations = Conversations(redis, keys, ttl_s=ttl_s)
    journal = Journal(
        redis, keys, ttl_s=ttl_s, lease_s=settings.turns.lease_s, settle_s=CALL_S + SETTLE_AFTER_S
    )
    prompts = ScopedOverrides(redis, keys, ttl_s=ttl_s)

    session.point_at(settings.discord)
    client = Client(desk, proxy_for(settings.discord.api_url))
    pace = Pace()
    clock = Clock()
    rate_limit.count(client, metrics, pace, clock)
    stack.push_async_callback(session.leave, client)
    claude = await _claude(settings, metrics, stack)
    await together(
        check(redis, keys), _check_model(claude, settings.claude.model), session.login(client, token)
    )

    outbox = DiscordOutbox(
        client,
        archive_minutes=settings.reply.thread_auto_archive_minutes,
        suppress_embeds=settings.reply.suppress_embeds,
        clock=clock,
    )
    policy = _turn_policy(settings, token)
    default = _default_choice(settings)
    prices = price_book(settings.claude.prices)
    history = settings.history
    budget = HistoryBudget(
        history.max_tokens, history.keep_ratio, history.pinned_share, history.past_price_step
    )
    choose = TermsResolver(policy, default, budget, claude.catalogue, prices)
    runner = Runner(
        TurnServices(
            journal=journal,
            overrides=prompts,
            generator=ReplyGenerator(claude, clock.now_s, metrics.spent),
            outbox=outbox,
            pace=pace,
            policy=policy,
            resolve_policy=choose,
            style=Style(settings.reply.code_file_lines, settings.reply.max_messages),
            draw=bounded(draw_all),
            turn_ended=metrics.turn_ended,
            clock=clock,
        )
    )
    attention = WorkQueue(redis, keys)
    dispatcher = Dispatcher(
        journal,
        attention,
        runner,
        poll_s=settings.turns.poll_s,
        max_concurrent=settings.turns.max_concurrent,
    )
    holding = OutageBuffer(lambda: conversations.since(clock.now_ms()), tell_after_s=TELL_AFTER_S)
    intake_policy = Policy(
        when=settings.reply.when,
        ignore_prefix=settings.reply.ignore_prefix or "",
        direct_messages=settings.discord.direct_messages,
    )
    intake = Intake(
        conversations,
        dispatcher,
        outbox,
        intake_policy,
        holding,
        clock,
        settings.recovery.max_age_hours * 3600,
        lambda decision: metrics.messages_received.labels(decision=decision).inc(),
    )
    memory = Forgetting(conversations, dispatcher, outbox, clock)
    Chat(
        conversations, dispatcher, outbox, archive_minutes=settings.reply.thread_auto_archive_minutes
    ).add_to(client.tree)
    memory.add_to(client.tree)
    system = SystemPrompts(conversations, prompts, default=settings.claude.system)
    system.add_to(client.tree)
    models = Models(
        conversations, prompts, claude.catalogue, prices, default=default, allowed=settings.claude.models
    )
    models.add_to(client.tree)
    bell = Wakeups(redis, keys)
    revisions = Revisions(redis, keys, ttl_s=ttl_s)
    wishes = ReplyControls(conversations, revisions, dispatcher, bell)
    wishes.add_to(client.tree)
    changes = Changes(revisions, dispatcher, bell, holding)
    recall = PinsAndSummaries(redis, keys, ttl_s=ttl_s)
    client.pins = Pins(client, recall, clock)
    stack.push_async_callback(client.pins.stop)
    context = Context(conversations, recall, prompts, choose, client.pins, clock.now_s)
    context.add_to(client.tree)
    catchup = Catchup(
        client,
        conversations,
        attention,
        intake,
        outbox,
        pace,
        instance=instance,
        max_age_s=settings.recovery.max_age_hours * 3600,
        max_messages=settings.recovery.max_messages,
        poll_s=settings.turns.poll_s,
        every_s=settings.recovery.every_s,
        clock=clock,
    )
    Help(intake_policy, conversations).add_to(client.tree)
    intake.commands = client.tree.names()
    client.on_listening = catchup.want
    client.on_person_wrote = intake.take
    client.on_edited = changes.edited
    client.on_addressed_late = intake.take_edited
    client.on_deleted = changes.deleted
    intake.before_taking = changes.forgotten
    client.on_unlocked = changes.unlocked
    client.on_press = first_of(memory.pressed, wishes.pressed, context.pressed)
    client.on_submit = first_of(system.submitted, context.submitted)
    model_retirement = ModelRetirement(claude.catalogue, desk, settings.claude.model)
    return Bot(client, dispatcher, catchup, model_retirement, bell)


async def _claude(settings: Settings, metrics: Metrics, stack: AsyncExitStack) -> Claude:
    key = settings.claude.api_key.get_secret_value() if settings.claude.api_key else ""
    try:
        claude = Claude(
            api_key=key,
            # Named, because the SDK would read an empty ANTHROPIC_BASE_URL by itself and take it for an address.
            base_url=settings.claude.base_url or ANTHROPIC_URL,
            first_text_timeout_s=settings.claude.first_text_timeout_s,
            stall_timeout_s=settings.claude.stall_timeout_s,
            successor=settings.claude.successor,
            metrics=metrics,
        )
    except ClaudeKeyRefused as error:
        raise _key_refused(error) from error
    return await stack.enter_async_context(claude)


async def _check_model(claude: Claude, model: str) -> None:
    try:
        await claude.check_model(model)
    except ClaudeKeyRefused as error:
        raise _key_refused(error) from error
    except ClaudeWrongAddress as error:
        raise StartError(
            f"There is no Claude API at ANTHROPIC_BASE_URL ({error}): {hint(error)}", exit_code=Exit.SETTINGS
        ) from error
    except ClaudeModelUnknown as error:
        instead = f"to {error.successor!r}" if error.successor else "to another"
        raise StartError(
            f"The model {model!r} is not available ({error}): change claude.model (BOT_CLAUDE__MODEL) {instead}",
            exit_code=Exit.CLAUDE_MODEL,
        ) from error


def _key_refused(error: ClaudeKeyRefused) -> StartError:
    return StartError(f"Claude refused the API key ({error}): {hint(error)}", exit_code=Exit.CLAUDE_KEY)


def _default_choice(settings: Settings) -> Choice:
    """What counts where nobody has chosen anything."""
    claude = settings.claude
    thinking = None if claude.thinking == "default" else claude.thinking
    return Choice(system=claude.system, model=claude.model, effort=claude.effort, thinking=thinking)


def _turn_policy(settings: Settings, token: str) -> TurnPolicy:
    """What counts for every turn; the chooser fits the rest of it to the model."""
    return TurnPolicy(
        model=settings.claude.model,
        effort=settings.claude.effort,
        max_tokens=settings.claude.max_tokens,
        system=settings.claude.system,
        trimming=marks(settings.history.max_tokens, settings.history.keep_ratio),
        cache=settings.claude.cache,
        summarizes=settings.history.on_trim == "summarize",
        tries=settings.turns.tries,
        lease_s=settings.turns.lease_s,
        heartbeat_s=settings.turns.heartbeat_s,
        interrupts=settings.reply.while_answering == "interrupt",
        gather_s=settings.reply.gather_ms / 1000,
        secret=hashlib.sha256(token.encode()).digest(),
    )

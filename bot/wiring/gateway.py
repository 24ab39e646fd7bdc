"""Discord: the client, the outbox, and the handlers of its events."""

from __future__ import annotations

from collections.abc import Callable, Container
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bot.config import Settings
from bot.config.live import LiveSettings
from bot.config.proxy import proxy_for
from bot.conversation.access_rules import AccessDefaults
from bot.conversation.clock import Clock
from bot.conversation.intake import Policy
from bot.conversation.shards import Shards
from bot.gateway.catchup.backlog import Backlog
from bot.gateway.catchup.catchup import Catchup
from bot.gateway.catchup.channels import Channels
from bot.gateway.catchup.existence import Existence
from bot.gateway.catchup.listing import Listing
from bot.gateway.catchup.settled import Settled
from bot.gateway.catchup.sweep import Sweep
from bot.gateway.connection import rate_limit, session
from bot.gateway.connection.client import Client
from bot.gateway.connection.identify_gate import IdentifyGate
from bot.gateway.events.changes import Changes
from bot.gateway.events.consent_gate import ConsentGate
from bot.gateway.events.decider import Decider
from bot.gateway.events.decision_notes import DecisionNotes
from bot.gateway.events.intake import Intake
from bot.gateway.events.outage_buffer import NOTIFY_AFTER_S, OutageBuffer
from bot.gateway.events.pins import Pins
from bot.gateway.events.proxies import Proxies
from bot.gateway.events.questions import Questions
from bot.gateway.events.removals import Removals
from bot.gateway.listener import Listener
from bot.gateway.outbox.outbox import DiscordOutbox
from bot.render.pace import Pace
from bot.telemetry.gateway_state import GatewayHealth
from bot.telemetry.metrics import Metrics
from bot.turns.dispatch import Dispatcher
from bot.wiring.store import Store


@dataclass(frozen=True, slots=True)
class Events:
    """What takes events, and what looks for missed ones."""

    intake: Intake
    catchup: Catchup
    existence: Existence


def build_client(
    settings: Settings,
    metrics: Metrics,
    pace: Pace,
    clock: Clock,
    stack: AsyncExitStack,
    health: GatewayHealth | None = None,
    *,
    shards: Shards | None = None,
    gate: IdentifyGate | None = None,
) -> Client:
    """Build the client, which is neither logged in nor connected yet; `stack` closes it."""
    session.configure(settings.discord)
    client = Client(proxy_for(settings.discord.api_url), health, shards=shards, gate=gate)
    rate_limit.install(client, metrics, pace, clock)
    stack.push_async_callback(session.disconnect, client)
    return client


def build_outbox(settings: Settings, client: Client, clock: Clock) -> DiscordOutbox:
    """Build the outbox."""
    return DiscordOutbox(
        client,
        archive_minutes=settings.reply.thread_auto_archive_minutes,
        suppress_embeds=settings.reply.suppress_embeds,
        clock=clock,
    )


def build_pins(client: Client, store: Store, clock: Clock, stack: AsyncExitStack) -> Pins:
    """Build the reader of pins; `stack` stops it."""
    pins = Pins(client, store.pins_and_summaries, clock)
    stack.push_async_callback(pins.stop)
    return pins


def intake_policy(settings: Settings) -> Policy:
    """The settings that decide whether a message is answered."""
    return Policy(
        when=settings.reply.when,
        ignore_prefix=settings.reply.ignore_prefix or "",
        direct_messages=settings.discord.direct_messages,
    )


def access_defaults(settings: Settings) -> AccessDefaults:
    """Who may use the bot where no rule of a server says otherwise."""
    return AccessDefaults(frozenset(settings.access.allow_roles), frozenset(settings.access.block))


def asks_titles(settings: Settings) -> bool:
    """Whether Claude is asked for the names of new threads.

    People need the thread to write in while messages are gathered: the thread is open before the request is sent.
    """
    return settings.reply.titles == "generated" and not settings.reply.gather_ms


def build_events(
    live: LiveSettings,
    client: Client,
    store: Store,
    outbox: DiscordOutbox,
    dispatcher: Dispatcher,
    pins: Pins,
    pace: Pace,
    clock: Clock,
    metrics: Metrics,
    *,
    commands: Container[str],
    instance: str,
    shards: Shards,
    rolled_back: Callable[[], None],
) -> Events:
    """Build the handlers of events, and register them; `rolled_back` is called when the store has gone back."""
    settings = live.settings
    conversations = store.conversations
    outage_buffer = OutageBuffer(lambda: conversations.since(clock.now_ms()), notify_after_s=NOTIFY_AFTER_S)
    max_age_s = settings.recovery.max_age_hours * 3600
    changes = Changes(store.revisions, dispatcher, store.wakeups, outage_buffer)
    proxies = Proxies(
        settings.discord.proxies,
        store.recent_messages,
        store.revisions,
        store.turn_control,
        dispatcher,
        store.wakeups,
        outbox.remove_thread,
        clock,
    )
    decider = Decider(
        conversations,
        store.scope_settings.cached,
        store.person_wishes,
        lambda: intake_policy(live.settings),
        lambda: access_defaults(live.settings),
        proxies=settings.discord.proxies,
        commands=commands,
    )
    notes = DecisionNotes(clock, store.decisions.note)
    intake = Intake(
        conversations,
        dispatcher,
        outbox,
        decider,
        changes,
        proxies,
        Questions(conversations, store.revisions, outbox),
        outage_buffer,
        clock,
        store.person_limits,
        max_age_s=max_age_s,
        asks_titles=asks_titles(settings),
        on_decision=lambda decision: metrics.messages_received.labels(decision=decision).inc(),
        notes=notes,
        gate=consent_gate(settings, store, outbox),
    )
    channels = Channels(client, pace)
    listing = Listing(
        client,
        channels,
        conversations,
        intake,
        outbox,
        notes,
        Settled(store.message_states, store.decisions),
        pace,
        max_age_s=max_age_s,
        max_messages=settings.recovery.max_messages,
        clock=clock,
    )
    backlog = Backlog(listing, conversations)
    catchup = Catchup(
        client,
        conversations,
        store.work_queue,
        Sweep(
            client,
            channels,
            listing,
            backlog,
            conversations,
            store.known,
            clock,
            store.scope_settings.cached,
            shards,
        ),
        backlog,
        instance=instance,
        poll_s=settings.turns.poll_s,
        every_s=settings.recovery.every_s,
        clock=clock,
        caught_up=client.health.backfilled,
        rolled_back=rolled_back,
    )
    removals = Removals(store.removed_places, store.known, dispatcher, clock)
    existence = Existence(client, store.known, removals, pace, shards=shards)
    Listener(
        client,
        intake=intake,
        changes=changes,
        pins=pins,
        catchup=catchup,
        backlog=backlog,
        removals=removals,
        existence=existence,
    ).register()
    return Events(intake, catchup, existence)


def consent_gate(settings: Settings, store: Store, outbox: DiscordOutbox) -> ConsentGate | None:
    """Build what asks people for their consent, if that is required."""
    if store.consents is None:
        return None
    return ConsentGate(
        store.consents, outbox, days=settings.history.ttl_days, privacy_url=settings.privacy.url
    )

"""What each fault of a schedule does to the bots, the store, Discord or Claude."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import Counter
from dataclasses import dataclass, field

from bot.local.simulator.claude import Claude, faults
from bot.local.simulator.discord import Discord
from tests.e2e.bot_process import BotProcess
from tests.engine.schedule import Fault
from tests.engine.store_process import StoreProcess
from tests.engine.timeline import Timeline


@dataclass
class Striker:
    """Strikes; `bots` are those that run by slot, `pauses` how long the host waits before it starts them anew."""

    discord: Discord
    claude: Claude
    store: StoreProcess
    timeline: Timeline
    bots: dict[int, BotProcess] = field(default_factory=dict)
    pauses: dict[int, float] = field(default_factory=dict)
    struck: Counter[str] = field(default_factory=Counter)
    _store_turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def strike(self, fault: Fault) -> None:
        """Let a fault happen; returns when it is over, or waits for what it befalls."""
        self.struck[fault.kind] += 1
        self.timeline.note(
            "fault", f"{fault.kind} {fault.which} {fault.seconds:.2f} s {fault.count} {fault.detail}"
        )
        if fault.kind in ("kill", "freeze", "stop"):
            await self._strike_bot(fault)
        elif fault.kind.startswith("store_"):
            async with self._store_turn:
                await self._strike_store(fault)
        elif fault.kind.startswith("gateway_"):
            await self._strike_gateway(fault)
        elif fault.kind == "events_swallowed":
            self.discord.faults.swallow_events(fault.count, fault.detail or None)
        elif fault.kind == "events_doubled":
            self.discord.faults.double_events(fault.count, fault.detail or None)
        elif fault.kind.startswith("rest_"):
            self._strike_rest(fault)
        else:
            self._strike_claude(fault)

    async def _strike_bot(self, fault: Fault) -> None:
        bot = self.bots.get(fault.which)
        if bot is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if fault.kind == "freeze":
                bot.signal(signal.SIGSTOP)
                await asyncio.sleep(fault.seconds)
                bot.signal(signal.SIGCONT)
            else:
                self.pauses[fault.which] = fault.seconds / 2
                bot.signal(signal.SIGKILL if fault.kind == "kill" else signal.SIGTERM)

    async def _strike_store(self, fault: Fault) -> None:
        if fault.kind == "store_freeze":
            self.store.freeze()
            await asyncio.sleep(fault.seconds)
            self.store.thaw()
        elif fault.kind == "store_kill":
            await self.store.kill()
            await asyncio.sleep(fault.seconds / 2)
            await self.store.start()
        else:
            lost = await self.store.roll_back(fault.seconds)
            self.timeline.note("fault", f"the store is {fault.seconds:.2f} s back: {lost} bytes lost")

    async def _strike_gateway(self, fault: Fault) -> None:
        connections = self.discord.connections
        if not connections:
            return
        connection = connections[fault.which % len(connections)]
        if fault.kind == "gateway_drop":
            await connection.drop()
        elif fault.kind == "gateway_reconnect":
            await connection.reconnect()
        else:
            await connection.invalidate(resumable=fault.count == 1)

    def _strike_rest(self, fault: Fault) -> None:
        method, _, route = fault.detail.partition(" ")
        action = {"rest_reset": "reset", "rest_lost_answer": "reset_after", "rest_delay": "delay"}
        self.discord.faults.add(
            action=action.get(fault.kind, "status"),  # type: ignore[arg-type]
            method=method or None,
            route=route or None,
            times=fault.count,
            status=(500, 502, 503)[fault.count - 1],
            delay_s=fault.seconds,
        )

    def _strike_claude(self, fault: Fault) -> None:
        after = fault.count * 2
        kinds: dict[str, faults.Fault] = {
            "claude_stall": faults.stall(after if fault.which else None, 4.0),
            "claude_drop": faults.dropped(after if fault.which else None),
            "claude_cut_short": faults.cut_short(after),
            "claude_error_event": faults.error_event(after),
            "claude_overloaded": faults.overloaded(),
        }
        self.claude.faults.add(kinds[fault.kind])

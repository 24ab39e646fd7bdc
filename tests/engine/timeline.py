"""What happened in a run, from everybody's point of view, in the order of time."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.local.simulator.claude import Claude
from bot.local.simulator.discord import Discord
from tests.e2e.bot_process import BotProcess

NOT_TOLD = ("event", "timestamp", "level", "logger")
MOST_CHARACTERS = 160


@dataclass
class Timeline:
    """Notes by time; the rest is merged in at the end."""

    notes: list[tuple[float, str, str]] = field(default_factory=list)

    def note(self, who: str, what: str) -> None:
        """Something happens now."""
        self.notes.append((time.time(), who, what))

    def written(
        self,
        seed: int,
        bots: Iterable[tuple[str, BotProcess]],
        discord: Discord,
        claude: Claude,
        failures: Sequence[str],
    ) -> str:
        """Write it all to a file, and return its path."""
        lines = [*self.notes, *_logs(bots), *_requests(discord), *_calls(claude)]
        lines.sort(key=lambda line: line[0])
        path = Path(tempfile.gettempdir()) / f"bobbin-chaos-{seed}-{os.getpid()}.log"
        first = lines[0][0] if lines else 0.0
        text = "\n".join(f"{at - first:8.3f} {who:10} {what}" for at, who, what in lines)
        path.write_text(f"{text}\n\n" + "\n".join(failures) + "\n", encoding="utf-8")
        return str(path)


def _logs(bots: Iterable[tuple[str, BotProcess]]) -> Iterable[tuple[float, str, str]]:
    for name, bot in bots:
        for entry in bot.entries:
            if "timestamp" in entry:
                at = datetime.fromisoformat(entry["timestamp"]).timestamp()
                told = {key: value for key, value in entry.items() if key not in NOT_TOLD}
                yield at, name, f"{entry.get('event')} {json.dumps(told)}"


def _requests(discord: Discord) -> Iterable[tuple[float, str, str]]:
    for call in discord.requests:
        body = call.body if isinstance(call.body, dict) else {}
        told = {key: body[key] for key in ("nonce", "message_reference", "name") if body.get(key)}
        content = str(body.get("content") or "")
        if len(content) > MOST_CHARACTERS:
            content = f"{content[: MOST_CHARACTERS // 2]}…{content[-MOST_CHARACTERS // 2 :]}"
        made = call.answer.get("id") if isinstance(call.answer, dict) and call.method == "POST" else ""
        query = call.query or ""
        yield (
            call.at,
            "discord",
            f"{call.method} {call.path} {query} {told} {content!r} -> {call.status} {made or ''}",
        )


def _calls(claude: Claude) -> Iterable[tuple[float, str, str]]:
    offset_s = time.time() - time.monotonic()
    for call in claude.requests:
        last = str(call.body["messages"][-1])[-MOST_CHARACTERS:] if call.body else ""
        end = f"{call.finished - call.started:.2f} s" if call.finished else "runs"
        yield (
            call.started + offset_s,
            "claude",
            f"{call.status} {call.deltas} deltas {end}{' hung up' if call.hung_up else ''} … {last}",
        )

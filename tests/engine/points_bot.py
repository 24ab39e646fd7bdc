"""The real bot with a point before and after every step, at which something can be made to happen.

`python -m tests.engine.points_bot run --strict` takes the arguments and the environment of `python -m bot`, and:

- `POINTS_LOG`: a file to which every point reached is appended, as `<monotonic seconds> <point>`. A point is
  `<step>:<before|after>:<number of the call>`; steps are the scripts, the outbox's calls, those of `METHODS`, and
  `event` for each event of Claude's stream. After `!` stands the point at which something was done.
- `POINTS_AT`, `POINTS_DO`: the point, and what is done there. `kill`, `stop` and `term` signal the process itself;
  `double` makes the call twice, as after a lost answer; `cut` cuts the process off from the store for good;
  `late` lets a post or an edit land `POINTS_LATE_S` later, although the process is killed at once, as a request
  does that was on its way.
  A number of `armed` stands for the first call after a file named like the log, with `.armed` behind it, is there.
- `POINTS_CALL_S`, `POINTS_SETTLE_AFTER_S`, `POINTS_EDIT_EVERY_S`, `POINTS_WINDOW_S`, `POINTS_OVERLAP_S`,
  `POINTS_NOTIFY_AFTER_S`, `POINTS_SWEEP_S`, `POINTS_UNNAMED_S`, `POINTS_APPROVAL_S`,
  `POINTS_REMINDER_S`, `POINTS_BRANCH_S`: shorter times in place of the constants
- `POINTS_EFFECTS`: the channel in which the tools of tests/engine/tools.py post; without one there are none
- `SABOTAGE`: a safeguard to remove, see tests/engine/sabotage.py
"""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from discord.http import Route

from bot.__main__ import main
from bot.claude import read_moments
from bot.claude.client import Claude
from bot.claude.files import Files
from bot.commands import branching
from bot.conversation import approval
from bot.conversation.errors import StoreUnavailable
from bot.gateway.catchup import catchup
from bot.gateway.connection import calls
from bot.gateway.connection.attachments import Attachments
from bot.gateway.connection.quote_source import QuoteSource
from bot.gateway.conversion import buttons
from bot.gateway.outbox.outbox import DiscordOutbox
from bot.render import schedule, window
from bot.render.controls import OF_CARDS
from bot.render.outbox import Change, Outgoing
from bot.store import branches, held_files
from bot.store.file_store import FileStore
from bot.store.file_sweeps import FileSweeps
from bot.store.quote_store import QuoteStore
from bot.store.scripts import Call, Commands, Scripts
from bot.tools.toolbox import Toolbox
from bot.turns import approval_desk, approval_watch, file_cleanup, reminder_poster
from bot.wiring import gateway as wiring_gateway
from bot.wiring import store as wiring_store
from bot.wiring import turns as wiring_turns
from bot.wiring.toolbox import build_toolbox
from tests.engine import sabotage, tools

CALLS = ("send", "edit", "delete", "open_thread", "own_messages")

METHODS: dict[str, tuple[type, str]] = {
    "download": (Attachments, "download"),
    "fetch_linked": (QuoteSource, "linked"),
    "keep_file": (FileStore, "keep"),
    "keep_quotes": (QuoteStore, "keep"),
    "upload": (Files, "upload"),
    "delete_file": (Files, "delete"),
    "forget_deleted": (FileSweeps, "deleted"),
}
"""Steps that are methods: of files, and of what messages quote."""

SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "term": signal.SIGTERM}

LATE_REQUEST = """
import json, sys, time, urllib.request
seconds, method, url, token, body = sys.argv[1:]
time.sleep(float(seconds))
headers = {"Authorization": "Bot " + token, "Content-Type": "application/json", "User-Agent": "DiscordBot (-, 0)"}
urllib.request.urlopen(urllib.request.Request(url, body.encode(), headers, method=method)).read()
"""


class Points:
    """Counts the points as they are reached, and does at one of them what was ordered."""

    def __init__(self, log: str | None, at: str | None, do: str | None, late_s: float) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if log else None
        self._at = at
        self._do = do
        self._late_s = late_s
        self._armed = Path(f"{log}.armed") if at is not None and at.endswith(":armed") else None
        self.cut_off = False
        self._calls: Counter[str] = Counter()

    def call(self, step: str) -> int:
        """Number a call of a step."""
        self._calls[step] += 1
        return self._calls[step]

    def reach(self, step: str, when: str, number: int) -> str | None:
        """Note a point; returns what is to be done there besides a signal, which it sends."""
        point = f"{step}:{when}:{number}"
        hit = point == self._at
        if self._armed is not None and f"{step}:{when}:armed" == self._at and self._armed.exists():
            hit, self._armed = True, None
        if self._log is not None:
            os.write(self._log, f"{time.monotonic():.6f} {point}{' !' if hit else ''}\n".encode())
        if hit and self._do in SIGNALS:
            os.kill(os.getpid(), SIGNALS[self._do])
        if hit and self._do == "cut":
            self.cut_off = True
        return self._do if hit else None

    async def through(
        self, step: str, make: Callable[[], Awaitable[Any]], late: Callable[[], None] | None = None
    ) -> Any:
        """Make a call between its two points."""
        number = self.call(step)
        ordered = self.reach(step, "before", number)
        if ordered == "late" and late is not None:
            late()
            os.kill(os.getpid(), signal.SIGKILL)
        result = await make()
        if ordered == "double":
            result = await make()
        self.reach(step, "after", number)
        return result

    def later(self, method: str, path: str, body: dict[str, Any], token: str) -> None:
        """Have a request made by somebody who outlives this process."""
        arguments = [str(self._late_s), method, Route.BASE + path, token, json.dumps(body)]
        subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", LATE_REQUEST, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def instrument(points: Points) -> None:
    """Put points around every script, every call to Discord and every event of a stream."""
    run = Scripts.run_and_read

    async def running(self: Scripts, call: Call, **commands: Commands) -> Any:
        if points.cut_off:
            raise StoreUnavailable("cut off")
        return await points.through(call.name, lambda: run(self, call, **commands))

    setattr(Scripts, "run_and_read", running)  # noqa: B010 - a plain assignment is what mypy forbids
    for name in CALLS:
        setattr(DiscordOutbox, name, _calling(points, name, getattr(DiscordOutbox, name)))
    for step, (owner, name) in METHODS.items():
        setattr(owner, name, _through(points, step, getattr(owner, name)))
    stream = Claude.stream

    async def streaming(self: Claude, *arguments: Any) -> AsyncGenerator[Any, None]:
        async with aclosing(stream(self, *arguments)) as events:
            async for event in events:
                number = points.call("event")
                points.reach("event", "before", number)
                yield event
                points.reach("event", "after", number)

    setattr(Claude, "stream", streaming)  # noqa: B010


def add_tools(points: Points) -> None:
    """Have the bot offer the tools of tests/engine/tools.py as well."""
    build = build_toolbox

    def building(*arguments: Any, **named: Any) -> Toolbox:
        toolbox = build(*arguments, **named)
        for tool in tools.tools(points.through):
            toolbox.add(tool)
        return toolbox

    setattr(wiring_turns, "build_toolbox", building)  # noqa: B010


def _calling(points: Points, name: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(call)
    async def calling(self: DiscordOutbox, *arguments: Any) -> Any:
        late = functools.partial(_late, points, self, arguments) if name in ("send", "edit") else None
        return await points.through(name, lambda: call(self, *arguments), late)

    return calling


def _through(points: Points, step: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(call)
    async def calling(*arguments: Any, **named: Any) -> Any:
        return await points.through(step, lambda: call(*arguments, **named))

    return calling


def _late(points: Points, outbox: DiscordOutbox, arguments: tuple[Any, ...]) -> None:
    token = outbox._client.http.token or ""
    match arguments:
        case (place, Outgoing() as message):
            body: dict[str, Any] = {"content": message.content, "nonce": message.nonce, "enforce_nonce": True}
            body["flags"] = 1 << 12 if message.silent else 0
            if message.controls.buttons == OF_CARDS and (view := buttons.view(message.controls)) is not None:
                body["components"] = view.to_components()
            if message.reply_to is not None:
                body["message_reference"] = {"message_id": str(message.reply_to), "fail_if_not_exists": False}
            points.later("POST", f"/channels/{place}/messages", body, token)
        case (place, message_id, Change() as change):
            body = {"components": []} if change.content is None else {"content": change.content}
            points.later("PATCH", f"/channels/{place}/messages/{message_id}", body, token)


def _seconds(variable: str, *places: tuple[object, str]) -> None:
    """Put a time from the environment, if it is there, in place of constants; each of them has to exist."""
    for module, name in places:
        usual_s = getattr(module, name)
        setattr(module, name, float(os.environ.get(variable) or usual_s))


def prepare() -> None:
    """Do what the environment says."""
    _seconds("POINTS_GATHER_S", (read_moments, "GATHER_S"))
    _seconds("POINTS_CALL_S", (calls, "CALL_S"), (wiring_store, "CALL_S"))
    _seconds("POINTS_SETTLE_AFTER_S", (wiring_store, "SETTLE_AFTER_S"))
    _seconds("POINTS_EDIT_EVERY_S", (schedule, "EDIT_INTERVAL_MIN_S"))
    _seconds("POINTS_WINDOW_S", (window, "WINDOW_S"))
    _seconds("POINTS_OVERLAP_S", (catchup, "OVERLAP_S"))
    _seconds("POINTS_NOTIFY_AFTER_S", (wiring_gateway, "NOTIFY_AFTER_S"))
    _seconds("POINTS_SWEEP_S", (file_cleanup, "RETRY_S"), (file_cleanup, "BUSY_S"))
    _seconds("POINTS_UNNAMED_S", (held_files, "UNNAMED_S"))
    _seconds(
        "POINTS_APPROVAL_S",
        (approval, "INTERRUPTED_AFTER_S"),
        (approval_desk, "RETRY_S"),
        (approval_watch, "RETRY_S"),
        (approval_desk, "CARD_S"),
    )
    _seconds("POINTS_REMINDER_S", (reminder_poster, "RETRY_S"), (reminder_poster, "HOLD_S"))
    _seconds("POINTS_BRANCH_S", (branches, "RETRY_S"), (branching, "RETRY_S"))
    if name := os.environ.get("SABOTAGE"):
        sabotage.remove(name)
    late_s = float(os.environ.get("POINTS_LATE_S", "1"))
    log, at, do = (os.environ.get(variable) for variable in ("POINTS_LOG", "POINTS_AT", "POINTS_DO"))
    points = Points(log, at, do, late_s)
    instrument(points)
    if os.environ.get(tools.CHANNEL):
        add_tools(points)


if __name__ == "__main__":
    prepare()
    main()

"""One conversation, as the store has it, and what the server has of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

from bot.claude.wire import stream_arguments
from bot.conversation.compose import Terms, compose
from bot.conversation.elements import question
from bot.conversation.message import DISCORD_EPOCH_MS, Author, Message
from bot.conversation.past import Past
from bot.conversation.prompt import CONTINUE, render_system
from bot.conversation.request import Effort, Parameters, PromptMessage, Request, Usage
from bot.conversation.revision import amended
from bot.conversation.side_requests import to_summarize
from bot.conversation.trimming import marks
from bot.conversation.turn import UNSENT, Outcome, Turn, exchange
from bot.local.simulator.claude.caching import Cache, Lookup
from bot.local.simulator.claude.catalogue import find
from bot.local.simulator.claude.prompt import Prompt, flatten
from bot.local.simulator.claude.rules import check_rules
from bot.local.simulator.claude.tokens import count_text

TURNS = 8
MODELS = ("claude-haiku-5-5", "claude-sonnet-5-5")
WORDS = ("loom ", "weft ", "織機 ", "if (a) { b(); } ", "🧵 ", "ткань ")
GAPS_S = (20, 45, 120, 280, 320, 1200, 3500, 3700, 90_000)

# What can happen between two messages, and the reason that the cache then names, None where it must not notice.
EVENTS: dict[str, str | None] = {
    "nothing": None,
    "pin": None,
    "unpin": None,
    "a command": None,
    "a failed turn": None,
    "regenerate": None,
    "continue": None,
    "pin now": None,
    "edit": "messages_changed",
    "delete": "messages_changed",
    "reset": "messages_changed",
    "model": "model_changed",
    "prompt": "system_changed",
    "effort": "unavailable",  # which the diagnostics have no name for
}

SUMMARY = "They talked of looms, and of what is woven on them."


@dataclass
class Talk:
    """One conversation, as the store has it, and what the server has of it."""

    chance: random.Random
    cache: Cache
    now_s: float = 1000.0
    model: str = MODELS[0]
    system: str = "Be kind. " * 60
    effort: Effort = "medium"
    summarizes: bool = False
    summed_up: Lookup | None = None
    history: list[Turn] = field(default_factory=list)
    window_start: int = 0
    pins: frozenset[int] = frozenset()
    pinned_now: int | None = None
    said: Message | None = None
    earlier: Turn | None = None
    continues: bool = False
    shortened: bool = False
    before: Prompt | None = None
    cached: int = 0
    alive_until: float = 0.0
    refused: bool = False
    stopped: bool = False
    redid: bool = False

    def text(self) -> str:
        return "".join(self.chance.choice(WORDS) for _ in range(self.chance.randint(5, 120)))

    def happen(self, event: str) -> bool:
        """Let something happen; False if there was nothing for it to happen to."""
        sent = [
            at for at in range(self.window_start, len(self.history)) if self.history[at].outcome not in UNSENT
        ]
        if event in ("edit", "delete", "pin") and not sent:
            return False
        at = self.chance.choice(sent) if sent else 0
        match event:
            case "edit":
                self._amend(at, message(self.history[at].id, self.text() + "!"))
            case "delete":
                self._amend(at, None)
            case "pin":
                self.pins |= {self.history[at].id}
            case "unpin":
                self.pins = frozenset()
            case "reset":
                if not self.history:
                    return False
                self.history, self.window_start = [], 0
            case "model":
                self.model = MODELS[1 - MODELS.index(self.model)]
            case "prompt":
                self.system += "Be brief. "
            case "effort":
                self.effort = "high" if self.effort == "medium" else "medium"
            case "a failed turn":
                self._fail()
            case _:
                return self._wish(event)
        return True

    def _wish(self, event: str) -> bool:
        match event:
            case "regenerate" | "continue":
                return self._take_up(more=event == "continue")
            case "pin now":
                return self._pin_now()
        return True

    def _amend(self, at: int, now: Message | None) -> None:
        entry = self.history[at]
        self.history[at] = amended(entry, entry.id, now, self.history[-1].id)

    def _fail(self) -> None:
        """Have a turn fail before Claude has read of it, whatever was to be trimmed for it."""
        self.now_s += 1
        asked = message(self.id, self.text())
        plan = compose(self._terms(), self._past(), [asked], now_ms=self.now_ms).unread
        self.pinned_now = None
        self._enter(
            "failed", "", Usage(), window_start=plan.window.start, key=plan.prefix.key, question=plan.added[0]
        )

    def _take_up(self, *, more: bool) -> bool:
        last = self.history[-1] if self.history else None
        if last is None or self.said is None or last.id != self.said.id or last.outcome != "answered":
            return False
        self.earlier, self.continues = self.history.pop(), more
        self.shortened = not more and last.was_continued
        return True

    def _pin_now(self) -> bool:
        if not self.window_start or not self.history:
            return False
        self.pins |= {self.chance.choice(self.history[: self.window_start]).id}
        self.pinned_now = self.history[-1].id
        return True

    def ask(self) -> tuple[Any, Prompt, Any]:
        """Ask as the bot does, and enter the answer; return the plan, the prompt, and what the cache did."""
        terms, past = self._terms(), self._past()
        earlier, continued = self.earlier, self.earlier if self.continues else None
        so_far = (*continued.sent, CONTINUE) if continued is not None else ()
        if earlier is None or self.said is None:
            self.said = message(self.id, self.text())
        plan = compose(terms, past, [self.said], now_ms=self.now_ms, so_far=so_far)
        self.summed_up = None
        if plan.window.dropped and self.summarizes:
            _, self.summed_up = self._send(to_summarize(terms, plan, past, self.now_ms))
            plan = compose(terms, past, [self.said], now_ms=self.now_ms, so_far=so_far, summary=SUMMARY)
        prompt, lookup = self._send(plan.request)
        reply = self.text().strip()
        usage = Usage(
            input=lookup.uncached,
            cache_write_5m=lookup.written_5m,
            cache_write_1h=lookup.written_1h,
            cache_read=lookup.read,
            output=count_text(reply),
        )
        outcome: Outcome = "refused" if self.chance.random() < 0.05 else "answered"
        self.stopped = outcome == "answered" and self.chance.random() < 0.05
        if self.stopped:
            reply, usage = reply[: len(reply) // 2].strip(), Usage()  # nobody tells what it took
        self.window_start = plan.window.start
        self.redid = earlier is not None
        self.earlier, self.continues = None, False
        if continued is not None:
            self._go_on(continued, reply, plan, usage)
            return plan, prompt, lookup
        preface = plan.new_preface
        if preface is None and earlier is not None:
            preface = earlier.preface
        self._enter(
            outcome,
            reply,
            usage,
            window_start=self.window_start,
            key=plan.prefix.key,
            question=plan.added[0],
            user_tokens=plan.measured(usage),
            preface=preface,
            id=self.said.id,
        )
        return plan, prompt, lookup

    def _go_on(self, continued: Turn, more: str, plan: Any, usage: Usage) -> None:
        """Enter a continued reply as the bot does."""
        self.history.append(
            replace(
                continued,
                sent=(*plan.added, PromptMessage.of("assistant", more)),
                reply_tokens=plan.rates.of(f"{continued.reply}{more}"),
                usage=usage,
                window_start=self.window_start,
                asked_ms=self.now_ms,
                prefix_key=plan.prefix.key,
                preface=plan.new_preface or continued.preface,
            )
        )

    def _send(self, request: Request) -> tuple[Prompt, Lookup]:
        """Have the server take a request, and begin to answer it."""
        body: Any = stream_arguments(request)
        model = find(self.model)
        assert model is not None
        assert check_rules(body, model) is None
        prompt = flatten(body, model)
        lookup = self.cache.look_up(prompt, model, self.now_s)
        self.cache.begin(lookup)
        return prompt, lookup

    def _terms(self) -> Terms:
        return Terms(
            parameters=Parameters(self.model, 1000, self.effort),
            system=render_system(self.system),
            user_key="u",
            trimming=marks(3000, 0.5, pinned_share=0.3),
        )

    def _past(self) -> Past:
        return Past(
            tuple(self.history[self.window_start :]),
            self.window_start,
            self.pins,
            earlier=self.earlier,
            recalled=tuple(turn for turn in self.history[: self.window_start] if turn.holds(self.pins)),
            pinned_now=self.pinned_now,
        )

    @property
    def now_ms(self) -> int:
        return DISCORD_EPOCH_MS + round(self.now_s * 1000)

    @property
    def id(self) -> int:
        return round(self.now_s * 1000) << 22

    def _enter(
        self, outcome: Outcome, reply: str, usage: Usage, *, window_start: int, key: str, **more: Any
    ) -> None:
        asked = more.pop("question", None) or question([message(self.id, self.text())])
        turn = Turn(
            id=more.pop("id", self.id),
            asked_ms=self.now_ms,
            sent=exchange(asked, reply if outcome == "answered" else ""),
            outcome=outcome,
            model=self.model,
            user_tokens=more.pop("user_tokens", 60),
            reply_tokens=usage.output if outcome == "answered" else 0,
            usage=usage,
            window_start=window_start,
            prefix_key=key,
            **more,
        )
        self.history.append(turn)


def message(number: int, text: str) -> Message:
    return Message(number, Author(1, "ann", "Ann"), text)

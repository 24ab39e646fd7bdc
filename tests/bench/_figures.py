"""What a benchmark of streaming has measured, beside the goals."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

# What shows the first text is one round trip after it, and what shows the end is, too.
ROUND_TRIP_S = 0.15
GLOBAL_PER_S = 50
GOAL_CPU_S = 0.03
GOAL_BEGIN_S = 0.005
GOAL_LAG_S = 0.05


@dataclass(frozen=True, slots=True)
class Goals:
    """What is to hold for so many threads; seconds, None where nothing is asked."""

    first_after_token: float | None = None
    last_after_token: float | None = None
    first_less_claude: float | None = None
    first: float | None = None
    whole: float | None = None
    still: float | None = None


NO_GOALS = Goals()
GOALS = {
    1: Goals(first_after_token=0.25, last_after_token=0.20, still=1.4),
    20: Goals(first_after_token=0.25, last_after_token=0.20, still=1.4),
    200: Goals(last_after_token=5.2, first_less_claude=5.2, first=5.2, whole=13.8),
}


@dataclass(slots=True)
class Figures:
    """What was measured in all rounds of one size; times in seconds."""

    threads: int
    tokens: int = 1
    opens: bool = False
    asked: list[float] = field(default_factory=list)
    first_less_claude: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    first_after_token: list[float] = field(default_factory=list)
    last_after_token: list[float] = field(default_factory=list)
    still: list[float] = field(default_factory=list)
    claude: list[float] = field(default_factory=list)
    edits: list[int] = field(default_factory=list)
    wrong: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    limited: int = 0
    busiest_per_s: int = 0
    cpu: list[float] = field(default_factory=list)
    begin_cpu: list[float] = field(default_factory=list)
    bot_share: list[float] = field(default_factory=list)
    claude_share: list[float] = field(default_factory=list)
    lag_p99_s: float = 0.0


def report(figures: Figures) -> list[str]:
    """The lines for one size."""
    goals = NO_GOALS if figures.opens else GOALS.get(figures.threads, NO_GOALS)
    where = ", each opened with the reply" if figures.opens else ""
    a_delta = "a token" if figures.tokens == 1 else f"{figures.tokens} tokens"
    edits = figures.edits or [0]
    lines = [
        f"{figures.threads} thread(s){where}, {a_delta} per delta: {len(figures.first)} replies, "
        f"{figures.wrong} of them wrong or incomplete (goal 0); 429s: {figures.limited} (goal 0); "
        f"busiest second {figures.busiest_per_s} calls",
        _line("first text after its token", figures.first_after_token, goals.first_after_token),
        _line("last text after its token", figures.last_after_token, goals.last_after_token),
        _line("message to first text", figures.first, goals.first),
        _line("the same less Claude's time", figures.first_less_claude, goals.first_less_claude),
        _line("message to whole text", figures.whole, goals.whole),
        _line("longest without a change", figures.still, goals.still),
        _line("Claude's request to its end", figures.claude, None),
        _line("message to Claude's request", figures.asked, None),
        f"  processor time of the bot per reply {1000 * statistics.mean(figures.cpu or [0]):.0f} ms"
        f"   goal <= {1000 * GOAL_CPU_S:.0f}: {verdict(statistics.mean(figures.cpu or [0]) <= GOAL_CPU_S)}; "
        f"the bot took {100 * max(figures.bot_share, default=0):.0f} % of a core, "
        f"Claude {100 * max(figures.claude_share, default=0):.0f} %",
    ]
    if figures.begin_cpu:
        spent = statistics.median(figures.begin_cpu)
        lines.append(
            f"  of it from the message to Claude's request p50 {1000 * spent:.1f} ms"
            f"   goal <= {1000 * GOAL_BEGIN_S:.0f}: {verdict(spent <= GOAL_BEGIN_S)}"
        )
    lines.append(
        f"  lag of the bot's event loop p99 within {1000 * figures.lag_p99_s:.0f} ms"
        f"   goal <= {1000 * GOAL_LAG_S:.0f}: {verdict(figures.lag_p99_s <= GOAL_LAG_S)}"
    )
    lines.append(
        f"  edits per reply: mean {statistics.mean(edits):.1f}, least {min(edits)}, most {max(edits)}; "
        f"calls {dict(figures.calls.most_common())}"
    )
    return lines


def _line(name: str, seconds: Sequence[float], goal: float | None) -> str:
    said = f"  {name:<28}{spread(seconds)}"
    if goal is not None and seconds:
        said += f"   goal p95 <= {1000 * goal:.0f}: {verdict(p95(seconds) <= goal)}"
    return said


def spread(seconds: Sequence[float]) -> str:
    """Median, 95th percentile and worst, in ms."""
    if not seconds:
        return "none"
    return (
        f"p50 {1000 * statistics.median(seconds):5.0f} ms, p95 {1000 * p95(seconds):5.0f} ms, "
        f"worst {1000 * max(seconds):5.0f} ms"
    )


def p95(seconds: Sequence[float]) -> float:
    """The 95th percentile: 19 of 20 are not longer."""
    ordered = sorted(seconds)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]


def verdict(held: bool) -> str:
    """How a goal is reported."""
    return "held" if held else "MISSED"

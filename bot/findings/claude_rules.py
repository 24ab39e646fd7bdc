"""The rules for the Claude API."""

from __future__ import annotations

from collections.abc import Iterator

from bot.findings.facts import ClaudeFacts
from bot.findings.finding import Finding, Severity
from bot.findings.ids import Id

SLOW_S = 2.0

CHANGE_MODEL = "change claude.model (BOT_CLAUDE__MODEL)"


def ends(facts: ClaudeFacts) -> Iterator[Finding]:
    """A retired model refuses every request."""
    if facts.info is not None and facts.ends_soon:
        when = f" on {facts.info.retires}" if facts.info.retires else " soon"
        instead = f" to {facts.successor}" if facts.successor else " to another"
        yield Finding(
            Id.MODEL_ENDS,
            Severity.WARNING,
            f"The model {facts.model} is retired{when}",
            f"{CHANGE_MODEL}{instead}",
            ("claude.model",),
        )


def unreachable(facts: ClaudeFacts) -> Iterator[Finding]:
    """The bot may start all the same: it answers once Claude can be reached."""
    if facts.unreachable:
        yield Finding(
            Id.CLAUDE_UNREACHABLE,
            Severity.WARNING,
            f"Claude cannot be reached ({facts.unreachable})",
            "check the network, the proxy if there is one, and ANTHROPIC_BASE_URL if you set it",
            ("claude.base_url",),
        )


def unchecked(facts: ClaudeFacts) -> Iterator[Finding]:
    """A server without a list of models, or one that did not answer."""
    if not facts.is_listed and not facts.unreachable:
        yield Finding(
            Id.MODEL_UNCHECKED,
            Severity.WARNING,
            "The server did not list its models, so that the model and its limits are not checked",
            "see whether ANTHROPIC_BASE_URL is right, and status.claude.com",
            ("claude.base_url",),
        )


def answer(facts: ClaudeFacts) -> Iterator[Finding]:
    """The key may list models and still not use one."""
    if facts.count_problem:
        yield Finding(
            Id.CLAUDE_ANSWER,
            Severity.WARNING,
            f"Claude takes no messages for {facts.model} ({facts.count_problem})",
            "see whether the key may use this model, in https://platform.claude.com, Settings, Limits",
            ("claude.api_key", "claude.model"),
        )


def files(facts: ClaudeFacts) -> Iterator[Finding]:
    """Without a Files API each request carries the bytes."""
    if facts.has_files is False:
        yield Finding(
            Id.FILES,
            Severity.NOTE,
            "The server has no Files API: pictures and PDFs are sent again with each request",
            'nothing needs to be done; claude.files = "inline" says so explicitly',
            ("claude.files",),
        )


def tools(facts: ClaudeFacts) -> Iterator[Finding]:
    """A server that refuses tools refuses each request with one."""
    if facts.has_tools is False:
        yield Finding(
            Id.TOOLS,
            Severity.WARNING,
            f"The server refuses requests with tools for {facts.model}",
            "leave tools.on empty, or use another model",
            ("tools.on", "claude.model"),
        )


def latency(facts: ClaudeFacts) -> Iterator[Finding]:
    """A slow way to the API delays each first text."""
    if facts.latency_s > SLOW_S:
        yield Finding(
            Id.CLAUDE_LATENCY,
            Severity.NOTE,
            f"Claude took {facts.latency_s:.1f} s for a list of its models",
            "see status.claude.com, and the proxy if there is one",
        )


RULES = (ends, unreachable, unchecked, answer, files, tools, latency)

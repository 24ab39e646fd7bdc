"""Findings and facts as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.findings.facts import ClaudeFacts, DiscordFacts, Facts, RedisFacts
from bot.findings.finding import Finding, Severity, exit_code

MB = 1_000_000

WIDTH = max(map(len, Severity))


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a check; `fixed` says what was repaired, and what could not be."""

    version: str
    facts: tuple[Facts, ...]
    findings: tuple[Finding, ...]
    fixed: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """The exit code; 0 if the bot may start."""
        return exit_code(self.findings)


def text_of(report: Report) -> str:
    """Write a report for people."""
    lines = [f"Bobbin {report.version}", ""]
    rows = [row for facts in report.facts for row in _rows(facts)]
    lines += [f"  {name:8}{value}" for name, value in rows]
    lines += ["", *report.fixed] if report.fixed else []
    for finding in report.findings:
        lines += ["", *paragraph(finding)]
    return "\n".join([*lines, "", _summary(report.findings)])


def json_of(report: Report) -> dict[str, Any]:
    """Write a report for machines."""
    return {
        "version": report.version,
        "may_start": report.exit_code == 0,
        "exit_code": report.exit_code,
        "facts": {name.lower(): value for facts in report.facts for name, value in _rows(facts)},
        "findings": [_entry(finding) for finding in report.findings],
        "fixed": list(report.fixed),
    }


def _entry(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id.value,
        "severity": finding.severity.value,
        "problem": finding.problem,
        "mend": finding.mend,
        "names": list(finding.names),
        "fixable": finding.fix is not None,
        "server": None if finding.server is None else str(finding.server),
        "channel": None if finding.channel is None else str(finding.channel),
    }


def paragraph(finding: Finding) -> Iterable[str]:
    """Write a finding in some lines."""
    yield f"{finding.severity.value:{WIDTH}}  {finding.id.value}"
    yield f"  {_sentence(finding.problem)}"
    if finding.mend:
        yield f"  → {_sentence(finding.mend)}"
    if finding.fix is not None:
        # The whole command, because `init`, which has no such option, shows findings as well.
        yield f"  → `python -m bot check --fix` can {finding.fix.value}."


def _sentence(text: str) -> str:
    return (
        text if text.endswith((".", "?", "!")) or text.rpartition(" ")[2].startswith("http") else f"{text}."
    )


def _summary(findings: Sequence[Finding]) -> str:
    counts = [
        f"{count} {severity.value}{'' if count == 1 else 's'}"
        for severity in Severity
        if (count := sum(each.severity is severity for each in findings))
    ]
    code = exit_code(findings)
    verdict = f"Bobbin may not start (exit code {code})." if code else "Bobbin may start."
    return f"{', '.join(counts) or 'Nothing is wrong'}. {verdict}"


def _rows(facts: Facts) -> Iterable[tuple[str, str]]:
    if isinstance(facts, DiscordFacts):
        servers = "1 server" if facts.server_count == 1 else f"{facts.server_count} servers"
        ahead = f"clock {facts.host_is_ahead_s:+.1f} s"
        yield "Discord", f"{facts.name} in {servers}, {_ms(facts.latency_s)}, {ahead}"
        yield "Invite", facts.invite
    elif isinstance(facts, ClaudeFacts):
        state = facts.info.lifecycle if facts.info is not None and facts.is_listed else "not checked"
        files, tools = _whether(facts.has_files), _whether(facts.has_tools)
        told = f", {_ms(facts.latency_s)}, Files API: {files}, tools: {tools}"
        yield "Claude", f"{facts.model} ({state}){'' if facts.unreachable else told}"
    elif isinstance(facts, RedisFacts):
        yield "Redis", ", ".join(filter(None, _redis(facts)))


def _redis(facts: RedisFacts) -> Iterable[str]:
    yield f"{facts.product} {facts.version}".strip()
    yield f"a cluster of {facts.primaries}" if facts.is_cluster else ""
    yield _ms(facts.latency_s)
    if facts.is_info_allowed:
        most = f" of {facts.memory_max / MB:.0f}" if facts.memory_max else ""
        yield f"{facts.memory_used / MB:.1f}{most} MB"
        yield facts.policy
        kept = [name for name, on in (("append-only file", facts.appends), ("snapshots", facts.saves)) if on]
        yield " and ".join(kept)
    yield "TLS" if facts.has_tls else ""


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"


def _whether(known: bool | None) -> str:
    return "unknown" if known is None else "yes" if known else "no"

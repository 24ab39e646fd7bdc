"""Reports: for people, and for machines."""

from __future__ import annotations

from bot.config import Exit
from bot.findings.facts import RedisFacts
from bot.findings.finding import Finding, Fix, Severity
from bot.findings.ids import Id
from bot.findings.report import Report, json_of, text_of

EVICTS = Finding(
    Id.EVICTION,
    Severity.ERROR,
    "It evicts",
    "see https://example.org",
    ("maxmemory-policy",),
    Fix.EVICTION,
    Exit.REDIS_UNFIT,
)
GONE = Finding(Id.CHANNEL_GONE, Severity.WARNING, "A channel is gone", "", server=1, channel=1 << 60)
REDIS = RedisFacts(
    0.0004, is_remote=False, has_tls=False, product="Valkey", version="9.1", memory_used=2_000_000
)


def test_text() -> None:
    assert text_of(Report("1.0", (REDIS,), (EVICTS, GONE), ("fixed      a",))).splitlines() == [
        "Bobbin 1.0",
        "",
        "  Redis   Valkey 9.1, 0.4 ms, 2.0 MB",
        "",
        "fixed      a",
        "",
        "error    redis.eviction",
        "  It evicts.",
        "  → see https://example.org",
        "  → `python -m bot check --fix` can set the eviction policy of Redis to noeviction.",
        "",
        "warning  discord.channel_gone",
        "  A channel is gone.",
        "",
        "1 error, 1 warning. Bobbin may not start (exit code 93).",
    ]


def test_text_where_nothing_is_wrong() -> None:
    assert text_of(Report("1.0", (), ())).endswith("Nothing is wrong. Bobbin may start.")


def test_json_names_ids_as_text_because_they_exceed_the_numbers_of_javascript() -> None:
    report = json_of(Report("1.0", (), (GONE,)))
    assert report["may_start"] is True
    assert report["findings"][0]["channel"] == str(1 << 60)

"""The rules for Redis."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.config import Exit
from bot.conversation.clock import MOST_OFF_S
from bot.findings.facts import RedisFacts
from bot.findings.finding import Finding, Fix, Severity
from bot.findings.ids import Id

NO_EVICTION = "noeviction"

OLDEST = {"Redis": (6, 2), "Valkey": (7, 2)}

FULL_SHARE = 0.8
"""Of `maxmemory`: a large history comes in bursts, and beyond the limit nothing is accepted."""

SLOW_S = 0.05
"""A turn takes some ten round trips before its first text."""

UNFINISHED_RESTORE = 10**9
"""The schema version in Redis during a restore: newer than any release, so no instance starts on half the data."""

_NUMBERS = re.compile(r"\d+")


def version(facts: RedisFacts) -> Iterator[Finding]:
    """Older servers lack commands that the scripts use."""
    found = tuple(int(number) for number in _NUMBERS.findall(facts.version)[:2])
    oldest = OLDEST.get(facts.product)
    if found and oldest is not None and found < oldest:
        wanted = ", or a ".join(f"{name} {major}.{minor}" for name, (major, minor) in OLDEST.items())
        yield Finding(
            Id.REDIS_VERSION,
            Severity.ERROR,
            f"This is {facts.product} {facts.version}, which is too old",
            f"use a {wanted}, or newer",
            ("redis.url",),
            exit_code=Exit.REDIS_UNFIT,
        )


def role(facts: RedisFacts) -> Iterator[Finding]:
    """A replica that accepts writes loses them."""
    if facts.role == "slave":
        yield Finding(
            Id.REDIS_ROLE,
            Severity.ERROR,
            "This Redis is a replica: what is written to it is lost, or refused",
            "set REDIS_URL to the primary",
            ("redis.url",),
            exit_code=Exit.REDIS_UNFIT,
        )


def replicas(facts: RedisFacts) -> Iterator[Finding]:
    """Writes wait in vain for a replica that is not there, and are as safe as without one."""
    if facts.replicas is not None and facts.replicas < facts.wanted_replicas:
        yield Finding(
            Id.REDIS_REPLICAS,
            Severity.WARNING,
            f"redis.wait_replicas is {facts.wanted_replicas}, and {_counted(facts.replicas)} connected to "
            "this Redis: a failover may lose what was accepted or answered last",
            "start the replicas, or lower redis.wait_replicas",
            ("redis.wait_replicas",),
        )


def eviction(facts: RedisFacts) -> Iterator[Finding]:
    """A server that evicts keys loses messages, and answers others twice."""
    if facts.policy not in ("", NO_EVICTION):
        yield Finding(
            Id.EVICTION,
            Severity.ERROR,
            f"The eviction policy of this Redis is {facts.policy}: when its memory is full it deletes conversations, "
            "and the notes of which messages are answered",
            f"set maxmemory-policy to {NO_EVICTION} (CONFIG SET maxmemory-policy {NO_EVICTION}, and in redis.conf or "
            "your host's panel)",
            ("maxmemory-policy",),
            Fix.EVICTION,
            Exit.REDIS_UNFIT,
        )


def persistence(facts: RedisFacts) -> Iterator[Finding]:
    """Without persistence a restart of the server forgets everything."""
    if facts.appends is False and facts.saves is False:
        yield Finding(
            Id.PERSISTENCE,
            Severity.WARNING,
            "This Redis writes nothing to its disk: its restart forgets every conversation and setting",
            "switch on the append-only file (appendonly yes)",
            ("appendonly",),
            Fix.APPEND_ONLY,
        )
    elif facts.appends is False and facts.saves:
        yield Finding(
            Id.PERSISTENCE,
            Severity.NOTE,
            "This Redis saves snapshots only: after a crash, the last minutes are lost",
            "switch on the append-only file (appendonly yes)",
            ("appendonly",),
            Fix.APPEND_ONLY,
        )


def disk(facts: RedisFacts) -> Iterator[Finding]:
    """A failed save becomes a refusal of all writes, or a loss."""
    if facts.disk_problem:
        yield Finding(
            Id.REDIS_DISK,
            Severity.WARNING,
            f"The last attempt of this Redis to save its data failed ({facts.disk_problem})",
            "see its log, and whether its disk is full",
        )


def memory(facts: RedisFacts) -> Iterator[Finding]:
    """Full memory refuses every write."""
    if facts.memory_max and facts.memory_used > FULL_SHARE * facts.memory_max:
        yield Finding(
            Id.REDIS_MEMORY,
            Severity.WARNING,
            f"This Redis uses {facts.memory_used / facts.memory_max:.0%} of its memory; when it is full, nothing is "
            "answered",
            "raise maxmemory, or lower history.ttl_days",
            ("maxmemory", "history.ttl_days"),
        )


def tls(facts: RedisFacts) -> Iterator[Finding]:
    """Messages and the password would travel readable."""
    if facts.is_remote and not facts.has_tls:
        yield Finding(
            Id.REDIS_TLS,
            Severity.WARNING,
            "The connection to Redis on another machine is not encrypted",
            "use rediss:// in REDIS_URL, unless the network is private",
            ("redis.url",),
        )
    elif facts.has_tls and not facts.verifies:
        yield Finding(
            Id.REDIS_TLS,
            Severity.WARNING,
            "The certificate of Redis is not verified, so that another server can pretend to be it",
            "name the authority in redis.ca_file, and set redis.verify_certificate = true",
            ("redis.verify_certificate", "redis.ca_file"),
        )


def latency(facts: RedisFacts) -> Iterator[Finding]:
    """A far server makes each answer late."""
    if facts.latency_s > SLOW_S:
        yield Finding(
            Id.REDIS_LATENCY,
            Severity.WARNING,
            f"Redis takes {facts.latency_s * 1000:.0f} ms to answer, and each turn sends about ten commands",
            "run the bot and Redis in one place",
            ("redis.url",),
        )


def clock(facts: RedisFacts) -> Iterator[Finding]:
    """Leases and limits use the clock of the server."""
    ahead_s = facts.host_is_ahead_s
    if ahead_s is not None and abs(ahead_s) > MOST_OFF_S:
        yield Finding(
            Id.REDIS_CLOCK,
            Severity.WARNING,
            f"The clocks of this machine and of Redis differ by {abs(ahead_s):.0f} s",
            "synchronize both with NTP",
        )


def info(facts: RedisFacts) -> Iterator[Finding]:
    """Without INFO half of the checks are impossible."""
    if not facts.is_info_allowed:
        yield Finding(
            Id.REDIS_INFO,
            Severity.NOTE,
            "The user of REDIS_URL may not ask for INFO: version, persistence, memory and eviction are not checked",
            "allow it (ACL SETUSER <user> +info +config|get), and see that maxmemory-policy is noeviction",
            ("redis.url",),
        )


def too_new(version: int, newest: int) -> tuple[str, str]:
    """Return what is wrong with data of a version above the `newest` that this release knows, and what mends it."""
    if version == UNFINISHED_RESTORE:
        return (
            "Redis holds half of a backup, because its restore was broken off",
            "run `python -m bot restore --replace FILE` with the same file again",
        )
    return (
        f"Redis holds data of a newer release (version {version} of its schema, this release knows up to {newest})",
        "start the newer release, or restore the backup from before its migration",
    )


def schema(facts: RedisFacts) -> Iterator[Finding]:
    """A release does not know what a newer one writes; what an older one has written is raised at the start."""
    if facts.schema > facts.newest_schema:
        problem, mend = too_new(facts.schema, facts.newest_schema)
        yield Finding(Id.REDIS_SCHEMA, Severity.ERROR, problem, mend, exit_code=Exit.NEWER_DATA)
    elif facts.is_older:
        yield Finding(
            Id.REDIS_SCHEMA,
            Severity.NOTE,
            f"Redis holds version {facts.schema} of the schema, and this release writes {facts.newest_schema}: the "
            "bot raises it at its start, or two minutes after the last older instance has ended; until then there "
            "are no tools",
            "end the instances of older releases",
        )


def _counted(replicas: int) -> str:
    if replicas == 0:
        return "no replica is"
    return "1 replica is" if replicas == 1 else f"{replicas} replicas are"


RULES = (version, role, replicas, eviction, persistence, disk, memory, tls, latency, clock, info, schema)

"""All rules, by the kind of facts that they look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bot.findings import claude_rules, discord_rules, host_rules, redis_rules, settings_rules
from bot.findings.facts import (
    ClaudeFacts,
    CommandFacts,
    DiscordFacts,
    Facts,
    HostFacts,
    RedisFacts,
    SettingsFacts,
)
from bot.findings.finding import Finding
from bot.findings.limits_rules import of_model

Rule = Callable[[Any], Iterator[Finding]]

RULES: Mapping[type[Facts], tuple[Rule, ...]] = {
    SettingsFacts: settings_rules.RULES,
    HostFacts: host_rules.RULES,
    DiscordFacts: discord_rules.RULES,
    CommandFacts: discord_rules.COMMAND_RULES,
    ClaudeFacts: claude_rules.RULES,
    RedisFacts: redis_rules.RULES,
}


def findings_of(gathered: Iterable[Facts]) -> Iterator[Finding]:
    """Apply every rule to the facts of its kind."""
    facts = tuple(gathered)
    for each in facts:
        for rule in RULES[type(each)]:
            yield from rule(each)
    settings = next((each.settings for each in facts if isinstance(each, SettingsFacts)), None)
    claude = next((each for each in facts if isinstance(each, ClaudeFacts)), None)
    if settings is not None and claude is not None and claude.info is not None:
        yield from of_model(settings, claude.info)

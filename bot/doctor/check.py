"""`python -m bot check`: all problems of an installation in one report."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from bot.config import Settings, load, proxy
from bot.config.shards import shards_of
from bot.conversation.errors import StartError
from bot.doctor.fixes import repair
from bot.doctor.host_probe import host_facts
from bot.doctor.probes import Gathered, gather
from bot.findings.facts import Facts, RedisFacts, SettingsFacts
from bot.findings.finding import Finding, by_severity, of_start_error
from bot.findings.ids import Id
from bot.findings.report import Report
from bot.findings.table import findings_of
from bot.local.stand_ins import not_configured, require_all, require_claude_on_discord
from bot.tools.offer import known_tools
from bot.version import version


async def check(config: Path | None, directory: Path, *, strict: bool, fix: bool) -> Report:
    """Check the installation; with `fix` also make the repairs and check again.

    `directory` is where the bot is started; `strict` expects all services to be configured, as `run --strict` does.
    """
    try:
        settings = load(config, directory=directory)
    except StartError as error:
        return Report(version(), (), of_start_error(error))
    report, fixed = await _checked(settings, config, directory, strict=strict, fix=fix)
    if not fixed:
        return report
    again, _ = await _checked(settings, config, directory, strict=strict, fix=False)
    return Report(again.version, again.facts, again.findings, fixed)


async def _checked(
    settings: Settings, config: Path | None, directory: Path, *, strict: bool, fix: bool
) -> tuple[Report, tuple[str, ...]]:
    refusals = _refusals(settings, strict=strict)
    async with AsyncExitStack() as stack:
        # Without a usable proxy no service can be reached.
        has_no_proxy = any(each.id is Id.PROXY for each in refusals)
        gathered = Gathered() if has_no_proxy else await gather(settings, stack)
        facts: tuple[Facts, ...] = (
            SettingsFacts(
                settings,
                tools=known_tools(),
                stand_ins=() if strict else not_configured(settings),
            ),
            host_facts(
                settings,
                directory,
                config,
                migrates=any(isinstance(each, RedisFacts) and each.is_older for each in gathered.facts),
            ),
            *gathered.facts,
        )
        unique = dict.fromkeys((*refusals, *gathered.findings, *findings_of(facts)))
        report = Report(version(), facts, by_severity(unique))
        lines = [await repair(settings, gathered, each) for each in report.findings if fix]
    return report, tuple(line for line in lines if line is not None)


def _refusals(settings: Settings, *, strict: bool) -> tuple[Finding, ...]:
    """Return the findings of the checks that read the settings only."""
    found: list[Finding] = []
    rules: tuple[Callable[[], object], ...] = (
        partial(proxy.prepare, setting=settings.discord.proxy_address),
        partial(shards_of, settings.discord),
        partial(require_all if strict else require_claude_on_discord, settings),
    )
    for rule in rules:
        try:
            rule()
        except StartError as error:
            found += of_start_error(error)
    return tuple(found)

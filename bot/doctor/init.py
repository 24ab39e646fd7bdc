"""`python -m bot init`: asks for the secrets and the model, tries each answer, and writes the settings files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from bot.config import Exit, Settings, load, proxy
from bot.conversation.errors import StartError
from bot.doctor.config_files import env_text, toml_text, write_private
from bot.doctor.fixes import repair
from bot.doctor.probes import Gathered, gather
from bot.doctor.prompter import Prompter, agrees
from bot.findings.facts import DiscordFacts, ServerFacts
from bot.findings.finding import Finding, Severity, by_severity, of_start_error
from bot.findings.report import paragraph
from bot.findings.table import findings_of

TOKEN, KEY, REDIS = "DISCORD_TOKEN", "ANTHROPIC_API_KEY", "REDIS_URL"

WELCOME = (
    "This writes .env and config.toml into this folder. Each answer is tried at once. Leave an answer empty to do "
    "without that service: a local stand-in takes its place."
)
QUESTIONS = {
    TOKEN: "The bot's token (https://discord.com/developers/applications, your application, Bot, Reset Token)",
    KEY: "The key for the Claude API (https://platform.claude.com, Settings, API keys)",
    REDIS: "The address of Redis, such as redis://user:password@host:6379/0",
}


async def init(prompter: Prompter, directory: Path, environ: Mapping[str, str] | None = None) -> None:
    """Set up the bot in a directory.

    Raises Aborted when the input ends before the files are written, StartError if a proxy or a file is unusable.
    """
    proxy.prepare()
    setup = Setup(prompter, directory, os.environ if environ is None else environ)
    prompter.tell(WELCOME)
    for variable in (REDIS, TOKEN, KEY):
        await setup.ask(variable)
    await setup.choose_model()
    setup.write()


class Setup:
    """The dialogue with the operator, and the accepted answers so far."""

    def __init__(self, prompter: Prompter, directory: Path, environ: Mapping[str, str]) -> None:
        self._prompter = prompter
        self._directory = directory
        self._environ = environ
        self._variables: dict[str, str] = {}
        self._settings: dict[str, str] = {}

    async def ask(self, variable: str) -> None:
        """Ask for the value of a variable until it works, is kept anyway, or is left out."""
        while True:
            given = self._prompter.ask_secret(QUESTIONS[variable])
            if not given:
                return
            if await self._works(variable, given) or self._keep_anyway():
                self._variables[variable] = given
                return

    async def choose_model(self) -> None:
        """Ask for the model until it works or is kept anyway; without a key for Claude there is nothing to ask."""
        if KEY not in self._variables:
            return
        default = Settings().claude.model
        while True:
            model = self._prompter.ask("The model", default=default)
            if model == default:
                return
            if (
                await self._works(KEY, self._variables[KEY], {"BOT_CLAUDE__MODEL": model})
                or self._keep_anyway()
            ):
                self._settings["claude.model"] = model
                return

    def _keep_anyway(self) -> bool:
        return agrees(self._prompter, "Keep it anyway?", default=False)

    def write(self) -> None:
        """Write both files; overwrite an existing file only if the operator agrees."""
        self._write(".env", env_text(self._variables))
        self._write("config.toml", toml_text(self._settings))
        self._prompter.tell("Start the bot with: python -m bot run")

    def _write(self, name: str, text: str) -> None:
        path = self._directory / name
        if path.exists() and not agrees(self._prompter, f"{name} exists. Overwrite it?", default=False):
            self._prompter.tell(f"{name} is unchanged.")
            return
        try:
            write_private(path, text)
        except OSError as error:
            raise StartError(
                f"{path} cannot be written: {error.strerror}", exit_code=Exit.SETTINGS
            ) from error
        self._prompter.tell(f"{name} is written; only you can read it.")

    async def _works(self, variable: str, value: str, more: Mapping[str, str] | None = None) -> bool:
        """Try a value without the other answers; show the findings, and offer repairs."""
        only = dict.fromkeys(QUESTIONS, "") | {variable: value} | dict(more or {})
        try:
            # Existing settings files do not count, because `init` replaces them; the environment stays, so it counts.
            settings = load(directory=self._directory / ".no-files", environ={**self._environ, **only})
        except StartError as error:
            self._show(of_start_error(error))
            return False
        async with AsyncExitStack() as stack:
            gathered = await gather(settings, stack)
            found = by_severity([*gathered.findings, *findings_of(gathered.facts)])
            if repaired := await self._repaired(settings, gathered, found):
                found = tuple(each for each in found if each not in repaired)
            self._tell_facts(gathered)
        self._show(found)
        return all(each.severity is not Severity.ERROR for each in found)

    async def _repaired(
        self, settings: Settings, gathered: Gathered, found: tuple[Finding, ...]
    ) -> set[Finding]:
        done: set[Finding] = set()
        for finding in found:
            if finding.fix is None or finding.severity is not Severity.ERROR:
                continue
            self._show((finding,))
            if agrees(self._prompter, f"Shall I {finding.fix.value}?", default=True):
                line = await repair(settings, gathered, finding)
                self._prompter.tell(line or "")
                if line is not None and line.startswith("fixed"):
                    done.add(finding)
        return done

    def _tell_facts(self, gathered: Gathered) -> None:
        for facts in gathered.facts:
            if isinstance(facts, DiscordFacts):
                self._prompter.tell(f"The token belongs to {facts.name}. Invite link: {facts.invite}")
                self._pick(facts.servers)

    def _pick(self, servers: tuple[ServerFacts, ...]) -> None:
        """List the bot's servers, and name the permissions that it lacks in the one that the operator picks."""
        if not servers:
            return
        lines = [f"  {number}  {server.name} ({server.id})" for number, server in enumerate(servers, 1)]
        self._prompter.tell("\n".join(["The bot is in these servers:", *lines]))
        question = "Show the bot's missing permissions in which server? (its number; empty: none)"
        while picked := self._prompter.ask(question):
            if picked.isdecimal() and 1 <= int(picked) <= len(servers):
                server = servers[int(picked) - 1]
                lacks = ", ".join(server.lacks) or "nothing"
                self._prompter.tell(f"In {server.name} the bot's roles lack: {lacks}.")
                return
            self._prompter.tell(f"Choose a number from 1 to {len(servers)}.")

    def _show(self, findings: tuple[Finding, ...]) -> None:
        for finding in findings:
            self._prompter.tell("\n".join(paragraph(finding)))

"""`python -m bot`: the command line."""

from __future__ import annotations

import os
import signal

if __name__ == "__main__":
    # A signal ends the process at once until `bot.shutdown` takes over. Before the imports, which take a while.
    for _number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(_number, lambda *_: os._exit(0))

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.support.backup_commands import backup, restore
from bot.support.command_loop import command_loop
from bot.support.commands import bundle, replay

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from contextlib import AbstractContextManager

    from bot.config import TelemetrySettings

cli = typer.Typer(
    name="bobbin",
    help="Talk with Claude in Discord threads.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from bot.version import version

        typer.echo(f"bobbin {version()}")
        raise typer.Exit


@cli.callback()
def bobbin(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Talk with Claude in Discord threads."""


@cli.command()
def run(
    config: Annotated[
        Path | None, typer.Option(help="Settings file; without it BOT_CONFIG, or config.toml if there is one")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse to start unless Discord, Claude and Redis are configured")
    ] = False,
) -> None:
    """Start the bot; a local stand-in replaces each service that is not configured."""
    if hasattr(signal, "SIGHUP"):  # `bot.shutdown` takes over; a reload while the bot starts must not end it
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # Loading the libraries creates 100,000 objects and no garbage; collecting would take a quarter of the time.
    gc.disable()
    load_structlog()

    from bot import app
    from bot.config import load, proxy
    from bot.conversation.errors import StartError
    from bot.local.stand_ins import require_all
    from bot.telemetry import logs

    try:
        settings = load(config)
        logs.configure(settings.telemetry, (*settings.secrets(), *proxy.secrets()))
        proxy.prepare(setting=settings.discord.proxy_address)
        if strict:
            require_all(settings)
        with _error_reporter(settings.telemetry), command_loop(_loop_factory()) as runner:
            runner.run(app.run(settings, lambda: load(config)))
    except StartError as error:
        logs.flush()  # the reason is the last line
        typer.echo(error.line, err=True)
        raise typer.Exit(error.exit_code) from None


@cli.command()
def health(
    config: Annotated[
        Path | None, typer.Option(help="Settings file; without it BOT_CONFIG, or config.toml if there is one")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask only whether the process works, whatever services are away")
    ] = False,
) -> None:
    """Ask the bot on this machine whether it can serve; exit code 0 if it can, else 1."""
    from bot.config import load
    from bot.conversation.errors import StartError
    from bot.telemetry.health import check_health

    try:
        found = check_health(load(config).telemetry, only_live=live)
    except StartError as error:
        typer.echo(error.line, err=True)
        raise typer.Exit(error.exit_code) from None
    typer.echo(found.text)
    raise typer.Exit(0 if found.is_well else 1)


@cli.command()
def check(
    config: Annotated[
        Path | None, typer.Option(help="Settings file; without it BOT_CONFIG, or config.toml if there is one")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Expect Discord, Claude and Redis to be configured, as run --strict"),
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Repair what can be repaired, and check again")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for programs")] = False,
) -> None:
    """Say what is wrong with this installation and how to mend it; exit code 0 if the bot may start."""
    import json
    import logging

    from bot.doctor.check import check as checked
    from bot.findings.report import json_of, text_of

    _silence(logging.CRITICAL)
    with command_loop(_loop_factory()) as runner:
        report = runner.run(checked(config, Path.cwd(), strict=strict, fix=fix))
        typer.echo(json.dumps(json_of(report), indent=2, ensure_ascii=False) if as_json else text_of(report))
        raise typer.Exit(report.exit_code)


@cli.command()
def init() -> None:
    """Ask for what is needed, try it at once, and write .env and config.toml here."""
    import logging

    from bot.doctor.init import init as set_up
    from bot.doctor.prompter import Aborted, Terminal

    _silence(logging.CRITICAL)
    with command_loop(_loop_factory()) as runner:
        try:
            runner.run(set_up(Terminal(), Path.cwd()))
        except Aborted:
            typer.echo("Nothing is written: the input has ended.", err=True)
            raise typer.Exit(1) from None


def _error_reporter(settings: TelemetrySettings) -> AbstractContextManager[object]:
    """Return what reports errors while the bot runs, if the operator has set where to."""
    from contextlib import nullcontext

    if settings.sentry_dsn is None:
        return nullcontext()
    from bot.config.sentry_dsn import read_dsn
    from bot.telemetry.error_reporter import ErrorReporter, sender

    dsn = read_dsn(settings.sentry_dsn.get_secret_value())
    return nullcontext() if dsn is None else ErrorReporter(sender(dsn, private=settings.private))


def _silence(level: int) -> None:
    """Leave out the log, whose lines the findings replace."""
    import logging

    import structlog

    logging.disable(level)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(level))


for _command in (backup, restore, bundle, replay):
    cli.command()(_command)


@cli.command()
def key() -> None:
    """Print a new key for privacy.keys, with which the bot encrypts content in Redis."""
    import secrets
    from base64 import urlsafe_b64encode

    from bot.config.settings import KEY_BYTES

    typer.echo(urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode())


def load_structlog() -> None:
    """Load structlog without rich, whose coloured tracebacks the log never shows: 3 MB of a bot's memory."""
    if "structlog" in sys.modules or "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # "not found", as the documentation of sys.modules says
    import structlog  # noqa: F401

    del sys.modules["rich"]


def _loop_factory() -> type[AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.Loop


def main() -> None:
    """Run the command line; the entry point of the console script."""
    cli()


if __name__ == "__main__":
    main()

"""`python -m bot`: the command line."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.config import load
from bot.conversation.errors import StartError

cli = typer.Typer(
    name="bobbin",
    help="Talk with Claude in Discord threads.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@cli.callback()
def bobbin() -> None:
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
    """Start the bot; what is not configured gets a local stand-in."""
    try:
        settings = load(config)
        from bot import app
        from bot.telemetry import logs

        logs.configure(settings.telemetry, settings.secrets())
        if strict:
            app.refuse_defaults(settings)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(app.run(settings))
    except StartError as error:
        typer.echo(error.line, err=True)
        raise typer.Exit(error.exit_code) from None


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.Loop


def main() -> None:
    """Enter from the console script."""
    cli()


if __name__ == "__main__":
    main()

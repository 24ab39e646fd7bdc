"""`python -m bot.local.simulator discord` or `claude`: each stand-in as a process of its own."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

DieWithParent = Annotated[
    bool,
    typer.Option(
        "--die-with-parent",
        help="End at the end of standard input, so that the process never outlives its parent.",
    ),
]
AnyPort = "The port to listen on; 0 for any free one."

# Imported late and by name, so that each server starts, and is installed, without the other.


@app.command()
def discord(
    port: Annotated[int, typer.Option(help=AnyPort)] = 8765,
    state: Annotated[Path | None, typer.Option(help="The file to keep the world in.")] = None,
    round_trip_s: Annotated[float, typer.Option(help="Seconds by which each answer is delayed.")] = 0.0,
    die_with_parent: DieWithParent = False,
) -> None:
    """Run a local Discord with a page to chat in."""
    os.umask(0o077)  # the file holds message content
    serve = import_module("bot.local.simulator.discord.cli").serve
    serve(port, state, round_trip_s, die_with_parent)


@app.command()
def claude(
    port: Annotated[int, typer.Option(help=AnyPort)] = 0,
    key: Annotated[
        str | None, typer.Option(help="The only API key to accept; without this option, any key.")
    ] = None,
    first_token_s: Annotated[float, typer.Option(help="Seconds until an answer begins.")] = 0.4,
    tokens_per_s: Annotated[float, typer.Option(help="Tokens per second of an answer.")] = 60.0,
    files: Annotated[Path | None, typer.Option(help="The folder to keep uploaded files in.")] = None,
    die_with_parent: DieWithParent = False,
) -> None:
    """Run a local Claude that answers with a stand-in model."""
    os.umask(0o077)  # the files are people's
    serve = import_module("bot.local.simulator.claude.cli").serve
    serve(port, key, first_token_s, tokens_per_s, files, die_with_parent)


if __name__ == "__main__":
    app()

"""A local Claude in a process of its own that tells, in the end, when the text of each reply began and ended.

It takes lines of JSON: `{"tokens_per_s": …}` to begin with; each further line asks for what came since the last one.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Any

import uvloop

from bot.simulator.claude import Claude

NUMBER = re.compile(r"#(\d+)")
# About 400 tokens by the local Claude's count, as prose with some Markdown has them.
WORDS = (
    "Threads take **turns** on the loom, and a weaver who *counts* them aloud seldom loses one. "
    "The shuttle goes through, the reed beats it home, and `the cloth` grows by a hair. "
)
REPLY_CHARS = 1000


def reply_text(number: int) -> str:
    """The reply to the message with this number."""
    text = f"Reply {number}. " + WORDS * (REPLY_CHARS // len(WORDS) + 1)
    return text[:REPLY_CHARS].rstrip() + f" That was {number}."


def number_of(body: dict[str, Any]) -> int:
    """The number in the last message of a request."""
    return int(NUMBER.findall(json.dumps(body["messages"][-1]))[-1])


async def serve() -> None:
    """Serve until standard input ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    settings = json.loads(await reader.readline())
    claude = Claude(clock=time.time, first_token_s=0.4, tokens_per_s=settings["tokens_per_s"])
    claude.default = lambda body: reply_text(number_of(body))
    await claude.start()
    tell({"base_url": claude.base_url})
    while await reader.readline():
        tell(
            [
                [number_of(call.body), call.started, call.first_text, call.last_text]
                for call in claude.requests
            ]
        )
        claude.requests.clear()
    await claude.stop()


def tell(what: object) -> None:
    """Print one line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(serve())

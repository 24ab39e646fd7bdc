"""A local Claude in a process of its own that tells, in the end, when the text of each reply began and ended.

Each line of JSON that it is told, `{"tokens": …, "seconds": …, "pid": …}`, says how many tokens a delta has from then
on, how long a reply takes, and whose processor time is noted when a request arrives; it answers with the times of
what came since the line before.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Any

import uvloop

from bot.local.simulator.claude import Claude
from bot.local.simulator.claude.reply import Reply
from tests.bench._processor import processor_s
from tests.bench._samples import deltas

NUMBER = re.compile(r"#(\d+)")
FIRST_TOKEN_S = 0.4
TITLE = ("<thread_title>", "How", " the", " loom", " weaves", " its", " cloth", "</thread_title>", "\n")


class Told:
    """What is said to each request, and what the asking process had used of the processor by then."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.used_s: dict[int, float] = {}

    def answer(self, body: dict[str, Any]) -> Reply:
        """The reply to the message with the number in it."""
        number = number_of(body)
        self.used_s[number] = processor_s(self.settings["pid"])
        cut = deltas(number, self.settings["tokens"])
        title = TITLE if TITLE[0] in json.dumps(body["messages"][-1]) else ()
        return Reply((*title, *cut), pause_s=self.settings["seconds"] / len(cut))


def number_of(body: dict[str, Any]) -> int:
    """The number in the last message of a request."""
    return int(NUMBER.findall(json.dumps(body["messages"][-1]))[-1])


async def serve() -> None:
    """Serve until standard input ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    claude = Claude(clock=time.time, first_token_s=FIRST_TOKEN_S)
    told = Told()
    claude.default = told.answer
    await claude.start()
    tell({"base_url": claude.base_url})
    while line := await reader.readline():
        told.settings = json.loads(line)
        tell(
            [
                [
                    number_of(call.body),
                    call.started,
                    call.first_text,
                    call.last_text,
                    told.used_s.get(number_of(call.body)),
                ]
                for call in claude.requests
            ]
        )
        claude.requests.clear()
        told.used_s.clear()
    await claude.stop()


def tell(what: object) -> None:
    """Print one line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(serve())

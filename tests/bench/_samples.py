"""Replies as models write them: about 400 tokens each by the local Claude's count, 2.5 characters to a token."""

from __future__ import annotations

import random

from bot.config.settings import ReplySettings
from bot.render.draft import Draft
from bot.render.part import Part
from bot.render.style import Style

TOKENS = 400
# The lengths of pseudo-tokens, 2.5 characters in the mean: they end anywhere, within a word, a fence or a link.
_LENGTHS = (1, 2, 2, 3, 3, 4)

_LISTS = """\
Short answer: **yes**, but it depends on what you mean by *safe*.

- **Threads** share memory, so a data race is *your* problem.
  - Cheap to start (about 10–50 µs on Linux).
  - `pthread_create` maps a stack of 8 MiB, but only touched pages count.
- **Processes** are isolated; a crash takes down nothing else.
  - They talk through pipes or sockets ([the manual](https://man7.org/linux/man-pages/man7/pipe.7.html)).
- **Coroutines** run on one thread, so there are no races between `await`s.

### What I would do

1. Start with processes, and *measure*.
2. Only then, if the measured cost of starting them matters, move the hot path to threads. The interface can stay \
the same, because `concurrent.futures` has one shape for both.
3. Keep what you send to a process picklable, which rules out lambdas and open files.

Two traps remain, though. A process that forks while threads run inherits their locks in whatever state they are, \
and a pool that is never closed keeps its workers alive. Would you like an example of either?"""

_CODE = """\
Here is a small rate limiter that is safe to share between tasks.

```python
import asyncio
import time


class Bucket:
    \"\"\"Allows `most` calls in each window of `per_s` seconds.\"\"\"

    def __init__(self, most: int, per_s: float) -> None:
        self._most, self._per_s = most, per_s
        self._ends: list[float] = []

    async def take(self) -> None:
        while len(self._ends) >= self._most:
            now = time.monotonic()
            self._ends = [end for end in self._ends if end > now]
            await asyncio.sleep(max(0.0, min(self._ends, default=now) - now))
        self._ends.append(time.monotonic() + self._per_s)
```

A few notes:

- `time.monotonic()` never goes back, unlike `time.time()`.
- The list is short, so filtering it is **cheap**.
- Call it before each request: `await bucket.take()`.

If several processes share one limit, keep the counter in Redis with `INCR` and `EXPIRE` in its place."""

_TABLE = """\
# Which database fits

All three would work; they differ in what they cost you later.

| Database | Writes/s | Needs | Licence |
|---|---:|---|---|
| SQLite | 50,000 | nothing | public domain |
| PostgreSQL | 30,000 | a server | PostgreSQL |
| Valkey | 100,000 | memory | BSD |

**SQLite** is one file: a backup is a copy (`sqlite3 app.db ".backup copy.db"`), and there is *nothing* to run. \
It allows one writer at a time, which is plenty for a bot.

**PostgreSQL** is the choice once two machines write. See its [manual](https://www.postgresql.org/docs/) for \
`LISTEN` and `NOTIFY`, which spare you a queue.

> Choose the dullest thing that works.

**Valkey** keeps all of it in memory, so mind the size of your data, and switch on its append-only file, or a \
restart loses the last seconds. For your case, with some hundred messages a minute, I would start with **SQLite** \
and change only when you can say why."""

_MATHS = """\
## Why the sum is $n(n+1)/2$

Write the numbers once forwards and once backwards, one row below the other. Each column adds up to $n + 1$, and \
there are $n$ columns, so both rows together make $n(n+1)$. One row is half of it:

- for $n = 4$ that is $10$,
- for $n = 100$ it is $5050$, which *Gauss* is said to have found at school.

**By induction** it goes like this. For $n = 1$ both sides are $1$. If it holds for $n$, then adding $n + 1$ gives \
$n(n+1)/2 + (n+1) = (n+1)(n+2)/2$, which is the same formula for $n + 1$.

### What it is good for

1. The number of pairs among $n + 1$ people: everybody shakes hands with everybody.
2. The cost of a loop in a loop, where the inner one runs $i$ times: $\\sum_{i=1}^{n} i \\le n^2$, so it is `O(n**2)`.
3. Estimates: $\\sqrt{2x}$ tells how far you get with $x$ stones.

If you want to go on, the sum of *squares* is $n(n+1)(2n+1)/6$, and the sum of cubes is the square of the sum, \
which is rather pretty."""

_PROSE = """\
Looms come in three kinds that matter to a beginner.

A **rigid heddle loom** is the smallest: the reed lifts every second thread, so that plain weave goes fast. It \
folds, and it costs *about* as much as a good bicycle lamp. Nearly every scarf that you see at a market was made on \
one.

A **table loom** has shafts, four or eight of them, moved by levers. You can weave twill, and small pictures, but \
each row takes several movements of the hand. Its width is limited by your arms.

A **floor loom** is moved with the feet, so both hands stay at the shuttle. It is the fastest by far, and it fills \
a room. Used ones are cheap, because people move house; ask for the reed's density and look at the *cords*.

What I would buy first:

- a rigid heddle of 60 cm,
- one reed with 40 ends per 10 cm (`40/10`),
- two stick shuttles and a warping peg.

Then weave one plain scarf, badly, and another one. The [handbook](https://example.org/weaving) has a pattern on \
page 12. Tell me what wool you have, and I will work out the warp for you."""

SAMPLES = (_LISTS, _CODE, _TABLE, _MATHS, _PROSE)


def reply_text(number: int) -> str:
    """The reply to the message with this number."""
    return f"{SAMPLES[number % len(SAMPLES)]}\n\nThat was *{number}*."


def deltas(number: int, tokens: int) -> tuple[str, ...]:
    """The reply in deltas of so many pseudo-tokens each, always the same."""
    lengths = random.Random(number)
    text = reply_text(number)
    cut, at = [], 0
    while at < len(text):
        size = sum(lengths.choice(_LENGTHS) for _ in range(tokens))
        cut.append(text[at : at + size])
        at += size
    return tuple(cut)


def expected(number: int) -> list[Part]:
    """The messages that the reply becomes, with the settings' defaults."""
    settings = ReplySettings()
    draft = Draft(style=Style(settings.code_file_lines, settings.max_messages))
    draft.push(reply_text(number))
    draft.finish()
    return list(draft.parts)

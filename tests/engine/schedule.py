"""What goes wrong when, and who says what: decided by a seed before anything begins."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

FAULTS_PER_S = 1.6
MESSAGES_PER_S = 1.7

FILES = 0.1
REFERENCES = 0.1
"""The shares of messages with a file, and of those that refer to another message."""

COMMANDS_PER_S = 0.5
BOTS = (0, 1)
PEOPLE = ("ann", "ben", "cleo", "dan")
FAULT_WEIGHTS = {
    "kill": 4,
    "freeze": 4,
    "stop": 2,
    "store_kill": 2,
    "store_freeze": 2,
    "store_rollback": 3,
    "gateway_drop": 2,
    "gateway_reconnect": 2,
    "gateway_invalid": 2,
    "events_swallowed": 3,
    "events_doubled": 3,
    "rest_status": 4,
    "rest_reset": 3,
    "rest_lost_answer": 5,
    "rest_delay": 4,
    "claude_stall": 2,
    "claude_drop": 3,
    "claude_cut_short": 2,
    "claude_error_event": 2,
    "claude_overloaded": 2,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault at so many seconds from the beginning; what `which`, `seconds`, `count` mean depends on `kind`."""

    at: float
    kind: str
    which: int
    seconds: float
    count: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """A message of a person, by number; `place` chooses among the threads that there are by then.

    `file` is the ending of the name of an attached file, `refers` the way in which it refers to another message.
    """

    at: float
    kind: str
    person: int
    place: int
    length: int
    file: str = ""
    refers: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command that a person uses."""

    at: float
    name: str
    person: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that a run does; `options` are those of the command line that draw the same again."""

    seed: int
    options: str
    faults: tuple[Fault, ...]
    posts: tuple[Post, ...]
    commands: tuple[Command, ...]


def schedule(
    seed: int, seconds: float, intensity: float = 1.0, only: str = "", *, mixed: bool = False
) -> Schedule:
    """Draw a run of so many seconds from a seed, with `intensity` times as many faults as usual.

    `only` names the kinds of faults to draw from, with commas between them; '' for all of them. Where the releases
    are `mixed`, each bot is killed once more, and the store goes back once more, so that each of them befalls both.
    """
    chance = random.Random(seed)
    kinds = only.split(",") if only else list(FAULT_WEIGHTS)
    faults = tuple(_fault(chance, at, kinds) for at in _times(chance, seconds, FAULTS_PER_S * intensity))
    posts = [
        post for at in _times(chance, seconds, MESSAGES_PER_S / 1.6) for post in _posts(chance, at, seconds)
    ]
    posts = [_with_more(post, random.Random(f"{seed} {number}")) for number, post in enumerate(posts)]
    commands = [
        Command(at, chance.choices(["system show", "branch", "reset"], [3, 1, 1])[0], chance.randrange(2))
        for at in _times(chance, seconds, COMMANDS_PER_S)
    ]
    faults += _of_mixed(chance, seconds) if mixed else ()
    options = f"--seed {seed} --seconds {seconds:g} --intensity {intensity:g}" + (
        (f" --only {only}" if only else "") + (" --mixed" if mixed else "")
    )
    return Schedule(seed, options, faults, tuple(sorted(posts, key=lambda post: post.at)), tuple(commands))


def _of_mixed(chance: random.Random, seconds: float) -> tuple[Fault, ...]:
    """Draw a kill of each bot, which its other release replaces, and a roll-back of the store, in this order."""
    kills = [Fault(chance.uniform(0.2, 0.5) * seconds, "kill", bot, 0.4, 1) for bot in BOTS]
    return (
        *kills,
        Fault(chance.uniform(0.6, 0.9) * seconds, "store_rollback", 0, chance.uniform(0.3, 2.0), 1),
    )


def _times(chance: random.Random, seconds: float, per_s: float) -> Iterator[float]:
    at = chance.expovariate(per_s)
    while at < seconds:
        yield at
        at += chance.expovariate(per_s)


def _fault(chance: random.Random, at: float, kinds: Sequence[str]) -> Fault:
    kind = chance.choices(kinds, [FAULT_WEIGHTS[kind] for kind in kinds])[0]
    which, count, detail = chance.choice(BOTS), chance.randint(1, 3), ""
    seconds = chance.uniform(0.2, 2.5)
    if kind in ("store_freeze", "freeze"):
        seconds = chance.uniform(0.2, 4.0)
    elif kind == "store_rollback":
        seconds = chance.uniform(0.3, 3.0)
    elif kind == "rest_delay":
        seconds = chance.uniform(0.1, 3.0)
    if kind.startswith("events_"):
        detail = chance.choice(["MESSAGE_CREATE", "MESSAGE_CREATE", "THREAD_CREATE", ""])
    elif kind.startswith("rest_"):
        detail = chance.choice(["POST messages$", "PATCH messages/", "GET messages$", "POST threads$", ""])
    return Fault(at, kind, which, seconds, count, detail)


def _posts(chance: random.Random, at: float, seconds: float) -> Iterator[Post]:
    kind = chance.choices(["mention", "thread", "burst", "direct", "foreign"], [3, 6, 3, 1.5, 1])[0]
    person, place = chance.randrange(len(PEOPLE)), chance.randrange(1000)
    times = chance.randint(2, 4) if kind == "burst" else 1
    several = chance.random() < 0.5
    for _ in range(times):
        if at < seconds:
            who = chance.randrange(len(PEOPLE)) if several and kind == "burst" else person
            yield Post(at, "thread" if kind == "burst" else kind, who, place, chance.randint(0, 400))
        at += chance.uniform(0.0, 0.35)


def _with_more(post: Post, chance: random.Random) -> Post:
    """Give a few messages a file, and have a few refer to another one; the other draws stay as they are."""
    refers = chance.choice(["reply", "link", "forward"]) if chance.random() < REFERENCES else ""
    return replace(
        post,
        file=chance.choice(["png", "txt"]) if chance.random() < FILES and refers != "forward" else "",
        refers=refers,
    )

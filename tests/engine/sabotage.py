"""One safeguard of the engine removed, so that the suites can be asked whether they miss it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import cast

from bot.gateway.catchup.sweep import Sweep
from bot.gateway.outbox.outbox import DiscordOutbox
from bot.render.outbox import Outgoing, Sent
from bot.store import schema, scripts
from bot.store.coordination import Coordination
from bot.store.migrations.lease import MigrationLease
from bot.store.scripts import Call
from bot.store.tool_steps import Begun, ToolSteps
from bot.turns import reconcile, recover_reply
from bot.turns.heartbeat import Heartbeat

STALE = "this sabotage does not fit any more the script"


def remove(name: str) -> None:
    """Remove a safeguard from this process; KeyError if there is none of that name."""
    SAFEGUARDS[name]()


def _rewrite(name: str | None, *changes: tuple[str, str]) -> None:
    """Change the text of one step's script, or of every script, as it is loaded.

    Each change replaces one text by another; a change that fits no more is a mistake.
    """
    load = scripts.text_of

    def loading(kind: type[Call], step: str) -> str:
        text = load(kind, step)
        if name in (None, step):
            for before, after in changes:
                if before not in text:
                    raise RuntimeError(f"{STALE} of {step}")
                text = text.replace(before, after)
        return text

    setattr(scripts, "text_of", loading)  # noqa: B010 - a plain assignment is what mypy forbids


def _fencing() -> None:
    _rewrite(None, ("return redis.call('HGET', lease, 'token') == token", "return true"))


def _state() -> None:
    refuse = "if not BEFORE[state] then return 'FENCED' end"
    _rewrite("commit", ("if UNCHANGED[state] then return {'OK'} end", ""), (refuse, ""))
    _rewrite("acknowledge", ("if not UNCHANGED[state] then", "if true then"), (refuse, ""))


def _mark() -> None:
    _rewrite("mark", ("if held ~= before then return 0 end", ""))


def _listed() -> None:
    _rewrite("mark", ("if redis.call('EXISTS', key) == 0 then return 0 end", ""))


def _settling() -> None:
    async def nothing(*_: object) -> None:
        """Look at nothing, repair nothing."""

    setattr(reconcile, "repair", nothing)  # noqa: B010


def _nonce() -> None:
    send = DiscordOutbox.send

    async def without(self: DiscordOutbox, channel_id: int, message: Outgoing) -> Sent:
        return await send(
            self, channel_id, replace(message, nonce=cast("str", None))
        )  # discord.py makes one up

    setattr(DiscordOutbox, "send", without)  # noqa: B010


def _listing() -> None:
    async def nothing(*_: object) -> None:
        """List no place."""

    setattr(Sweep, "run", nothing)  # noqa: B010


def _adoption() -> None:
    setattr(recover_reply, "find_reply", lambda *_: None)  # noqa: B010


def _heartbeat() -> None:
    async def never(_: object) -> None:
        await asyncio.Event().wait()

    setattr(Heartbeat, "_renew_until_lost", never)  # noqa: B010


def _may_write() -> None:
    setattr(Heartbeat, "may_write", lambda _: True)  # noqa: B010


def _once() -> None:
    async def mine(*_: object) -> bool:
        """Take every interaction, whoever else does."""
        return True

    setattr(Coordination, "take", mine)  # noqa: B010


def _full() -> None:
    _rewrite("reserve", ("settled + reserved >= tonumber(limits[i + 1])", "false"))


def _expired_reservations() -> None:
    _rewrite("reserve", ("give_back_expired(open)\n-- Of an earlier", "-- Of an earlier"))


def _earlier_attempts() -> None:
    _rewrite("reserve", ("if tonumber(string.match(other, '^%d+')) < ", "if false and tonumber(other) < "))


def _settled_once() -> None:
    _rewrite("settle", ("if state ~= 'settled' and state ~= 'counted' then", "if true then"))


def _counted_once() -> None:
    _rewrite("reserve", ("local spared = counted and ", "local spared = false and "))


def _told_person() -> None:
    _rewrite(
        "tell_person", ("if redis.call('HEXISTS', counter, 'line:' .. person) == 0 then return 0 end", "")
    )


def _rolled_back() -> None:
    _rewrite("reserve", ("tonumber(redis.call('GET', calls) or 0) < tonumber(seen)", "false"))


def _server_run() -> None:
    _rewrite("reserve", (" or redis.call('HGET', server, 'run') ~= run", ""))


def _restored_first() -> None:
    _rewrite("reserve", ("if wait > 0 then", "if false then"))


def _floors() -> None:
    _rewrite("restore", ("if missing > 0 then", "if false then"))


def _floors_once() -> None:
    _rewrite("restore", (" - (parts_of(floors[i])[floors[i + 1]] or 0)", ""))


def _own_part() -> None:
    _rewrite("settle", ("add_part(used[i], instance,", "add_part(used[i], 'all',"))


def _known_reservation() -> None:
    _rewrite("reserve", ("(redis.call('HGET', record, id) or 'returned') ~= 'returned'", "false"))


def _told_share() -> None:
    _rewrite("tell_share", (" or told >= tonumber(share)", ""))


def _rewound() -> None:
    _rewrite("rewind", ("if redis.call('ZCARD', pending) > 0 then return 0 end", ""))


def _replaced() -> None:
    _rewrite("replace_field", ("if held ~= before then return 0 end", ""))


def _capped() -> None:
    _rewrite("change_settings", ("if new and known > tonumber(most) then return 'FULL' end", ""))


def _replaced_preset() -> None:
    _rewrite(
        "save_preset", ("for _, field in ipairs(replaced) do redis.call('HDEL', presets, field) end", "")
    )


def _begun() -> None:
    _rewrite("begin_forget", ("if not phase or phase == 'done' then", "if true then"))


def _searched() -> None:
    _rewrite("note_search", (" or redis.call('HGET', job, 'phase') ~= 'searching'", ""))


def _stepped() -> None:
    _rewrite("note_step", (" or redis.call('HGET', job, 'phase') ~= 'erasing'", ""))


def _left() -> None:
    _rewrite("end_forget", (" or redis.call('SCARD', left) > 0", ""))


def _quiet() -> None:
    _rewrite("erase_conversation", ("if older_than ~= '' then", "if false then"))


def _branched() -> None:
    _rewrite("branch", ("if redis.call('HGET', meta, 'branch_of') == branch_of then return 1 end", ""))


def _branch_apart() -> None:
    _rewrite("branch", ("if redis.call('EXISTS', history) == 1 then return 0 end", ""))


def _branch_fence() -> None:
    _rewrite("branch", ("if redis.call('EXISTS', lease) == 1 then", "if false then"))


def _one_wish() -> None:
    _rewrite("ask_branch", ("if found[i + 1] == wish and", "if false and"))


def _aside() -> None:
    _rewrite("record_aside", ("'NX', ", ""))


def _held_back() -> None:
    _rewrite("claim", ("if held_back[id] ~= 'waits' then", "if true then"))


def _joined() -> None:
    _rewrite("claim", ("if held_back[id] ~= 'waits' then", "if not held_back[id] then"))


def _unheld() -> None:
    _rewrite("revise", ("turn_state == nil or is_held then", "turn_state == nil then"))


LIMITS: dict[str, tuple[str, tuple[str, str]]] = {
    "few threads": (
        "admit",
        ("if not known and #opened < most then", "if not known then"),
    ),  # refusing threads beyond those of a minute
    "over instances": (
        "admit",
        ("redis.call('ZADD', threads, at_ms, message)", ""),
    ),  # counting the threads that open, over all instances
    "admitted once": (
        "admit",
        ("if redis.call('ZSCORE', threads, message) then return {'ADMITTED'} end", ""),
    ),  # counting an admitted message once
    "left out once": (
        "admit",
        ("local known = redis.call('ZSCORE', threads, left_out)", "local known = false"),
    ),  # counting a refused message once
    "own minute": (
        "admit",
        ("'(' .. integer(at - window), integer(at + 5000)", "'-inf', '+inf'"),
    ),  # counting a listed message with those of its own minute
    "one line": (
        "admit",
        ("local is_first = at >= told and not known", "local is_first = not known"),
    ),  # telling a person once a minute
    "pause": (
        "admit",
        ("or at >= tonumber(found[2]) then return nil end", "or true then return nil end"),
    ),  # leaving out what a paused person writes
    "before the pause": (
        "admit",
        ("at < tonumber(found[1]) or ", ""),
    ),  # answering what was written before the pause
    "pause told once": ("admit", ("found[3] ~= found[2] and 1 or 0", "1")),  # telling a paused person once
    "flood counts": (
        "admit",
        ("add_abuse(abuse, tonumber(weight), at, tonumber(half_life_ms), tonumber(most_abuse), abuse_s)", ""),
    ),  # adding a flood to the score
    "event once": (
        "add_abuse",
        ("if not lists(events, event) then", "if true then"),
    ),  # counting a refusal once
    "decay": ("add_abuse", ("* 2 ^ (-math.max(0, now - at) / half_life_ms)", "")),  # letting a score decay
    "told with refusal": (
        "add_abuse",
        ("redis.call('HSET', abuse, 'told', paused_until)", ""),
    ),  # telling a pause with the refusal that leads to it alone
    "lifted score": ("lift_pause", ("'score', 'at', ", "")),  # forgetting the score with the pause
    "few turns": (
        "take_place",
        ("running + ahead < tonumber(most)", "true"),
    ),  # running few turns of a person at once
    "in order": (
        "take_place",
        ("if is_earlier(order, turn) then ahead = ahead + 1 end", ""),
    ),  # letting an older message go first
    "place kept": ("take_place", ("own == 'run' or ", "")),  # keeping a place through a further attempt
    "place ends": (
        "take_place",
        ("if not ends or tonumber(ends) < now then", "if not ends then"),
    ),  # ending a place that nobody renews
    "calls of others": (
        "share_calls",
        ("most - held_by_others", "most"),
    ),  # giving no call to Discord to two processes
    "calls given back": (
        "share_calls",
        ("tonumber(held), tonumber(occupied)", "tonumber(occupied)"),
    ),  # giving a share away only once its process knows
    "calls of the dead": (
        "share_calls",
        ("if not ends or tonumber(ends) <= now then", "if not ends then"),
    ),  # ending the share of a process that is gone
    "calls lost": (
        "share_calls",
        ("if tonumber(held) > 0 and not is_known then", "if false then"),
    ),  # giving no more calls away after the shares were lost, until all have said what they hold
}
"""The safeguards of the limits of one person: the step, and the text that is replaced in its script."""


def _handed_over() -> None:
    _rewrite("hand_over", ("if latest and not is_earlier(latest, at) then return 0 end", ""))


def _usage_forgotten() -> None:
    _rewrite("forget_usage", ("redis.call('HDEL', usage, row)", ""))


def _presets() -> None:
    _rewrite("save_preset", (" >= tonumber(most)", " >= 1000"))


def _facts() -> None:
    _rewrite("remember", ("if #names >= tonumber(most) then return 0 end", ""))


def _facts_of_person() -> None:
    _rewrite("remember", ("if own >= tonumber(most_of_person) then return -1 end", ""))


def _final() -> None:
    _rewrite("note_decisions", ("if not (held and string.find(held, final, 1, true)) then", "if true then"))


def _changed() -> None:
    _rewrite("change_settings", ("if before ~= value then", "if true then"))


def _withheld() -> None:
    _rewrite(
        "change_settings",
        ("if not withheld or value == '' then return value end", "if true then return value end"),
    )


def _noted_by_holder() -> None:
    _rewrite("note_tool", ("if not holds_lease() then return 'FENCED' end", ""))


def _noted_while_running() -> None:
    _rewrite("note_tool", ("if not BEFORE[state] and not UNCHANGED[state] then return 'FENCED' end", ""))


def _noted_first() -> None:
    _rewrite(
        "note_tool", ("redis.call('HSETNX', steps, field, value)", "redis.call('HSET', steps, field, value)")
    )


def _joined_no_more() -> None:
    _rewrite("note_tool", ("if BEFORE[state] then redis.call('HSET', record, 'state', AFTER) end", ""))


def _begun_effects() -> None:
    async def nothing(*_: object) -> None:
        """Know of no effect that has begun."""

    async def now(*_: object) -> Begun:
        """Take every effect for one that begins now."""
        return Begun.NOW

    setattr(ToolSteps, "effect", nothing)  # noqa: B010
    setattr(ToolSteps, "begin", now)  # noqa: B010


def _noted_once() -> None:
    _rewrite("note_act", ("if fields.interaction == interaction and", "if false and"))


def _expected() -> None:
    _rewrite("step", ("if writes[i] == 'expect' and", "if false and"))


def _migration_lease() -> None:
    async def moved(*_: object) -> bool:
        """Have every instance hold the lease."""
        return True

    setattr(MigrationLease, "_move", moved)  # noqa: B010


def _older_instances() -> None:
    async def none(*_: object) -> bool:
        """Know of no older instance."""
        return False

    setattr(schema, "is_older_alive", none)  # noqa: B010


SAFEGUARDS: dict[str, Callable[[], None]] = {
    "fencing": _fencing,  # the token checks of all scripts
    "state": _state,  # the state checks of commit and acknowledge
    "expected": _expected,  # posting no reply to a message whose joining the store has forgotten
    "migration lease": _migration_lease,  # one instance migrates at a time
    "older instances": _older_instances,  # writing nothing that an instance which works cannot read
    "settling": _settling,  # looking once more when a late call has landed
    "nonce": _nonce,  # a repeated post is the same message
    "listing": _listing,  # catching up from Discord's history
    "adoption": _adoption,  # finding on Discord what an earlier try has posted
    "mark": _mark,  # moving the high-water mark by compare-and-set
    "listed": _listed,  # moving it only if every listed message has a record
    "heartbeat": _heartbeat,  # renewing the lease
    "once": _once,  # asking the store which instance answers an interaction
    "full": _full,  # refusing a reservation on a full limit
    "expired reservations": _expired_reservations,  # giving back what a killed worker has reserved
    "earlier attempts": _earlier_attempts,  # giving back what an earlier attempt at the turn has reserved
    "settled once": _settled_once,  # counting a repeated settlement once
    "counted once": _counted_once,  # counting an answer as one message, however many attempts it takes
    "told person": _told_person,  # noting nothing in a counter that has expired
    "rolled back": _rolled_back,  # noticing that the store has forgotten calls
    "server run": _server_run,  # noticing that another run of the server answers
    "restored first": _restored_first,  # reserving only once every instance has restored
    "floors": _floors,  # raising counters to what was seen of them
    "floors once": _floors_once,  # never lowering them
    "own part": _own_part,  # counting apart what each instance has settled
    "known reservation": _known_reservation,  # restoring only what the store has forgotten
    "told share": _told_share,  # noting the highest share that was told
    "rewound": _rewound,  # a window begins earlier again only while no turn has read it
    "replaced": _replaced,  # a field is replaced only if it is still as it was read
    "capped": _capped,  # a place has no more rules than its most, also when two are set at once
    "replaced preset": _replaced_preset,  # a preset stands in place of that of the same name
    "begun": _begun,  # a job to forget somebody is begun once
    "searched": _searched,  # only one search of it counts
    "stepped": _stepped,  # nothing is noted once it is over
    "left": _left,  # it ends when every key was looked at
    "quiet": _quiet,  # a conversation expires only when nothing has happened since
    "branched": _branched,  # a conversation's entries are copied once
    "branch apart": _branch_apart,  # nothing is copied into a conversation that has entries of its own
    "branch fence": _branch_fence,  # a turn that runs there begins again with the copy
    "one wish": _one_wish,  # a second press makes no second branch
    "aside": _aside,  # what a private answer has used is recorded once
    "held back": _held_back,  # answering others without the messages that are held back
    "joined": _joined,  # answering a message that a limit holds back together with the next one
    "unheld": _unheld,  # leaving the running turn alone when a message changes that is held back
    "handed over": _handed_over,  # of two handovers the later command counts
    "usage forgotten": _usage_forgotten,  # the counts of a forgotten person go on once
    "presets": _presets,  # no more presets than can be offered
    "facts": _facts,  # no more facts of a place than may be
    "facts of a person": _facts_of_person,  # no more of them of one person than their share
    "final": _final,  # a decision that stays is not replaced
    "changed": _changed,  # a repeated change is noted once
    "withheld": _withheld,  # the audit log holds no text of people
    "noted once": _noted_once,  # a repeated act is noted once
    "noted by the holder": _noted_by_holder,  # the steps of tools are noted under the lease alone
    "noted while running": _noted_while_running,  # and only while the turn runs
    "noted first": _noted_first,  # a step that is noted stays
    "joined no more": _joined_no_more,  # no message joins a turn whose tools have begun
    "begun effects": _begun_effects,  # an effect that has begun is not made again
    "may_write": _may_write,  # writing to Discord only with a fresh lease
    **{name: partial(_rewrite, step, change) for name, (step, change) in LIMITS.items()},
}

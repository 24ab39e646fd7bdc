"""The safeguards that are lines of a Lua script, and what stands in their place where one is removed."""

from __future__ import annotations

from bot.store import scripts
from bot.store.scripts import Call

STALE = "this sabotage does not fit any more the script"


class Rewrite:
    """Texts of the script of one `step`, or of every script, each with what replaces the text."""

    def __init__(self, step: str | None, *changes: tuple[str, str]) -> None:
        self.step = step
        self._changes = changes

    def apply(self) -> None:
        """Change the script as it is loaded; a text that is not there any more is a mistake."""
        load = scripts.text_of

        def loading(kind: type[Call], step: str) -> str:
            text = load(kind, step)
            if self.step in (None, step):
                for before, after in self._changes:
                    if before not in text:
                        raise RuntimeError(f"{STALE} of {step}")
                    text = text.replace(before, after)
            return text

        setattr(scripts, "text_of", loading)  # noqa: B010 - a plain assignment is what mypy forbids


REWRITES: dict[str, tuple[Rewrite, ...]] = {
    # the token checks of all scripts
    "fencing": (Rewrite(None, ("return redis.call('HGET', lease, 'token') == token", "return true")),),
    # the state checks of commit and acknowledge
    "state": (
        Rewrite(
            "commit",
            ("if UNCHANGED[state] then return {'OK'} end", ""),
            ("if not BEFORE[state] then return 'FENCED' end", ""),
        ),
        Rewrite(
            "acknowledge",
            ("if not UNCHANGED[state] then", "if true then"),
            ("if not BEFORE[state] then return 'FENCED' end", ""),
        ),
    ),
    # posting no reply to a message whose joining the store has forgotten
    "expected": (Rewrite("intend", ("if writes[i] == 'expect' and", "if false and")),),
    # moving the high-water mark by compare-and-set
    "mark": (Rewrite("mark", ("if held ~= before then return 0 end", "")),),
    # moving it only if every listed message has a record
    "listed": (Rewrite("mark", ("if redis.call('EXISTS', key) == 0 then return 0 end", "")),),
    # refusing a reservation on a full limit
    "full": (Rewrite("reserve", ("settled + reserved >= tonumber(limits[i + 1])", "false")),),
    # giving back what a killed worker has reserved
    "expired reservations": (
        Rewrite("reserve", ("give_back_expired(open)\n-- Of an earlier", "-- Of an earlier")),
    ),
    # giving back what an earlier attempt at the turn has reserved
    "earlier attempts": (
        Rewrite(
            "reserve", ("if tonumber(string.match(other, '^%d+')) < ", "if false and tonumber(other) < ")
        ),
    ),
    # counting a repeated settlement once
    "settled once": (
        Rewrite("settle", ("if state ~= 'settled' and state ~= 'counted' then", "if true then")),
    ),
    # counting an answer as one message, however many attempts it takes
    "counted once": (Rewrite("reserve", ("local spared = counted and ", "local spared = false and ")),),
    # noting nothing in a counter that has expired
    "told person": (
        Rewrite(
            "tell_person", ("if redis.call('HEXISTS', counter, 'line:' .. person) == 0 then return 0 end", "")
        ),
    ),
    # noticing that the store has forgotten calls
    "rolled back": (
        Rewrite("reserve", ("tonumber(redis.call('GET', calls) or 0) < tonumber(seen)", "false")),
    ),
    # noticing that another run of the server answers
    "server run": (Rewrite("reserve", (" or redis.call('HGET', server, 'run') ~= run", "")),),
    # reserving only once every instance has restored
    "restored first": (Rewrite("reserve", ("if wait > 0 then", "if false then")),),
    # raising counters to what was seen of them
    "floors": (Rewrite("restore", ("if missing > 0 then", "if false then")),),
    # never lowering them
    "floors once": (Rewrite("restore", (" - (parts_of(floors[i])[floors[i + 1]] or 0)", "")),),
    # counting apart what each instance has settled
    "own part": (Rewrite("settle", ("add_part(used[i], instance,", "add_part(used[i], 'all',")),),
    # restoring only what the store has forgotten
    "known reservation": (
        Rewrite("reserve", ("(redis.call('HGET', record, id) or 'returned') ~= 'returned'", "false")),
    ),
    # noting the highest share that was told
    "told share": (Rewrite("tell_share", (" or told >= tonumber(share)", "")),),
    # a window begins earlier again only while no turn has read it
    "rewound": (Rewrite("rewind", ("if redis.call('ZCARD', pending) > 0 then return 0 end", "")),),
    # a field is replaced only if it is still as it was read
    "replaced": (Rewrite("replace_field", ("if held ~= before then return 0 end", "")),),
    # a place has no more rules than its most, also when two are set at once
    "capped": (Rewrite("change_settings", ("if new and known > tonumber(most) then return 'FULL' end", "")),),
    # a preset stands in place of that of the same name
    "replaced preset": (
        Rewrite(
            "save_preset", ("for _, field in ipairs(replaced) do redis.call('HDEL', presets, field) end", "")
        ),
    ),
    # a job to forget somebody is begun once
    "begun": (Rewrite("begin_forget", ("if not phase or phase == 'done' then", "if true then")),),
    # only one search of it counts
    "searched": (Rewrite("note_search", (" or redis.call('HGET', job, 'phase') ~= 'searching'", "")),),
    # nothing is noted once it is over
    "stepped": (Rewrite("note_step", (" or redis.call('HGET', job, 'phase') ~= phase", "")),),
    # it ends when every key was looked at
    "left": (Rewrite("end_forget", (" or redis.call('SCARD', left) > 0", "")),),
    # a conversation expires only when nothing has happened since
    "quiet": (Rewrite("erase_conversation", ("if older_than ~= '' then", "if false then")),),
    # a conversation's entries are copied once
    "branched": (
        Rewrite("branch", ("if redis.call('HGET', meta, 'branch_of') == branch_of then return 1 end", "")),
    ),
    # nothing is copied into a conversation that has entries of its own
    "branch apart": (Rewrite("branch", ("if redis.call('EXISTS', history) == 1 then return 0 end", "")),),
    # a turn that runs there begins again with the copy
    "branch fence": (Rewrite("branch", ("if redis.call('EXISTS', lease) == 1 then", "if false then")),),
    # a second press makes no second branch
    "one wish": (Rewrite("ask_branch", ("if found[i + 1] == wish and", "if false and")),),
    # what a private answer has used is recorded once
    "aside": (Rewrite("record_aside", ("'NX', ", "")),),
    # answering others without the messages that are held back
    "held back": (Rewrite("claim", ("if held_back[id] ~= 'waits' then", "if true then")),),
    # answering a message that a limit holds back together with the next one
    "joined": (Rewrite("claim", ("if held_back[id] ~= 'waits' then", "if not held_back[id] then")),),
    # leaving the running turn alone when a message changes that is held back
    "unheld": (Rewrite("revise", ("turn_state == nil or is_held then", "turn_state == nil then")),),
    # of two handovers the later command counts
    "handed over": (
        Rewrite("hand_over", ("if latest and not is_earlier(latest, at) then return 0 end", "")),
    ),
    # the counts of a forgotten person go on once
    "usage forgotten": (Rewrite("forget_usage", ("redis.call('HDEL', usage, row)", "")),),
    # no more presets than can be offered
    "presets": (Rewrite("save_preset", (" >= tonumber(most)", " >= 1000")),),
    # no more facts of a place than may be
    "facts": (Rewrite("remember", ("if #names >= tonumber(most) then return 0 end", "")),),
    # no more of them of one person than their share
    "facts of a person": (
        Rewrite("remember", ("if own >= tonumber(most_of_person) then return -1 end", "")),
    ),
    # a decision that stays is not replaced
    "final": (
        Rewrite(
            "note_decisions", ("if not (held and string.find(held, final, 1, true)) then", "if true then")
        ),
    ),
    # a repeated change is noted once
    "changed": (Rewrite("change_settings", ("if before ~= value then", "if true then")),),
    # the audit log holds no text of people
    "withheld": (
        Rewrite(
            "change_settings",
            (
                "if not withheld or value == '' then return value end",
                "if true then return value end",
            ),
        ),
    ),
    # a repeated act is noted once
    "noted once": (Rewrite("note_act", ("if fields.interaction == interaction and", "if false and")),),
    # what is prepared for a turn is kept under the lease alone
    "kept by the holder": (Rewrite("keep_prepared", ("if not holds_lease() then return 'FENCED' end", "")),),
    # and no upload begins without the lease
    "uploaded by the holder": (
        Rewrite("begin_upload", ("if not holds_lease() then return 'FENCED' end", "")),
    ),
    # the steps of tools are noted under the lease alone
    "noted by the holder": (Rewrite("note_tool", ("if not holds_lease() then return 'FENCED' end", "")),),
    # and only while the turn runs
    "noted while running": (
        Rewrite("note_tool", ("if not BEFORE[state] and not UNCHANGED[state] then return 'FENCED' end", "")),
    ),
    # an effect that is noted to have begun stays so
    "begun first": (
        Rewrite(
            "note_tool",
            ("redis.call('HSETNX', steps, field, value)", "redis.call('HSET', steps, field, value)"),
        ),
    ),
    # no step stays behind one that is noted anew
    "unbroken": (Rewrite("note_tool", ("redis.call('HDEL', steps, name)", "")),),
    # no message joins a turn whose tools have begun
    "joined no more": (
        Rewrite("note_tool", ("if BEFORE[state] then redis.call('HSET', record, 'state', AFTER) end", "")),
    ),
    # opened < most then", "if not known then"),
    "few threads": (Rewrite("admit", ("if not known and #opened < most then", "if not known then")),),
    # counting the threads that open, over all instances
    "over instances": (Rewrite("admit", ("redis.call('ZADD', threads, at_ms, message)", "")),),
    # counting an admitted message once
    "admitted once": (
        Rewrite("admit", ("if redis.call('ZSCORE', threads, message) then return {'ADMITTED'} end", "")),
    ),
    # counting a refused message once
    "left out once": (
        Rewrite("admit", ("local known = redis.call('ZSCORE', threads, left_out)", "local known = false")),
    ),
    # counting a listed message with those of its own minute
    "own minute": (Rewrite("admit", ("'(' .. integer(at - window), integer(at + 5000)", "'-inf', '+inf'")),),
    # telling a person once a minute
    "one line": (
        Rewrite("admit", ("local is_first = at >= told and not known", "local is_first = not known")),
    ),
    # leaving out what a paused person writes
    "pause": (
        Rewrite("admit", ("or at >= tonumber(found[2]) then return nil end", "or true then return nil end")),
    ),
    # answering what was written before the pause
    "before the pause": (Rewrite("admit", ("at < tonumber(found[1]) or ", "")),),
    # telling a paused person once
    "pause told once": (Rewrite("admit", ("found[3] ~= found[2] and 1 or 0", "1")),),
    # adding a flood to the score
    "flood counts": (
        Rewrite(
            "admit",
            (
                "add_abuse(abuse, tonumber(weight), at, tonumber(half_life_ms), tonumber(most_abuse), abuse_s)",
                "",
            ),
        ),
    ),
    # counting a refusal once
    "event once": (Rewrite("add_abuse", ("if not lists(events, event) then", "if true then")),),
    # letting a score decay
    "decay": (Rewrite("add_abuse", ("* 2 ^ (-math.max(0, now - at) / half_life_ms)", "")),),
    # telling a pause with the refusal that leads to it alone
    "told with refusal": (Rewrite("add_abuse", ("redis.call('HSET', abuse, 'told', paused_until)", "")),),
    # forgetting the score with the pause
    "lifted score": (Rewrite("lift_pause", ("'score', 'at', ", "")),),
    # running few turns of a person at once
    "few turns": (Rewrite("take_place", ("running + ahead < tonumber(most)", "true")),),
    # letting an older message go first
    "in order": (Rewrite("take_place", ("if is_earlier(order, turn) then ahead = ahead + 1 end", "")),),
    # keeping a place through a further attempt
    "place kept": (Rewrite("take_place", ("own == 'run' or ", "")),),
    # ending a place that nobody renews
    "place ends": (Rewrite("take_place", ("if not ends or tonumber(ends) < now then", "if not ends then")),),
    # giving no call to Discord to two processes
    "calls of others": (Rewrite("share_calls", ("most - held_by_others", "most")),),
    # giving a share away only once its process knows
    "calls given back": (
        Rewrite("share_calls", ("tonumber(held), tonumber(occupied)", "tonumber(occupied)")),
    ),
    # ending the share of a process that is gone
    "calls of the dead": (
        Rewrite("share_calls", ("if not ends or tonumber(ends) <= now then", "if not ends then")),
    ),
    # giving no more calls away after the shares were lost, until all have said what they hold
    "calls lost": (Rewrite("share_calls", ("if tonumber(held) > 0 and not is_known then", "if false then")),),
}
"""By the name of the safeguard."""

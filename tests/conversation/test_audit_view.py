"""Entries of the audit log as lines, and which of them a filter admits."""

from __future__ import annotations

import pytest

from bot.conversation.audit import AUDIT_CHANNEL, Act, AuditEntry, AuditFilter
from bot.conversation.audit_view import KNOWN, VALUE_CHARS, code, fitting, line
from bot.conversation.budget import NOTIFY
from bot.conversation.privacy import RETENTION_DAYS
from bot.conversation.scope import Scope

CHANGED_NOTIFY = "changed the channel that is told when a limit is nearly used up: <#8> → <#9>"
SET_RETENTION = "set the days for which conversations are kept of this server: `30`"


def entry(what: str, before: str = "", after: str = "", scope: Scope = Scope.THREAD) -> AuditEntry:
    return AuditEntry("1700000000500-0", 1_700_000_000_500, 70, scope, 5, what, before, after)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (entry("model", "a", "b"), "changed the model of <#5>: `a` → `b`"),
        (entry("effort", "", "high", Scope.SERVER), "set the effort of this server: `high`"),
        (entry("thinking", "on"), "removed the thinking of <#5> (it was `on`)"),
        (entry("system", "12", "48"), "changed the prompt of <#5>: 12 characters → 48 characters"),
        (entry("answer", "", "quiet"), "set the answer mode of <#5>: `quiet`"),
        (entry(AUDIT_CHANNEL, "", "8", Scope.SERVER), "set the channel of this log: <#8>"),
        (entry("access:role:9", "", "block", Scope.CHANNEL), "set `access` for <@&9> of <#5>: `block`"),
        (
            entry("budget:each:USD:day", "", "5 USD per day", Scope.SERVER),
            "set the limit in USD per day for each person of this server: `5 USD per day`",
        ),
        (
            entry("budget:all:messages:month", "9 messages per month", ""),
            "removed the limit in messages per month of <#5> (it was `9 messages per month`)",
        ),
        (
            entry("budget:role:9:tokens:minute", "", "5 tokens per minute"),
            "set the limit in tokens per minute for <@&9> of <#5>: `5 tokens per minute`",
        ),
        (entry("budget:person:9:day", "5"), "removed `budget` for <@9> (`day`) of <#5> (it was `5`)"),
        (entry(NOTIFY, "8", "9", Scope.SERVER), CHANGED_NOTIFY),
        (entry(RETENTION_DAYS, "", "30", Scope.SERVER), SET_RETENTION),
        (entry("other.setting", "", "30"), "set `other.setting` of <#5>: `30`"),
        (entry("forget"), "changed `forget` of <#5>"),
        (entry(Act.RESET, "4"), "reset <#5> (4 turns forgotten)"),
        (entry(Act.LEAVE), "made me leave <#5>"),
        (entry(Act.HANDED_OVER, "6", "7"), "handed <#5> over to <@7> (it was <@6>)"),
        (entry(Act.PAUSE_LIFTED, "6", "", Scope.SERVER), "ended the pause of <@6>"),
        (entry(Act.FILE_TAKEN_OUT, "pdf"), "took a file out of <#5>"),
        (entry(Act.PINS_APPLIED), "applied the pins of <#5>"),
        (entry(Act.SUMMARY_CORRECTED, "40", "812"), "corrected the summary of <#5>: 40 → 812 characters"),
        (entry(Act.REPLY_STOPPED), "stopped a reply to somebody else in <#5>"),
        (entry(Act.REPLY_REGENERATED), "had a reply to somebody else written anew in <#5>"),
        (entry(Act.REPLY_CONTINUED), "had a reply to somebody else continued in <#5>"),
        (entry(Act.TOOL_ALLOWED, "", "a_tool"), "allowed a call of `a_tool` for somebody else in <#5>"),
        (entry(Act.TOOL_REFUSED, "", "a_tool"), "refused a call of `a_tool` for somebody else in <#5>"),
        (entry(Act.PRESET_SAVED, "0", "48", Scope.SERVER), "saved a preset: 0 → 48 characters"),
        (entry(Act.PRESET_DELETED, "48", "", Scope.SERVER), "deleted a preset of 48 characters"),
    ],
)
def test_an_entry_is_a_sentence_with_when_and_who(made: AuditEntry, said: str) -> None:
    assert line(made) == f"<t:1700000000:f> <@70> {said}"


def test_each_act_has_a_sentence_of_its_own() -> None:
    for act in Act:
        assert "`" not in line(entry(act, "1", "2")).replace("`1`", "").replace("`2`", "")
        assert act in KNOWN


def test_security_a_value_cannot_leave_its_line_or_its_code() -> None:
    shown = code("a`\n<@1> **reset**\u202e" + "x" * 200)
    assert shown.count("`") == 2
    assert "\n" not in shown
    assert "\u202e" not in shown
    assert len(shown) == VALUE_CHARS + 2


@pytest.mark.parametrize(
    ("wanted", "admitted"),
    [
        (AuditFilter(), True),
        (AuditFilter(person=70), True),
        (AuditFilter(person=71), False),
        (AuditFilter(what="access"), True),
        (AuditFilter(what="access:role:9"), True),
        (AuditFilter(what="acc"), False),
        (AuditFilter(scope=Scope.CHANNEL, target=5), True),
        (AuditFilter(scope=Scope.CHANNEL, target=6), False),
        (AuditFilter(scope=Scope.SERVER), False),
    ],
)
def test_a_filter_admits_an_entry_that_fits_all_its_parts(wanted: AuditFilter, admitted: bool) -> None:
    assert wanted.admits(entry("access:role:9", "", "allow", Scope.CHANNEL)) is admitted


def test_as_many_lines_are_taken_as_fit_and_at_least_one() -> None:
    entries = [entry("model", "", name) for name in "abc"]
    two = "\n".join(map(line, entries[:2]))
    assert fitting(entries, lambda text: len(text) <= len(two)) == (two, 2)
    assert fitting(entries, lambda _: False) == (line(entries[0]), 1)
    assert fitting(entries, lambda _: True)[1] == 3


def test_the_role_of_everybody_is_named_and_not_mentioned() -> None:
    made = entry("access:role:9", "", "block", Scope.CHANNEL)
    assert line(made, 9).endswith("set `access` for @everyone of <#5>: `block`")
    assert fitting([made], lambda _: True, 9)[0] == line(made, 9)

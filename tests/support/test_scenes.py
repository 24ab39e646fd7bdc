"""What a journal tells of a turn."""

from __future__ import annotations

from typing import Any

import pytest

from bot.local.scene import (
    SceneCall,
    SceneFile,
    SceneMessage,
    SceneQuote,
    SceneRefusal,
    SceneResult,
    SceneTool,
)
from bot.support.journal_reading import MOST_CHARS
from bot.support.scenes import MOST_QUOTES, MOST_REFUSALS, MOST_SAID, MOST_SAID_CHARS, WITHOUT_TEXT, scene_of

REPLY = "One two three four."


def entry(*sent: tuple[str, str], **fields: Any) -> dict[str, Any]:
    blocks = [{"role": role, "blocks": [{"type": "text", "text": text}]} for role, text in sent]
    return {"index": 0, "turn": {"sent": blocks, "outcome": "answered", **fields}}


def journal(*attempts: dict[str, Any], reply: str = REPLY, **fields: Any) -> dict[str, Any]:
    """A journal with attempts, numbered from 1."""
    timeline = [{"number": number, **each} for number, each in enumerate(attempts, 1)]
    return {"entry": [entry(("user", "q"), ("assistant", reply))], "timeline": timeline, **fields}


def request(*deltas: int, end: str = "end_turn", purpose: str = "reply", **fields: Any) -> dict[str, Any]:
    return {"purpose": purpose, "deltas": list(deltas), "end": end, **fields}


def test_the_messages_of_an_entry_are_those_that_were_rendered_into_it() -> None:
    text = '<message author="abc" id="5">\none\n</message>\n<message author="def">\ntwo\nlines\n</message>'
    scene = scene_of({"entry": [entry(("user", text), ("assistant", "reply"))], "record": {"tries": "3"}})
    assert [each.text for each in scene.messages] == ["one", "two\nlines"]
    assert [(each.text, each.end) for each in scene.replies] == [
        ("re", "ClaudeUnreachable"),
        ("re", "ClaudeUnreachable"),
        ("reply", "end_turn"),
    ]


def test_the_elements_within_a_message_are_no_text_of_a_person_and_its_files_are_by_kind_and_size() -> None:
    text = (
        '<message from="abc">\nsee\n<attachment name="xxx.yyy" type="aaaaa/bbb" shown="below"/>\n</message>'
    )
    scene = scene_of(
        {"entry": [entry(("user", text), ("assistant", "a"))], "files": [[{"kind": "pdf", "bytes": 7}]]}
    )
    assert scene.messages == (SceneMessage("see", (SceneFile("pdf", 7),)),)


def test_a_turn_that_did_not_end_is_told_by_its_messages() -> None:
    scene = scene_of({"messages": [{"text": "one"}], "record": {"state": "claimed"}, "entry": []})
    assert [each.text for each in scene.messages] == ["one"]
    assert [each.end for each in scene.replies] == ["ClaudeRefusedRequest"]


@pytest.mark.parametrize(
    ("fields", "ending"), [({"outcome": "refused"}, "refusal"), ({"open_end": True}, "max_tokens")]
)
def test_without_a_timeline_the_outcome_is_that_of_the_entry(fields: dict[str, Any], ending: str) -> None:
    found = scene_of({"entry": [entry(("user", "x"), ("assistant", "y"), **fields)]})
    assert found.replies[-1].end == ending


def test_the_text_comes_in_the_pieces_and_with_the_pauses_of_the_timeline() -> None:
    (reply,) = scene_of(journal({"requests": [request(500, 4, 200, 10, 60_000, 5)]})).replies
    assert reply.deltas == ("One ", "two three ", "four.")
    assert reply.pauses_s == (0.5, 0.2, 10.0)


def test_text_that_the_bot_has_added_comes_with_the_last_piece_and_a_title_is_left_out() -> None:
    longer = scene_of(journal({"requests": [request(0, 4, 0, 5)]})).replies
    assert [reply.text for reply in longer] == [REPLY]
    titled = scene_of(journal({"requests": [request(0, 20, 0, 40)]})).replies
    assert [reply.text for reply in titled] == [REPLY]


def test_each_request_of_a_tool_loop_has_its_part_of_the_text_and_its_calls() -> None:
    attempt = {
        "requests": [request(0, 4, end="tool_use"), request(0, 11, purpose="tool step")],
        "calls": [
            {"tool": "time_in", "request": 0, "input": 30, "result": 50, "ms": 1500, "outcome": "done"},
            {"tool": "tool_1", "request": 0, "input": 5, "result": 9, "ms": 0, "outcome": "waiting"},
        ],
    }
    scene = scene_of(
        journal(attempt, reply="One \n\ntwo three f", calls=[{"state": "done"}, {"state": "expired"}])
    )
    first, second = scene.replies
    assert (first.text, second.text) == ("One ", "two three f")
    assert first.calls == (SceneCall("replay_time_in", 30), SceneCall("replay_tool_1", 5))
    assert scene.tools == (
        SceneTool("replay_time_in", (SceneResult(1.5, 50),)),
        SceneTool("replay_tool_1", (SceneResult(0, 9),), asks=True),
    )
    assert scene.decisions == ("Allow once",)


def test_an_attempt_that_another_follows_in_the_middle_of_a_request_has_crashed() -> None:
    scene = scene_of(
        journal(
            {"requests": [request(0, 4, end="")]},
            {"found": [9], "requests": [request(0, len(REPLY))]},
        )
    )
    crashed, last = scene.replies
    assert (crashed.text, crashed.then, crashed.shown) == (REPLY[:9], "crash", 9)
    assert (last.text, last.then) == (REPLY, "")
    assert scene.crashes == 1


def test_an_attempt_that_left_no_timeline_is_told_by_what_the_next_one_took_up() -> None:
    resumed = {
        "found": [4],
        "requests": [request(0, 4, end="tool_use", purpose="resumed"), request(0, 15)],
        "calls": [{"tool": "time_in", "request": 0}],
    }
    found = scene_of({**journal(), "timeline": [{"number": 2, **resumed}]}).replies
    assert [(each.text, each.then, len(each.calls)) for each in found] == [
        ("One ", "", 1),
        ("One ", "crash", 0),
        (REPLY[4:], "", 0),
    ]


@pytest.mark.parametrize("end", ["", "tool_use"])
def test_tools_that_were_called_behind_the_last_step_in_the_journal_are_called_before_the_crash(
    end: str,
) -> None:
    first = {"requests": [request(300, 4, end=end)]}
    second = {
        "found": [4],
        "requests": [
            request(0, 4, end="tool_use", purpose="resumed"),
            request(0, 5, end="tool_use", purpose="resumed"),
            request(0, 10),
        ],
        "calls": [{"tool": "time_in", "request": 0}, {"tool": "tool_1", "request": 1}],
    }
    found = scene_of(journal(first, second)).replies
    assert [(each.text, [call.tool for call in each.calls], each.then) for each in found] == [
        ("One ", ["replay_time_in"], ""),
        ("two t", ["replay_tool_1"], ""),
        ("", [], "crash"),
        ("hree four.", [], ""),
    ]
    assert found[0].pauses_s == (0.3,)


def test_a_request_that_a_person_stopped_is_stopped_again_and_one_that_was_restarted_is_not_played() -> None:
    requests = [request(end="interrupted"), request(0, len(REPLY), end="interrupted")]
    (reply,) = scene_of(journal({"requests": requests}, record={"stop": "1"})).replies
    assert (reply.text, reply.then, reply.end) == (REPLY, "stop", "end_turn")


def test_errors_and_tries_before_are_those_of_the_timeline_and_what_is_not_played_is_said() -> None:
    requests = [
        request(end="BudgetReached", purpose="summary"),
        request(0, 4, end="ClaudeBusy", failed=["ClaudeBusy"], blocks=["thinking", "code_execution"]),
    ]
    scene = scene_of(journal({"requests": requests, "failures": ["DiscordUnavailable"]}, entries=3))
    (reply,) = scene.replies
    assert (reply.failed, reply.end) == (("ClaudeBusy",), "ClaudeBusy")
    assert scene.left_out == (
        "blocks of these types: code_execution",
        "errors of Discord: DiscordUnavailable",
        "the history before the turn, which a bundle of an older release does not hold",
    )


def test_a_continuation_is_said_with_what_stood_before_it_and_its_prompt_is_no_message() -> None:
    told = journal({"requests": [request(1, 5, purpose="continuation")]})
    told["entry"] = [
        entry(
            ("user", "<message>\nq\n</message>"),
            ("assistant", "One two "),
            ("user", "Go on."),
            ("assistant", "three"),
        )
    ]
    scene = scene_of(told)
    assert [each.text for each in scene.messages] == ["q"]
    assert [each.text for each in scene.replies] == ["One two three"]


def test_a_reply_of_which_nothing_but_the_length_is_known_has_that_length() -> None:
    told = journal({"requests": [request(1, 5, 2, 30, end="")]}, record={"state": "posted"})
    told["entry"] = []
    (reply,) = scene_of(told).replies
    assert len(reply.text) == 35
    assert reply.pauses_s == (0.001, 0.002)


def test_lengths_that_nobody_could_have_written_are_bounded() -> None:
    attempt = {
        "requests": [request(0, 4, end="tool_use"), request(0, 10**12)],
        "calls": [{"tool": "time_in", "request": 0, "input": 10**12, "result": 10**12}],
    }
    scene = scene_of(journal(attempt))
    assert [call.input for reply in scene.replies for call in reply.calls] == [MOST_CHARS]
    assert [result.characters for tool in scene.tools for result in tool.results] == [MOST_CHARS]


def test_a_summary_is_played_where_the_journal_holds_the_turns_before() -> None:
    requests = [request(0, 6, purpose="summary"), request(0, len(REPLY))]
    told = journal({"requests": requests})
    told["entry"][0]["turn"]["preface"] = {"summary": "Looms."}
    assert [each.text for each in scene_of(told).replies] == [REPLY]
    told["earlier"] = [{"index": 0, "turn": {}}]
    assert [each.text for each in scene_of(told).replies] == ["Looms.", REPLY]


def test_the_files_of_earlier_turns_are_not_played() -> None:
    picture = {"type": "image", "source": {"type": "upload", "file_id": "x"}}
    earlier = [{"index": 0, "turn": {"sent": [{"role": "user", "blocks": [picture]}]}}]
    (left_out,) = scene_of(journal(entries=2, earlier=earlier)).left_out
    assert "files of earlier turns" in left_out
    assert scene_of(journal(entries=2, earlier=[])).left_out == ()


def test_messages_are_played_with_their_quotes_also_one_that_says_nothing_else() -> None:
    told = journal()
    told["entry"] = [entry(("user", "<message>\n\n</message><message>\nq\n</message>"), ("assistant", REPLY))]
    said = [{"by": "you", "text": 'see\n<attachment name="x"/>'}]
    told["quotes"] = [[{"of": "room", "said": said, "title": "t"}], []]
    assert scene_of(told).messages == (
        SceneMessage(WITHOUT_TEXT, quotes=(SceneQuote("room", (("you", "see"),), "t"),)),
        SceneMessage("q"),
    )
    assert scene_of(told).left_out == ("the files of quotes",)


def test_more_quotes_than_anybody_could_have_made_are_left_out() -> None:
    said = [{"by": "you", "text": "x" * 2 * MOST_SAID_CHARS}] * 2 * MOST_SAID
    (message,) = scene_of(journal(quotes=[[{"of": "room", "said": said}] * 2 * MOST_QUOTES])).messages
    assert len(message.quotes) == MOST_QUOTES
    assert [len(text) for _, text in message.quotes[0].said] == [MOST_SAID_CHARS] * MOST_SAID


def test_what_discord_refused_is_refused_again_behind_as_many_calls() -> None:
    first = {"requests": [request(0, 4, end="")], "posts": 2, "edits": 5, "refused": [[0, 1, 403, 50013, 0]]}
    second = {
        "requests": [request(0, len(REPLY))],
        "failures": ["DiscordNotNow", "DiscordNotNow", "FilesRefused", "Fenced", "DiscordUnavailable"],
        "refused": [
            [1, 3, 0, 0, 300],
            [1, 3, 0, 0, 290],
            [0, 0, 400, 50035, 0],
            [1, 4, 503, 0, 0],
            [1, 4, 0, 0, 0],
        ],
    }
    scene = scene_of(journal(first, second))
    assert scene.refusals == (
        SceneRefusal(False, 1, 403, 50013),
        SceneRefusal(True, 8, seconds=10.0),
        SceneRefusal(False, 2, 400, 50035),
        SceneRefusal(True, 9),
        SceneRefusal(True, 9),
    )
    assert scene.left_out == ("errors of Discord: Fenced",)


def test_a_request_that_a_refusal_interrupted_goes_on_until_then() -> None:
    attempt = {"requests": [request(0, 4, end="interrupted")], "refused": [[0, 0, 403, 50013, 0]]}
    (ended,) = scene_of(journal({**attempt, "failures": ["DiscordForbidden"]}, reply="One ")).replies
    assert (ended.text, ended.then) == ("One ", "refused")
    (other,) = scene_of(journal({**attempt, "failures": ["DiscordUnavailable"]}, reply="One ")).replies
    assert (other.text, other.then) == ("One ", "")


def test_refusals_that_discord_never_made_are_bounded() -> None:
    refused = [[7, -5, 999, 10**9, 10**9]] * 100
    refusals = scene_of(journal({"requests": [request(0, 4)], "refused": refused})).refusals
    assert refusals == (SceneRefusal(True, 0, seconds=10.0),)
    several = [[0, at, 200, 1, -1] for at in range(100)]
    refusals = scene_of(journal({"requests": [request(0, 4)], "refused": several})).refusals
    assert refusals == tuple(SceneRefusal(False, at) for at in range(MOST_REFUSALS))

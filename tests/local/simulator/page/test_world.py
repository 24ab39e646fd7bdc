"""What the page makes of the state and the events that the local Discord tells it."""

from typing import Any

from tests.local.simulator.page.node import needs_node, run

pytestmark = needs_node

STATE = {
    "guilds": [
        {
            "id": "1",
            "name": "Workshop",
            "roles": [{"id": "1", "name": "@everyone"}, {"id": "7", "name": "Weavers"}],
            "channels": [
                {
                    "id": "10",
                    "name": "general",
                    "type": 0,
                    "threads": [{"id": "20", "name": "older", "private": False, "last_message_id": "21"}],
                },
            ],
        }
    ],
    "users": [
        {"id": "2", "username": "ann", "display_name": "Ann", "color": "#123456"},
        {"id": "4", "username": "bobbin", "display_name": "Bobbin"},
    ],
    "applications": [{"id": "3", "user_id": "4", "name": "Bobbin", "online": False}],
    "dms": [],
}


def world(expression: str, *events: tuple[str, Any]) -> Any:
    """The value of an expression over the world `w`, after the events."""
    before = (
        "const w = new m.World(); w.load(a[0]); a.slice(1).forEach(([name, data]) => w.apply(name, data));"
    )
    # A typing indicator is forgotten by a timer, which would keep the process alive.
    return run(
        "world.js",
        f"(() => {{ globalThis.setTimeout = () => 0; {before} return {expression}; }})()",
        STATE,
        *events,
    )


def message(message_id: str, channel_id: str, author: str = "4", **more: Any) -> dict[str, Any]:
    return {
        "id": message_id,
        "channel_id": channel_id,
        "type": 0,
        "flags": 0,
        "author": {"id": author},
    } | more


def test_a_bot_is_nobody_to_write_as() -> None:
    assert world("w.people().map((each) => each.name)") == ["Ann"]
    assert world("w.bots().map((each) => [each.name, each.bot])") == [["Bobbin", True]]


def test_a_mentioned_role_is_shown_by_its_name() -> None:
    assert world("['7', '1', '9'].map((id) => w.roleName(id) ?? null)") == ["Weavers", "@everyone", None]
    shown = run(
        "message.js",
        "['7', '9'].map((id) => m.names({ roleName: (id) => a[0][id] }).role(id) ?? null)",
        {"7": "W"},
    )
    assert shown == ["W", None]


def test_a_new_thread_stands_under_its_channel_and_the_latest_comes_first() -> None:
    created = {
        "id": "30",
        "type": 11,
        "name": "newer",
        "parent_id": "10",
        "thread_metadata": {"archived": False, "locked": False},
    }
    assert world("w.threadsOf('10').map((each) => each.name)", ("THREAD_CREATE", created)) == [
        "newer",
        "older",
    ]
    spoken = ("MESSAGE_CREATE", message("31", "20"))
    assert world("w.threadsOf('10').map((each) => each.name)", ("THREAD_CREATE", created), spoken) == [
        "older",
        "newer",
    ]


def test_an_ephemeral_message_makes_no_channel_unread() -> None:
    told = ("MESSAGE_CREATE", message("40", "10", flags=64))
    assert world("w.channels.get('10').last_message_id ?? null", told) is None


def test_an_answer_to_ones_command_is_awaited_and_what_others_say_is_not() -> None:
    answers = [
        message("40", "10", flags=64),
        message("41", "10", interaction_metadata={"user": {"id": "2"}}),
        message("42", "10", author="2"),
        message("43", "10", interaction_metadata={"user": {"id": "9"}}),
        message("44", "10"),
    ]
    told = run("world.js", "a[0].map((each) => m.isAwaited(each, '2'))", answers)
    assert told == [True, True, True, False, False]


def box(top: int, height: int, room: int = 500) -> dict[str, int]:
    return {"scrollTop": top, "scrollHeight": height, "clientHeight": room}


def test_a_list_stays_at_its_end_until_a_person_goes_up() -> None:
    steps = [
        ("a picture has loaded", True, box(500, 1000), box(500, 1350), True),
        ("the form of a command takes room", True, box(500, 1000), box(500, 1000, room=380), True),
        ("somebody goes up", True, box(500, 1000), box(300, 1000), False),
        ("somebody goes on reading further up", False, box(300, 1000), box(200, 1400), False),
        ("somebody comes back to the end", False, box(300, 1000), box(470, 1000), True),
    ]
    for what, followed, before, now, expected in steps:
        assert run("following.js", "m.follows(...a)", followed, before, now) is expected, what


def test_typing_ends_with_the_message() -> None:
    typing = ("TYPING_START", {"channel_id": "10", "user_id": "4"})
    assert world("w.typingIn('10', '2')", typing) == ["4"]
    assert world("w.typingIn('10', '4')", typing) == []
    assert world("w.typingIn('10', '2')", typing, ("MESSAGE_CREATE", message("40", "10"))) == []


def test_a_bot_comes_online() -> None:
    assert world("w.bots()[0].online", ("PRESENCE", {"application_id": "3", "online": True})) is True


def test_an_answer_that_comes_before_its_id_is_not_lost() -> None:
    script = """(() => {
      globalThis.setTimeout = () => 7; globalThis.clearTimeout = () => {};
      const heard = [];
      const answered = ({ interaction_id }) => heard.push(interaction_id);
      const watch = new m.Interactions({ answered, silent: () => {} });
      watch.hear({ interaction_id: "1" });
      watch.begin({ interaction_id: "1" });
      watch.begin({ interaction_id: "2" });
      watch.hear({ interaction_id: "2" });
      watch.hear({ interaction_id: "9" });
      return heard;
    })()"""
    assert run("interactions.js", script) == ["1", "2"]

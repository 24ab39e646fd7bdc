"""Where the page offers to forward a message to."""

from tests.local.simulator.page.node import needs_node, run

pytestmark = needs_node


def test_a_message_is_forwarded_to_what_a_person_may_write_to_and_here_comes_first() -> None:
    channels = [
        {"id": "1", "type": 0, "name": "general"},
        {"id": "2", "type": 15, "name": "ideas"},
        {"id": "3", "type": 11, "name": "looms", "parent_id": "1"},
        {"id": "4", "type": 11, "name": "old", "parent_id": "1", "archived": True},
        {"id": "5", "type": 11, "name": "shut", "parent_id": "1", "locked": True},
        {"id": "6", "type": 1, "name": "Bobbin", "user_id": "9"},
        {"id": "7", "type": 1, "name": "Bobbin", "user_id": "8"},
    ]
    world = "({ channels: new Map(a[0].map((each) => [each.id, each])) })"
    offered = run("forwards.js", f"m.destinations({world}, '9', '3')", channels)
    assert [each["title"] for each in offered] == ["#general › looms", "#general", "@Bobbin"]

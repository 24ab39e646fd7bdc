"""The slash commands that the page offers."""

from tests.local.simulator.page.node import needs_node, run

pytestmark = needs_node


def test_subcommands_are_offered_by_their_whole_name() -> None:
    registered = [
        {"name": "reset", "description": "Forget", "type": 1},
        {"name": "Ask about this", "type": 3},
        {
            "name": "system",
            "description": "-",
            "options": [
                {
                    "type": 1,
                    "name": "set",
                    "description": "Set",
                    "options": [{"type": 3, "name": "scope", "required": True}],
                },
                {"type": 2, "name": "more", "options": [{"type": 1, "name": "deep", "description": "Deep"}]},
            ],
        },
    ]
    flat = run("commands.js", "m.flatten(...a)", registered, {"name": "Bobbin"})
    shown = [(each["name"], [option["name"] for option in each["options"]], each["by"]) for each in flat]
    assert shown == [
        ("reset", [], "Bobbin"),
        ("system set", ["scope"], "Bobbin"),
        ("system more deep", [], "Bobbin"),
    ]

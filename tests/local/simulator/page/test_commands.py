"""The slash commands that the page offers."""

from typing import Any

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


def offered(typed: str, channel_type: int, *registered: dict[str, Any]) -> list[str]:
    expression = (
        "m.offered(m.flatten(a[0], { name: 'Bobbin' }), a[1], { type: a[2] }).map((each) => each.name)"
    )
    names: list[str] = run("commands.js", expression, list(registered), typed, channel_type)
    return names


def test_a_command_is_offered_only_where_it_can_be_used() -> None:
    everywhere = {"name": "help", "contexts": [0, 1]}
    unrestricted = {"name": "hint"}
    group = {"name": "access", "contexts": [0], "options": [{"type": 1, "name": "show"}]}
    text, thread, direct = 0, 11, 1
    for channel_type in (text, thread):
        assert offered("", channel_type, everywhere, unrestricted, group) == ["help", "hint", "access show"]
    assert offered("", direct, everywhere, unrestricted, group) == ["help", "hint"]


def test_all_commands_are_offered_that_begin_as_typed() -> None:
    registered = [{"name": f"command{number}"} for number in range(40)] + [{"name": "help"}]
    assert len(offered("", 0, *registered)) == 41
    assert offered("HE", 0, *registered) == ["help"]


FIELD = """
      globalThis.document = { createElement: () => ({
        chosen: [], append(text) { this.text = text; }, replaceChildren(...made) { this.chosen = made; } }) };
      const input = new EventTarget();
      input.setAttribute = () => {};
      const shown = () => input.suggestions.chosen.map((each) => each.value);
      const settled = () => new Promise((done) => setImmediate(done));
"""


def test_an_option_offers_its_choices_before_anything_is_typed() -> None:
    script = f"""await (async () => {{{FIELD}
      m.suggest(input, async () => [{{ name: "Tea", value: "tea" }}]);
      input.dispatchEvent(new Event("focus"));
      await settled();
      return shown();
    }})()"""
    assert run("commands.js", script) == ["tea"]


def test_choices_that_come_late_do_not_replace_newer_ones() -> None:
    script = f"""await (async () => {{{FIELD}
      const answers = [];
      m.suggest(input, () => new Promise((answer) => answers.push(answer)));
      input.dispatchEvent(new Event("focus"));
      input.dispatchEvent(new Event("focus"));
      answers[1]([{{ name: "New", value: "new" }}]);
      await settled();
      answers[0]([{{ name: "Old", value: "old" }}]);
      await settled();
      return shown();
    }})()"""
    assert run("commands.js", script) == ["new"]

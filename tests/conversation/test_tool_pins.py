"""Which definition of a remote tool counts in a place."""

from bot.conversation.scope import Scope, Setting
from bot.conversation.tool_pins import pin_name, pins


def test_the_narrowest_scope_that_pins_a_tool_counts() -> None:
    by_scope = {
        Scope.THREAD: {pin_name("wiki_read"): Setting("t")},
        Scope.SERVER: {
            pin_name("wiki_search"): Setting("s"),
            pin_name("wiki_read"): Setting("r"),
            "tool:wiki_read": Setting("on"),
        },
    }
    assert list(pins(by_scope).items()) == [("wiki_read", "t"), ("wiki_search", "s")]


def test_the_order_is_that_of_the_names_whatever_the_order_of_the_settings() -> None:
    names = [pin_name(name) for name in ("b", "a", "c")]
    assert [
        [*pins({Scope.SERVER: dict.fromkeys(order, Setting("1"))})] for order in (names, names[::-1])
    ] == [["a", "b", "c"]] * 2

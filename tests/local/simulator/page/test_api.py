"""The page's line to the local Discord."""

from typing import Any

from tests.local.simulator.page.node import needs_node, run

pytestmark = needs_node

CONNECTING, CLOSED = 0, 2
"""The states of a line that broke: the browser tries again, or has given it up (HTML, "Server-sent events")."""


def heard(ready_state: int) -> list[Any]:
    """What the page is told when its line breaks and is in this state afterwards."""
    script = """(() => {
      let line;
      globalThis.EventSource = class { constructor() { line = this; } addEventListener() {} };
      globalThis.EventSource.CLOSED = 2;
      const told = [];
      new m.Api("1").listen(() => {}, (open) => told.push(open), () => told.push("refused"));
      line.readyState = a[0];
      line.onerror();
      return told;
    })()"""
    told: list[Any] = run("api.js", script, ready_state)
    return told


def test_a_line_that_the_browser_tries_again_is_only_down() -> None:
    assert heard(CONNECTING) == [False]


def test_a_line_that_was_refused_is_told_of_so_that_the_page_begins_anew() -> None:
    assert heard(CLOSED) == [False, "refused"]

"""The page as a whole, in a browser of blank elements: what it asks of the local Discord, and what it draws."""

from pathlib import Path
from typing import Any

from tests.local.simulator.page.node import PAGE, needs_node, run

pytestmark = needs_node

BROWSER = str(Path(__file__).with_name("blank_browser.mjs"))
APP = (PAGE / "app.js").as_uri()

ANN, BEN = {"id": "2", "username": "ann"}, {"id": "3", "username": "ben"}


def state(*people: dict[str, str], **more: Any) -> dict[str, Any]:
    """What the local Discord tells of itself."""
    return {"guilds": [], "users": list(people), "applications": [], "dms": []} | more


def lines(ready_state: int) -> Any:
    """The lines of a page that is open as Ann, while the local Discord ends and starts with Ben's data.

    `ready_state` is that of the broken line: 0 if the browser tries it again, 2 if it was refused.
    """
    script = """await (async () => {
      let [, before, after, readyState] = a;
      let now = before;
      const answer = (path) => {
        const as = path.split("as=")[1];
        return !as || now.users.some((each) => each.id === as) ? now : null;
      };
      const page = await m.opened(a[0], answer);
      now = after;
      const [line] = page.lines;
      line.readyState = readyState;
      line.onerror();
      await m.settled();
      await m.elapsed(page);
      return page.lines.map((each) => each.url.split("as=")[1]);
    })()"""
    return run(BROWSER, script, APP, state(ANN), state(BEN), ready_state)


def test_a_page_whose_line_is_refused_after_a_start_with_other_data_begins_anew_as_somebody_who_is_there() -> (
    None
):
    assert lines(2) == [ANN["id"], BEN["id"]]


def test_a_page_whose_line_the_browser_tries_again_opens_no_other_one() -> None:
    assert lines(0) == [ANN["id"]]


def test_a_page_that_was_open_with_other_data_before_begins_as_somebody_who_is_there() -> None:
    script = "(await m.opened(a[0], () => a[1], { as: '2' })).lines.map((each) => each.url)"
    assert run(BROWSER, script, APP, state(BEN)) == ["/control/events?as=3"]


def test_a_message_shows_the_name_of_a_role_that_it_mentions() -> None:
    guild = {
        "id": "1",
        "name": "Workshop",
        "roles": [{"id": "7", "name": "Weavers"}],
        "channels": [{"id": "10", "name": "general", "type": 0}],
    }
    message = {
        "id": "40",
        "channel_id": "10",
        "type": 0,
        "flags": 0,
        "author": ANN,
        "content": "hello <@&7> and <@&9>",
        "timestamp": "2026-11-30T12:00:00+00:00",
        "attachments": [],
        "embeds": [],
        "mentions": [],
        "mention_roles": ["7", "9"],
    }
    script = """await (async () => {
      const [, now, message] = a;
      const page = await m.opened(a[0], (path) => (path.includes("/messages") ? [message] : now));
      page.lines[0].onopen();
      await m.settled();
      return page.drawn.filter((each) => each.includes("hello"));
    })()"""
    drawn = run(BROWSER, script, APP, state(ANN, guilds=[guild]), message)
    assert drawn
    assert all("@Weavers" in each and each.count("@unknown-role") == 1 for each in drawn)

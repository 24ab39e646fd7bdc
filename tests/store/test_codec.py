import json

from bot.store.codec import dump_turn, load_turn
from tests.conversation.builders import turn


def test_an_entry_names_the_version_of_its_schema() -> None:
    assert json.loads(dump_turn(turn(1)))["version"] == 2


def test_an_entry_without_fields_that_have_defaults_is_read() -> None:
    entry = json.loads(dump_turn(turn(1)))
    del entry["turn"]["cost"]
    for name in ("web_searches", "service_tier", "inference_geo"):
        del entry["turn"]["usage"][name]
    assert load_turn(json.dumps(entry)) == turn(1)
    assert load_turn(json.dumps(entry)).cost is None

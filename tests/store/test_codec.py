import json

from bot.store.codec import dump_turn, load_turn
from tests.conversation.builders import turn


def test_an_entry_from_before_costs_were_kept_is_read() -> None:
    entry = json.loads(dump_turn(turn(1)))
    del entry["cost"]
    for name in ("web_searches", "service_tier", "inference_geo"):
        del entry["usage"][name]
    assert load_turn(json.dumps(entry)) == turn(1)
    assert load_turn(json.dumps(entry)).cost is None

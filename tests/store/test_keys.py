"""The names of the keys."""

from __future__ import annotations

import re

from bot.store.keys import padded
from tests.store.sample_keys import samples


def test_the_keys_of_a_conversation_share_a_slot() -> None:
    own = [
        key
        for key in samples().values()
        if "{" in key and not re.search(r"{(budgets|trial-\d+|schema)}", key)
    ]
    assert len(own) >= 8
    assert {re.findall(r"\{(\d+)\}", key)[0] for key in own} == {"5"}


def test_the_keys_of_the_budgets_share_a_slot() -> None:
    own = [key for name, key in samples().items() if name.startswith(("budget", "reservation"))]
    assert len(own) == 5
    assert all(key.startswith("p:{budgets}:") for key in own)


def test_the_keys_of_the_schema_share_a_slot() -> None:
    own = [key for name, key in samples().items() if name.startswith(("schema", "migration"))]
    assert len(own) == 4
    assert all(key.startswith("p:{schema}:") for key in own)


def test_ids_sort_as_text_by_time() -> None:
    assert sorted([padded(10), padded(9), padded(2**63)]) == [padded(9), padded(10), padded(2**63)]

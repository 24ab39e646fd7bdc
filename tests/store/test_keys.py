"""The names of the keys, and their table."""

from __future__ import annotations

import datetime as dt
import inspect
import re

from bot.store import keys
from bot.store.keys import WITHOUT_EXPIRY, Keys, padded

SAMPLES = {"day": dt.date(2027, 1, 15), "model": "model", "instance": "instance", "name": "name"}
ROWS = {
    cells[0]: cells[-1]
    for cells in (
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in (keys.__doc__ or "").splitlines()
        if line.startswith("| …:")
    )
}
"""How long each key of the table lives."""

LASTING = ("for ever", "until removed", "until it is done", "trimmed by time")


def samples() -> dict[str, str]:
    """Return a key of each kind, by the name of its attribute or method."""
    made = Keys("p")
    found = {name: value for name, value in vars(made).items() if name != "prefix"}
    for name, method in inspect.getmembers(made, inspect.ismethod):
        if not name.startswith("_") and not name.endswith("_prefix"):
            given = {each: SAMPLES.get(each, 5) for each in inspect.signature(method).parameters}
            found[name] = method(**given)
    return found


def row_of(key: str) -> list[str]:
    """Return the rows of the table that name a key."""

    def pattern(row: str) -> str:
        return re.sub(r"<\w+>", r"[\\w-]+", re.escape(row).replace("…", "p").replace(r"\{C\}", r"\{5\}"))

    return [row for row in ROWS if re.fullmatch(pattern(row), key)]


def test_the_table_names_each_key_once_and_no_other() -> None:
    rows = {name: row_of(key) for name, key in samples().items()}
    assert {name: found for name, found in rows.items() if len(found) != 1} == {}
    assert {row for found in rows.values() for row in found} == set(ROWS)


def test_the_table_agrees_with_the_list_of_keys_without_expiry() -> None:
    lasting = {row for row, lives in ROWS.items() if lives in LASTING}
    names = {row.removeprefix("…:").partition(":")[0] for row in lasting}
    assert names == {name.partition(":")[0] for name in WITHOUT_EXPIRY}


def test_the_keys_of_a_conversation_share_a_slot() -> None:
    own = [key for key in samples().values() if "{" in key]
    assert len(own) >= 8
    assert {re.findall(r"\{(\d+)\}", key)[0] for key in own} == {"5"}


def test_ids_sort_as_text_by_time() -> None:
    assert sorted([padded(10), padded(9), padded(2**63)]) == [padded(9), padded(10), padded(2**63)]

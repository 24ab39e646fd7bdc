"""What discord.py needs and other servers leave out."""

from __future__ import annotations

import pytest

from bot.gateway.connection.completion import LISTS, fill_null_lists


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("blank", ["", " "])
def test_null_in_place_of_a_list_is_an_empty_list_wherever_it_stands(name: str, blank: str) -> None:
    filled = fill_null_lists(f'{{"d":[{{"{name}":{blank}null,"topic":null}}]}}')
    assert filled.replace(" ", "") == f'{{"d":[{{"{name}":[],"topic":null}}]}}'


def test_what_people_write_is_not_taken_for_a_list() -> None:
    text = '{"content": "\\"embeds\\": null", "embeds": []}'
    assert fill_null_lists(text) == text

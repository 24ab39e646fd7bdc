"""The code of a receipt proves whom it is for, and says up to where."""

from __future__ import annotations

import pytest

from bot.conversation.receipt_code import read_code, receipt_code

SECRET = b"secret"
BEFORE = 1_400_000_000_000_000_000


def test_a_code_says_up_to_where_its_person_was_forgotten() -> None:
    assert read_code(receipt_code(7, BEFORE, SECRET), 7, SECRET) == BEFORE


@pytest.mark.parametrize(
    ("code", "person", "secret"),
    [
        (receipt_code(7, BEFORE, SECRET), 8, SECRET),
        (receipt_code(7, BEFORE, SECRET), 7, b"another"),
        (receipt_code(7, BEFORE, SECRET)[:-1] + "x", 7, SECRET),
        (f"f{receipt_code(7, BEFORE, SECRET)[1:]}", 7, SECRET),
        ("", 7, SECRET),
        ("nonsense", 7, SECRET),
        ("f" * 100, 7, SECRET),
    ],
)
def test_security_the_code_of_somebody_else_and_one_that_was_made_up_prove_nothing(
    code: str, person: int, secret: bytes
) -> None:
    assert read_code(code, person, secret) is None

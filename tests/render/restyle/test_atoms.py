"""What stands between the atoms of a formula, and what is put in brackets."""

from __future__ import annotations

import pytest

from bot.render.restyle.atoms import Atom, AtomClass, NotRepresentable, joined, operand, scripted

X = Atom(AtomClass.ORDINARY, "x")
PLUS = Atom(AtomClass.BINARY, "+")
HALF = Atom(AtomClass.FRACTION, "1/2")
ROOT = Atom(AtomClass.ORDINARY, "√2")


@pytest.mark.parametrize(
    ("atoms", "text"),
    [
        ([X, PLUS, X], "x + x"),
        ([PLUS, X], "+x"),
        ([X, Atom(AtomClass.FUNCTION, "sin"), X], "x sin x"),
        ([HALF, X], "(1/2)x"),
        ([X, PLUS, HALF], "x + 1/2"),
        ([ROOT, X], "√(2)x"),
        ([X, Atom(AtomClass.BLANK, "  "), X], "x  x"),
    ],
)
def test_there_is_as_much_between_atoms_as_keeps_them_apart(atoms: list[Atom], text: str) -> None:
    assert joined(atoms, tight=False) == text


def test_an_exponent_has_no_blanks_that_are_not_needed() -> None:
    assert joined([X, PLUS, X], tight=True) == "x+x"


def test_a_mixed_number_reads_as_a_product_and_is_not_shown() -> None:
    with pytest.raises(NotRepresentable):
        joined([Atom(AtomClass.ORDINARY, "2"), HALF], tight=False)


def test_what_would_fall_apart_beside_a_bar_is_bracketed() -> None:
    assert operand([X, PLUS, X]) == "(x+x)"
    assert operand([X]) == "x"
    assert operand([Atom(AtomClass.ORDINARY, "1"), Atom(AtomClass.ORDINARY, "2")]) == "12"


@pytest.mark.parametrize(
    ("base", "sign", "inside", "text"),
    [
        (X, "^", "2", "x²"),
        (X, "_", "Q", "x_Q"),
        (X, "^", "a/b", "x^(a/b)"),
        (X, "^", "∘", "x°"),
        (HALF, "^", "2", "(1/2)²"),
        (ROOT, "^", "2", "√(2)²"),
        (X, "^", "", "x"),
    ],
)
def test_an_exponent_is_raised_where_unicode_can(base: Atom, sign: str, inside: str, text: str) -> None:
    assert scripted(base, sign, inside).text == text


def test_a_puzzle_in_an_exponent_is_not_shown() -> None:
    with pytest.raises(NotRepresentable):
        scripted(X, "^", "a/b + c/d + e/f")

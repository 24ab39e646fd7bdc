"""The atoms of a formula as text, with the blanks and brackets that keep its meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from bot.render.restyle.scripts import subscript, superscript


class AtomClass(Enum):
    """TeX's classes of atoms, which decide on the blanks between them (The TeXbook, chapter 18)."""

    ORDINARY = auto()
    FUNCTION = auto()
    BINARY = auto()
    RELATION = auto()
    OPENING = auto()
    CLOSING = auto()
    PUNCTUATION = auto()
    FRACTION = auto()
    SIGN = auto()
    BLANK = auto()


_OPERANDS = frozenset({AtomClass.ORDINARY, AtomClass.CLOSING, AtomClass.FRACTION, AtomClass.FUNCTION})
_SPACED = frozenset({AtomClass.BINARY, AtomClass.RELATION})
# What stays close to the name of a function before it.
_CLINGING = frozenset({AtomClass.OPENING, AtomClass.CLOSING, AtomClass.PUNCTUATION})
# What would be read as a part of a fraction before it, and behind it.
_AHEAD = frozenset({AtomClass.ORDINARY, AtomClass.FUNCTION, AtomClass.FRACTION, AtomClass.OPENING})
_BEHIND = frozenset({AtomClass.ORDINARY, AtomClass.FUNCTION, AtomClass.FRACTION, AtomClass.CLOSING})
# An exponent or an index that Unicode lacks: what follows would be read as a part of it.
_OPEN_SCRIPT = re.compile(r"[\^_](?:[^()\s]|\([^()]*\))$")
# A root without brackets: what follows would be read as a part of it.
_OPEN_ROOT = re.compile(r"([√∛∜])([^()\s√∛∜]+)$")
_NUMBERS = re.compile(r"\d+/\d+")
# Longer scripts with scripts of their own are hard to read.
_SCRIPT_MAX_CHARS = 12


class NotRepresentable(Exception):
    """A line of text cannot represent the formula."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A part of a formula that is never separated."""

    kind: AtomClass
    text: str


def joined(atoms: list[Atom], *, tight: bool) -> str:
    """The atoms with blanks where TeX would have some; as few as can be if `tight`, as in exponents."""
    text = ""
    before: Atom | None = None
    for index, atom in enumerate(atoms):
        if atom.kind is AtomClass.BLANK:
            text = text.rstrip(" ") + atom.text if text else ""
            continue
        after = next((other for other in atoms[index + 1 :] if other.kind is not AtomClass.BLANK), None)
        kind, piece = atom.kind, atom.text
        if kind is AtomClass.FRACTION and before is not None and before.kind in _BEHIND:
            if before.text[-1:].isdecimal() and _NUMBERS.fullmatch(piece):
                raise NotRepresentable  # a mixed number, or a product
            piece = f"({piece})"
        elif kind is AtomClass.FRACTION and _joins(after, _AHEAD):
            piece = f"({piece})"
        if _joins(after, _AHEAD):
            piece = _OPEN_ROOT.sub(r"\1(\2)", piece)
        if kind is AtomClass.BINARY and (not _joins(before, _OPERANDS) or after is None):
            kind = AtomClass.SIGN
        if before is not None and _is_apart(before, Atom(kind, piece), tight=tight) and text[-1:] != " ":
            text += " "
        text += piece
        before = Atom(kind, piece)
    return text.strip()


def operand(atoms: list[Atom]) -> str:
    """Put in brackets what would fall apart beside a bar or under a root."""
    text = joined(atoms, tight=True)
    if not text:
        raise NotRepresentable
    whole = len(atoms) == 1 or text.isdecimal()
    return text if whole and not any(char in text for char in "/ ") else f"({text})"


def scripted(base: Atom, sign: str, inside: str) -> Atom:
    """An atom with an exponent (`sign` is `^`) or an index (`_`)."""
    if not inside:
        return base
    if inside == "∘" and sign == "^":
        return Atom(base.kind, base.text + "°")
    kind, text = base.kind, base.text
    if kind is AtomClass.FRACTION:
        kind, text = AtomClass.ORDINARY, f"({text})"
    text = _OPEN_ROOT.sub(r"\1(\2)", text)
    script = superscript(inside) if sign == "^" else subscript(inside)
    if script is None:
        if any(char in inside for char in "^_/") and len(inside) > _SCRIPT_MAX_CHARS:
            raise NotRepresentable
        script = sign + (inside if len(inside) == 1 else f"({inside})")
    return Atom(kind, text + script)


def _joins(atom: Atom | None, kinds: frozenset[AtomClass]) -> bool:
    return atom is not None and atom.kind in kinds


def _is_apart(before: Atom, atom: Atom, *, tight: bool) -> bool:
    """Whether there is a blank between two atoms."""
    if before.kind is AtomClass.FUNCTION and atom.kind not in _CLINGING:
        return True
    if before.text[-1:].isalnum() and atom.kind is AtomClass.FUNCTION:
        return True
    if _OPEN_SCRIPT.search(before.text) and atom.kind in _AHEAD:
        return True
    return not tight and (
        atom.kind in _SPACED or before.kind in _SPACED or before.kind is AtomClass.PUNCTUATION
    )

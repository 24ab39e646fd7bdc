"""Formulas as text: the linear form of UnicodeMath, as far as it can be read without learning it.

(M. Sargent, "UnicodeMath", Unicode Technical Note 28: `a/b`, `√(a+b)`, `x^(…)` and `x_(…)`, and characters for
everything that has one.) Longer than other files by the little that holds one grammar together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto

from bot.render.restyle import symbols
from bot.render.restyle.scripts import subscript, superscript

# Formulas longer than this are read as a picture or as their source, not as one line of text.
LINEAR_MAX_CHARS = 120
# Deeper than this a line of text is a puzzle.
_DEPTH_MAX = 4
_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|[ \t\n]+|[\s\S]", re.DOTALL)
_LINES = re.compile(
    r"\s*\\begin\{(?P<name>(?:equation|align|aligned|gather|gathered|split|multline)\*?)\}"
    r"(?P<body>.*)\\end\{(?P=name)\}\s*",
    re.DOTALL,
)
_BREAK = re.compile(r"\\\\(?:\[[^\]]*\])?")


class _Class(Enum):
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


_OPERANDS = frozenset({_Class.ORDINARY, _Class.CLOSING, _Class.FRACTION, _Class.FUNCTION})
_SPACED = frozenset({_Class.BINARY, _Class.RELATION})
# What stays close to the name of a function before it.
_CLINGING = frozenset({_Class.OPENING, _Class.CLOSING, _Class.PUNCTUATION})
# What would be read as a part of a fraction before it, and behind it.
_AHEAD = frozenset({_Class.ORDINARY, _Class.FUNCTION, _Class.FRACTION, _Class.OPENING})
_BEHIND = frozenset({_Class.ORDINARY, _Class.FUNCTION, _Class.FRACTION, _Class.CLOSING})
# An exponent or an index that Unicode lacks: what follows would be read as a part of it.
_OPEN_SCRIPT = re.compile(r"[\^_](?:[^()\s]|\([^()]*\))$")


# A root without brackets: what follows would be read as a part of it.
_OPEN_ROOT = re.compile(r"([√∛∜])([^()\s√∛∜]+)$")
_NUMBERS = re.compile(r"\d+/\d+")


class _Unfaithful(Exception):
    """Text cannot show it."""


@dataclass(slots=True)
class _Atom:
    kind: _Class
    text: str


def lines_of(tex: str) -> list[str]:
    """The lines of a formula: those of an `aligned` or the like, without what aligns them, or the one that it is."""
    found = _LINES.fullmatch(tex)
    if found is None:
        return [tex.strip()]
    lines = (line.strip() for line in _BREAK.split(found["body"]))
    return [re.sub(r"(?<!\\)&", "", line) for line in lines if line]


def linear(tex: str) -> str | None:
    """A formula of one line as text, or None where text would not be faithful."""
    if not tex.strip() or "\\begin" in tex:
        return None
    try:
        text = _join(_Reader(_TOKEN.findall(tex)).read_all(), tight=False)
    except _Unfaithful:
        return None
    return text if text and len(text) <= LINEAR_MAX_CHARS else None


def _join(atoms: list[_Atom], *, tight: bool) -> str:
    """The atoms with blanks where TeX would have some; as few as can be if `tight`, as in exponents."""
    text = ""
    before: _Atom | None = None
    for index, atom in enumerate(atoms):
        if atom.kind is _Class.BLANK:
            text = text.rstrip(" ") + atom.text if text else ""
            continue
        after = next((other for other in atoms[index + 1 :] if other.kind is not _Class.BLANK), None)
        kind, piece = atom.kind, atom.text
        if kind is _Class.FRACTION and (_joins(before, _BEHIND) or _joins(after, _AHEAD)):
            if (
                _joins(before, _BEHIND)
                and before
                and before.text[-1:].isdecimal()
                and _NUMBERS.fullmatch(piece)
            ):
                raise _Unfaithful  # a mixed number, or a product
            piece = f"({piece})"
        if _joins(after, _AHEAD):
            piece = _OPEN_ROOT.sub(r"\1(\2)", piece)
        if kind is _Class.BINARY and (not _joins(before, _OPERANDS) or after is None):
            kind = _Class.SIGN
        if before is not None and _is_apart(before, _Atom(kind, piece), tight=tight) and text[-1:] != " ":
            text += " "
        text += piece
        before = _Atom(kind, piece)
    return text.strip()


def _joins(atom: _Atom | None, kinds: frozenset[_Class]) -> bool:
    return atom is not None and atom.kind in kinds


def _is_apart(before: _Atom, atom: _Atom, *, tight: bool) -> bool:
    """Whether there is a blank between two atoms."""
    if before.kind is _Class.FUNCTION and atom.kind not in _CLINGING:
        return True
    if before.text[-1:].isalnum() and atom.kind is _Class.FUNCTION:
        return True
    if _OPEN_SCRIPT.search(before.text) and atom.kind in _AHEAD:
        return True
    return not tight and (atom.kind in _SPACED or before.kind in _SPACED or before.kind is _Class.PUNCTUATION)


_CHARACTERS = {
    **dict.fromkeys("+±", _Class.BINARY),
    **dict.fromkeys("=<>→≤≥≠≈∈", _Class.RELATION),
    **dict.fromkeys("([", _Class.OPENING),
    **dict.fromkeys(")]!", _Class.CLOSING),
    **dict.fromkeys(",;", _Class.PUNCTUATION),
}


@dataclass(slots=True)
class _Reader:
    tokens: list[str]
    at: int = 0
    depth: int = 0
    atoms: list[_Atom] = field(default_factory=list)

    def read_all(self) -> list[_Atom]:
        atoms = self._sequence("")
        if self.at < len(self.tokens):
            raise _Unfaithful
        return atoms

    def _sequence(self, end: str) -> list[_Atom]:
        atoms: list[_Atom] = []
        self.depth += 1
        if self.depth > _DEPTH_MAX:
            raise _Unfaithful
        while self.at < len(self.tokens) and self.tokens[self.at] != end:
            sign = self._next()
            if sign in ("^", "_", "'"):
                self._script(sign, atoms)
            elif sign == "," and self._parts_thousands():
                atoms.append(_Atom(_Class.ORDINARY, ","))
            elif not sign.isspace():
                atoms.append(self._atom(sign))
        self.depth -= 1
        return atoms

    def _parts_thousands(self) -> bool:
        """Whether the comma before stands between digits, with exactly three behind it."""
        before = self.tokens[max(0, self.at - 2)]
        behind = self.tokens[self.at : self.at + 4]
        digits = [token for token in behind if token.isdecimal()]
        return before.isdecimal() and len(digits) == 3 and digits == behind[:3]

    def _next(self) -> str:
        if self.at == len(self.tokens):
            raise _Unfaithful
        self.at += 1
        return self.tokens[self.at - 1]

    def _skip_blanks(self) -> str:
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _argument(self) -> list[_Atom]:
        """A group, or the one atom that stands for it."""
        self._skip_blanks()
        sign = self._next()
        if sign == "{":
            atoms = self._sequence("}")
            self._next()
            return atoms
        if sign in ("}", "^", "_", "&"):
            raise _Unfaithful
        return [self._atom(sign)]

    def _atom(self, sign: str) -> _Atom:
        if sign == "{":
            self.at -= 1
            atoms = self._argument()
            if len(atoms) == 1:
                apart = atoms[0].kind in (_Class.PUNCTUATION, _Class.BINARY, _Class.RELATION)
                return _Atom(_Class.ORDINARY, atoms[0].text) if apart else atoms[0]
            return _Atom(_Class.ORDINARY, _join(atoms, tight=False))
        if sign[0] == "\\":
            return self._command(sign[1:])
        if sign in ("}", "&", "#", "`", "$"):
            raise _Unfaithful
        if sign == "~":
            return _Atom(_Class.BLANK, " ")
        if sign == "-":
            return _Atom(_Class.BINARY, "−")
        if sign == "*":
            return _Atom(_Class.BINARY, "∗")
        return _Atom(_CHARACTERS.get(sign, _Class.ORDINARY), sign)

    def _command(self, name: str) -> _Atom:
        for kind, table in (
            (_Class.ORDINARY, symbols.ORDINARY),
            (_Class.BINARY, symbols.BINARY),
            (_Class.RELATION, symbols.RELATIONS),
            (_Class.FUNCTION, symbols.LARGE),
            (_Class.OPENING, symbols.OPENING),
            (_Class.CLOSING, symbols.CLOSING),
            (_Class.BLANK, symbols.SPACES),
        ):
            if name in table:
                return _Atom(kind, table[name])
        if name in symbols.FUNCTIONS:
            return _Atom(_Class.FUNCTION, name)
        return self._with_argument(name.rstrip("*"))

    def _with_argument(self, name: str) -> _Atom:
        if name in symbols.SIZES:
            sign = self._skip_blanks()
            self._next()
            return _Atom(_Class.BLANK, "") if sign == "." else self._delimiter(name, sign)
        if name in symbols.TEXTS:
            return _Atom(_Class.ORDINARY, self._text())
        if name == "operatorname":
            return _Atom(_Class.FUNCTION, _join(self._argument(), tight=False))
        if name in symbols.SHOWN:
            if name.endswith(("style", "limits")):
                return _Atom(_Class.BLANK, "")
            return _Atom(_Class.ORDINARY, _join(self._argument(), tight=False))
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            return self._fraction()
        if name == "sqrt":
            return self._root()
        if name in symbols.ACCENTS:
            letter = _join(self._argument(), tight=True)
            if len(letter) != 1:
                raise _Unfaithful
            return _Atom(_Class.ORDINARY, letter + symbols.ACCENTS[name])
        if name == "not":
            (atom,) = self._argument()
            if atom.text not in symbols.NEGATED:
                raise _Unfaithful
            return _Atom(_Class.RELATION, symbols.NEGATED[atom.text])
        if name in ("pmod", "tag"):
            inside = _join(self._argument(), tight=False)
            return _Atom(_Class.ORDINARY, f" (mod {inside})" if name == "pmod" else f" ({inside})")
        return self._letters(name)

    def _delimiter(self, name: str, sign: str) -> _Atom:
        atom = self._atom(sign)
        kind = _Class.CLOSING if name == "right" or name.endswith("r") else _Class.OPENING
        return _Atom(atom.kind if atom.kind is not _Class.ORDINARY else kind, atom.text)

    def _letters(self, name: str) -> _Atom:
        letters = symbols.alphabet(name)
        if letters is None:
            raise _Unfaithful
        text = _join(self._argument(), tight=True)
        if not text or any(char not in letters for char in text):
            raise _Unfaithful
        return _Atom(_Class.ORDINARY, "".join(letters[char] for char in text))

    def _text(self) -> str:
        """The argument of a command that shows text: its blanks count."""
        if self._skip_blanks() != "{":
            raise _Unfaithful
        self._next()
        text = ""
        while (sign := self._next()) != "}":
            if sign in ("{", "$", "`") or (sign[0] == "\\" and sign[1:] not in "%&_#$ "):
                raise _Unfaithful
            text += sign.removeprefix("\\")
        return text

    def _fraction(self) -> _Atom:
        above, below = self._argument(), self._argument()
        parts = [_operand(above), _operand(below)]
        if any("/" in part for part in parts):
            raise _Unfaithful
        return _Atom(_Class.FRACTION, "/".join(parts))

    def _root(self) -> _Atom:
        root = "√"
        if self._skip_blanks() == "[":
            self._next()
            degree = _join(self._sequence("]"), tight=True)
            self._next()
            root = {"3": "∛", "4": "∜"}.get(degree) or (superscript(degree) or "") + "√"
            if root == "√":
                raise _Unfaithful
        return _Atom(_Class.ORDINARY, root + _operand(self._argument()))

    def _script(self, sign: str, atoms: list[_Atom]) -> None:
        base = atoms[-1] if atoms else _Atom(_Class.ORDINARY, "")
        if not atoms:
            atoms.append(base)
        if sign == "'":
            base.text += "′"
            return
        inside = _join(self._argument(), tight=True)
        if not inside:
            return
        if inside == "∘" and sign == "^":
            base.text += "°"
            return
        if base.kind is _Class.FRACTION:
            base.kind, base.text = _Class.ORDINARY, f"({base.text})"
        base.text = _OPEN_ROOT.sub(r"\1(\2)", base.text)
        script = superscript(inside) if sign == "^" else subscript(inside)
        if script is None:
            if any(char in inside for char in "^_/") and len(inside) > 12:
                raise _Unfaithful
            script = sign + (inside if len(inside) == 1 else f"({inside})")
        base.text += script


def _operand(atoms: list[_Atom]) -> str:
    """Put in brackets what would fall apart beside a bar or under a root."""
    text = _join(atoms, tight=True)
    if not text:
        raise _Unfaithful
    whole = len(atoms) == 1 or text.isdecimal()
    return text if whole and not any(char in text for char in "/ ") else f"({text})"

"""Formulas as text: the part of UnicodeMath's linear format that needs no explanation.

(M. Sargent, "UnicodeMath", Unicode Technical Note 28: `a/b`, `√(a+b)`, `x^(…)` and `x_(…)`, and characters for
everything that has one.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.render.restyle import symbols
from bot.render.restyle.atoms import Atom, AtomClass, NotRepresentable, joined, operand, scripted
from bot.render.restyle.scripts import superscript

# Formulas longer than this are read as a picture or as their source, not as one line of text.
LINEAR_MAX_CHARS = 120
# Deeper nesting is hard to read in a line of text.
_DEPTH_MAX = 4
_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|[ \t\n]+|[\s\S]", re.DOTALL)
_LINES = re.compile(
    r"\s*\\begin\{(?P<name>(?:equation|align|aligned|gather|gathered|split|multline)\*?)\}"
    r"(?P<body>.*)\\end\{(?P=name)\}\s*",
    re.DOTALL,
)
_BREAK = re.compile(r"\\\\(?:\[[^\[\]\\]*\])?")
_ALIGNS = re.compile(r"(?<!\\)&")
_CHARACTERS = {
    **dict.fromkeys("+±", AtomClass.BINARY),
    **dict.fromkeys("=<>→≤≥≠≈∈", AtomClass.RELATION),
    **dict.fromkeys("([", AtomClass.OPENING),
    **dict.fromkeys(")]!", AtomClass.CLOSING),
    **dict.fromkeys(",;", AtomClass.PUNCTUATION),
}


def lines_of(tex: str) -> list[str]:
    """The lines of a formula: of an environment such as `aligned` without alignment marks, else its only line."""
    found = _LINES.fullmatch(tex)
    if found is None:
        return [tex.strip()]
    lines = (line.strip() for line in _BREAK.split(found["body"]))
    return [_ALIGNS.sub("", line) for line in lines if line]


def linear(tex: str) -> str | None:
    """A formula of one line as text; None if text cannot represent it."""
    if not tex.strip() or "\\begin" in tex:
        return None
    try:
        text = joined(_Reader(_TOKEN.findall(tex)).read_all(), tight=False)
    except NotRepresentable:
        return None
    return text if text and len(text) <= LINEAR_MAX_CHARS else None


@dataclass(slots=True)
class _Reader:
    tokens: list[str]
    at: int = 0
    depth: int = 0
    atoms: list[Atom] = field(default_factory=list)

    def read_all(self) -> list[Atom]:
        atoms = self._sequence("")
        if self.at < len(self.tokens):
            raise NotRepresentable
        return atoms

    def _sequence(self, end: str) -> list[Atom]:
        atoms: list[Atom] = []
        self.depth += 1
        if self.depth > _DEPTH_MAX:
            raise NotRepresentable
        while self.at < len(self.tokens) and self.tokens[self.at] != end:
            sign = self._next()
            if sign in ("^", "_", "'"):
                self._script(sign, atoms)
            elif sign == "," and self._parts_thousands():
                atoms.append(Atom(AtomClass.ORDINARY, ","))
            elif not sign.isspace():
                atoms.append(self._atom(sign))
        self.depth -= 1
        return atoms

    def _parts_thousands(self) -> bool:
        """Whether the comma just read separates thousands: a digit before it, exactly three digits behind it."""
        before = self.tokens[max(0, self.at - 2)]
        behind = self.tokens[self.at : self.at + 4]
        digits = [token for token in behind if token.isdecimal()]
        return before.isdecimal() and len(digits) == 3 and digits == behind[:3]

    def _next(self) -> str:
        if self.at == len(self.tokens):
            raise NotRepresentable
        self.at += 1
        return self.tokens[self.at - 1]

    def _skip_blanks(self) -> str:
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _argument(self) -> list[Atom]:
        """A group, or a single atom in its place."""
        self._skip_blanks()
        sign = self._next()
        if sign == "{":
            atoms = self._sequence("}")
            self._next()
            return atoms
        if sign in ("}", "^", "_", "&"):
            raise NotRepresentable
        return [self._atom(sign)]

    def _atom(self, sign: str) -> Atom:
        if sign == "{":
            self.at -= 1
            atoms = self._argument()
            if len(atoms) == 1:
                apart = atoms[0].kind in (AtomClass.PUNCTUATION, AtomClass.BINARY, AtomClass.RELATION)
                return Atom(AtomClass.ORDINARY, atoms[0].text) if apart else atoms[0]
            return Atom(AtomClass.ORDINARY, joined(atoms, tight=False))
        if sign[0] == "\\":
            return self._command(sign[1:])
        if sign in ("}", "&", "#", "`", "$"):
            raise NotRepresentable
        if sign == "~":
            return Atom(AtomClass.BLANK, " ")
        if sign == "-":
            return Atom(AtomClass.BINARY, "−")
        if sign == "*":
            return Atom(AtomClass.BINARY, "∗")
        return Atom(_CHARACTERS.get(sign, AtomClass.ORDINARY), sign)

    def _command(self, name: str) -> Atom:
        for kind, table in (
            (AtomClass.ORDINARY, symbols.ORDINARY),
            (AtomClass.BINARY, symbols.BINARY),
            (AtomClass.RELATION, symbols.RELATIONS),
            (AtomClass.FUNCTION, symbols.LARGE),
            (AtomClass.OPENING, symbols.OPENING),
            (AtomClass.CLOSING, symbols.CLOSING),
            (AtomClass.BLANK, symbols.SPACES),
        ):
            if name in table:
                return Atom(kind, table[name])
        if name in symbols.FUNCTIONS:
            return Atom(AtomClass.FUNCTION, name)
        return self._with_argument(name.rstrip("*"))

    def _with_argument(self, name: str) -> Atom:
        if name in symbols.SIZES:
            sign = self._skip_blanks()
            self._next()
            return Atom(AtomClass.BLANK, "") if sign == "." else self._delimiter(name, sign)
        if name in symbols.TEXTS:
            return Atom(AtomClass.ORDINARY, self._text())
        if name in symbols.SHOWN:
            if name.endswith(("style", "limits")):
                return Atom(AtomClass.BLANK, "")
            kind = AtomClass.FUNCTION if name == "operatorname" else AtomClass.ORDINARY
            return Atom(kind, joined(self._argument(), tight=False))
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            return self._fraction()
        if name == "sqrt":
            return self._root()
        if name in symbols.ACCENTS:
            letter = joined(self._argument(), tight=True)
            if len(letter) != 1:
                raise NotRepresentable
            return Atom(AtomClass.ORDINARY, letter + symbols.ACCENTS[name])
        if name == "not":
            negated = symbols.NEGATED.get("".join(atom.text for atom in self._argument()))
            if negated is None:
                raise NotRepresentable
            return Atom(AtomClass.RELATION, negated)
        if name in ("pmod", "tag"):
            inside = joined(self._argument(), tight=False)
            return Atom(AtomClass.ORDINARY, f" (mod {inside})" if name == "pmod" else f" ({inside})")
        return self._letters(name)

    def _delimiter(self, name: str, sign: str) -> Atom:
        atom = self._atom(sign)
        kind = AtomClass.CLOSING if name == "right" or name.endswith("r") else AtomClass.OPENING
        return Atom(atom.kind if atom.kind is not AtomClass.ORDINARY else kind, atom.text)

    def _letters(self, name: str) -> Atom:
        letters = symbols.alphabet(name)
        if letters is None:
            raise NotRepresentable
        text = joined(self._argument(), tight=True)
        if not text or any(char not in letters for char in text):
            raise NotRepresentable
        return Atom(AtomClass.ORDINARY, "".join(letters[char] for char in text))

    def _text(self) -> str:
        """The argument of a command that shows text: its blanks count."""
        if self._skip_blanks() != "{":
            raise NotRepresentable
        self._next()
        text = ""
        while (sign := self._next()) != "}":
            if sign in ("{", "$", "`") or (sign[0] == "\\" and sign[1:] not in "%&_#$ "):
                raise NotRepresentable
            text += sign.removeprefix("\\")
        return text

    def _fraction(self) -> Atom:
        above, below = self._argument(), self._argument()
        parts = [operand(above), operand(below)]
        if any("/" in part for part in parts):
            raise NotRepresentable
        return Atom(AtomClass.FRACTION, "/".join(parts))

    def _root(self) -> Atom:
        root = "√"
        if self._skip_blanks() == "[":
            self._next()
            degree = joined(self._sequence("]"), tight=True)
            self._next()
            root = {"3": "∛", "4": "∜"}.get(degree) or (superscript(degree) or "") + "√"
            if root == "√":
                raise NotRepresentable
        return Atom(AtomClass.ORDINARY, root + operand(self._argument()))

    def _script(self, sign: str, atoms: list[Atom]) -> None:
        base = atoms.pop() if atoms else Atom(AtomClass.ORDINARY, "")
        if sign == "'":
            atoms.append(Atom(base.kind, base.text + "′"))
        else:
            atoms.append(scripted(base, sign, joined(self._argument(), tight=True)))

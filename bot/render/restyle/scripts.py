"""Superscripts and subscripts of Unicode."""

from __future__ import annotations

_SUPER = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ′ ",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡ′ ",
        strict=True,
    )
)
_SUB = dict(
    zip(
        "0123456789+-−=()aehijklmnoprstuvxβγρφχ ",
        "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ ",
        strict=True,
    )
)


def superscript(text: str) -> str | None:
    """The text in superscript, or None if Unicode lacks one of its characters there."""
    return _script(text, _SUPER)


def subscript(text: str) -> str | None:
    """The text in subscript, or None if Unicode lacks one of its characters there."""
    return _script(text, _SUB)


def _script(text: str, table: dict[str, str]) -> str | None:
    if not text or any(char not in table for char in text):
        return None
    return "".join(table[char] for char in text)

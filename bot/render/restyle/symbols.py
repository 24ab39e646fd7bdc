"""TeX's names for what Unicode has as characters."""

from __future__ import annotations

_GREEK = (
    "alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ "
    "lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ "
    "varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ "
    "Omega Ω"
)
_ORDINARY = (
    "infty ∞ partial ∂ nabla ∇ hbar ℏ ell ℓ Re ℜ Im ℑ aleph ℵ emptyset ∅ varnothing ∅ forall ∀ exists ∃ nexists ∄ "
    "neg ¬ lnot ¬ top ⊤ bot ⊥ angle ∠ triangle △ square □ Box □ blacksquare ■ prime ′ degree ° ldots … dots … "
    "cdots ⋯ vdots ⋮ ddots ⋱ dotsc … dotsb ⋯ imath ı jmath ȷ wp ℘ clubsuit ♣ diamondsuit ♢ heartsuit ♡ spadesuit ♠ "
    "checkmark ✓ star ⋆ bigstar ★ surd √ therefore ∴ because ∵ qed ∎ dag † ddag ‡ S § P ¶ pounds £ euro € AA Å"
)
_BINARY = (
    "pm ± mp ∓ times × div ÷ cdot · ast ∗ circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙ cup ∪ cap ∩ "
    "setminus ∖ smallsetminus ∖ wedge ∧ land ∧ vee ∨ lor ∨ uplus ⊎ sqcup ⊔ sqcap ⊓ wr ≀ dagger † ddagger ‡ amalg ⨿ "
    "bmod mod"
)
_RELATIONS = (
    "leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ ll ≪ gg ≫ equiv ≡ approx ≈ cong ≅ sim ∼ simeq ≃ propto ∝ asymp ≍ doteq ≐ "
    "in ∈ notin ∉ ni ∋ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ subsetneq ⊊ supsetneq ⊋ nsubseteq ⊈ prec ≺ succ ≻ "
    "preceq ⪯ succeq ⪰ perp ⟂ parallel ∥ nparallel ∦ mid ∣ nmid ∤ vdash ⊢ dashv ⊣ models ⊨ vDash ⊨ to → gets ← "
    "rightarrow → leftarrow ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ implies ⟹ impliedby ⟸ "
    "iff ⟺ mapsto ↦ longrightarrow ⟶ longleftarrow ⟵ Longrightarrow ⟹ Longleftarrow ⟸ longmapsto ⟼ "
    "longleftrightarrow ⟷ Longleftrightarrow ⟺ uparrow ↑ downarrow ↓ updownarrow ↕ Uparrow ⇑ Downarrow ⇓ nearrow ↗ "
    "searrow ↘ swarrow ↙ nwarrow ↖ hookrightarrow ↪ hookleftarrow ↩ rightharpoonup ⇀ rightleftharpoons ⇌ "
    "leadsto ⇝ rightsquigarrow ⇝ coloneqq ≔ triangleq ≜ lesssim ≲ gtrsim ≳ leqslant ⩽ geqslant ⩾ trianglelefteq ⊴ "
    "triangleleft ◁ sqsubseteq ⊑ sqsupseteq ⊒ nleq ≰ ngeq ≱ nless ≮ colon :"
)
_LARGE = (
    "sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ bigcup ⋃ bigcap ⋂ bigvee ⋁ bigwedge ⋀ bigoplus ⨁ "
    "bigotimes ⨂ bigsqcup ⨆"
)
_OPENING = "lfloor ⌊ lceil ⌈ langle ⟨ lbrace { lbrack [ lvert | lVert ‖ { {"
_CLOSING = "rfloor ⌋ rceil ⌉ rangle ⟩ rbrace } rbrack ] rvert | rVert ‖ } }"
_PLAIN = "% % $ $ # # & & _ _ | ‖ vert | Vert ‖ backslash \\ lbrace { rbrace }"


def _table(pairs: str) -> dict[str, str]:
    names = pairs.split()
    return dict(zip(names[::2], names[1::2], strict=True))


ORDINARY = _table(_GREEK) | _table(_ORDINARY) | _table(_PLAIN)
BINARY = _table(_BINARY)
RELATIONS = _table(_RELATIONS)
LARGE = _table(_LARGE)
OPENING = _table(_OPENING)
CLOSING = _table(_CLOSING)
FUNCTIONS = frozenset(
    [
        "arccos",
        "arcsin",
        "arctan",
        "arg",
        "cos",
        "cosh",
        "cot",
        "coth",
        "csc",
        "deg",
        "det",
        "dim",
        "exp",
        "gcd",
        "hom",
        "inf",
        "ker",
        "lg",
        "lim",
        "liminf",
        "limsup",
        "ln",
        "log",
        "max",
        "min",
        "Pr",
        "sec",
        "sin",
        "sinh",
        "sup",
        "tan",
        "tanh",
    ]
)
SPACES = {",": " ", ":": " ", ";": " ", ">": " ", " ": " ", "quad": "  ", "qquad": "    ", "!": "", "/": ""}

# Negated with \not.
NEGATED = {"=": "≠", "∈": "∉", "⊂": "⊄", "⊆": "⊈", "≡": "≢", "∣": "∤", "<": "≮", ">": "≯", "≤": "≰", "≥": "≱"}

# Combining characters for accents over one letter.
ACCENTS = {
    "hat": "\u0302",
    "widehat": "\u0302",
    "bar": "\u0304",
    "overline": "\u0305",
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "vec": "\u20d7",
    "overrightarrow": "\u20d7",
    "dot": "\u0307",
    "ddot": "\u0308",
    "check": "\u030c",
    "breve": "\u0306",
    "acute": "\u0301",
    "grave": "\u0300",
    "mathring": "\u030a",
    "underline": "\u0332",
}

# Commands whose argument is text, and those whose argument is mathematics shown as it is.
TEXTS = frozenset(
    [
        "text",
        "textrm",
        "textnormal",
        "textsf",
        "mbox",
        "textit",
        "textbf",
        "texttt",
    ]
)
SHOWN = frozenset(
    [
        "boxed",
        "mathrm",
        "mathsf",
        "mathtt",
        "displaystyle",
        "textstyle",
        "mathit",
        "mathnormal",
        "boldsymbol",
        "bm",
        "pmb",
        "limits",
        "nolimits",
    ]
)
# Sizes of what follows, which text does not have.
SIZES = frozenset(
    [
        "left",
        "right",
        "big",
        "Big",
        "bigg",
        "Bigg",
        "bigl",
        "bigr",
        "Bigl",
        "Bigr",
        "biggl",
        "biggr",
        "Biggl",
        "Biggr",
        "middle",
        "bigm",
        "Bigm",
    ]
)

_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_FIRST_CODE = {"mathbb": (0x1D538, 0x1D552), "mathcal": (0x1D49C, 0x1D4B6), "mathfrak": (0x1D504, 0x1D51E)}
_FIRST_CODE |= {"mathscr": _FIRST_CODE["mathcal"], "mathbf": (0x1D400, 0x1D41A)}
_ZERO_CODE = {"mathbb": 0x1D7D8, "mathbf": 0x1D7CE}
# Letters that Unicode had before it had the alphabets (Unicode, chapter 22.2).
_BEFORE = {
    "mathbb": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    "mathcal": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
    "mathfrak": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
}
_BEFORE["mathscr"] = _BEFORE["mathcal"]


def alphabet(name: str) -> dict[str, str] | None:
    """The letters of a mathematical alphabet such as `mathbb`, or None if it is not known."""
    first = _FIRST_CODE.get(name)
    if first is None:
        return None
    letters = {char: chr(first[0] + index) for index, char in enumerate(_UPPER)}
    letters |= {char: chr(first[1] + index) for index, char in enumerate(_LOWER)}
    zero = _ZERO_CODE.get(name)
    if zero is not None:
        letters |= {str(digit): chr(zero + digit) for digit in range(10)}
    return letters | _BEFORE.get(name, {})

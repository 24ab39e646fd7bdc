"""Dollars and carets as people and models write them: which of them are mathematics."""

from __future__ import annotations

import pytest

from tests.render.restyle.stage import files, restyle

EXPRESSIONS = [
    "^a+$|^b+$",
    r"use ^\d{3}$|^\w+$ here",
    "[a-z]+$ or ^[0-9]+$, ^[^@]+@[^@]+$, ^x?$",
    "(foo)$|(bar)$, (^a$)|(^b$) and ^(a|b)$ and (c|d)$",
    r"/^\s+|\s+$/g, s/a$/b/; s/c$/d/, /a_$/ and /b_$/",
    "a*$|b*$, a?$|b?$ and ^.$|^..$ and ^$|^a$",
    r"^\w+$\|^\d+$ in grep, and '\(\w+\)' or ^\[\d+\]$ or \[^\]]+\]",
    "'^x_1$' and '^y_2$'",
    "arr[^1] is the last, arr[^1..] all but it, and the class [^12] is another",
]
PATHS = [
    "'$.name', '$.age'",
    '"$.store.book[*].author" and "$..price"',
    "$.a=$.b, $.a.b,$.c and '$[0]', '$[1]'",
    '{"$set": 1, "$inc": 2} and {$gt: 5, $lt: 6}',
    '$(\'a\') and $("#x").y + $("#z")',
]
VARIABLES = [
    "jq '$x' and '$y'",
    "echo \"$a\" \"$b\"; '$a','$b'",
    "awk '{print $1, $2}' or awk '{print $1\" \"$2}'",
    "$x = $y + 1; if ($a > $b) foo($a,$b); $i < $n; $i++",
    "$PATH=$HOME/bin, export A=$B:$C, $(pwd)/$(date), $@ and $#",
    "$x->y = $z->w; $x[0] + $y[1]; $var1_$var2",
    "{{ $x }} and {{ $y }}, $scope.x = $http.get",
    "=SUM($A1:$B1) + $A$1:$B$2",
    "%$x% + %$y%, ${a}_{b}$c",
]
PRICES = [
    "$5/month and $10/month, $5M–$10M, $5/$10",
    "from $5 (was $60), $10+ or $20+, ~$5, ~$6, ($5, $10)",
    "between $1.5B and $2B, US$5-US$10, $5=$5",
    "AAPL ($AAPL) and ($TSLA), $AAPL=5 and $TSLA=6",
]


@pytest.mark.parametrize("text", [*EXPRESSIONS, *PATHS, *VARIABLES, *PRICES])
def test_what_is_no_mathematics_stays_as_written(text: str) -> None:
    # Discord would pair some markers.
    assert restyle(text).replace("\\*", "*").replace("\\_", "_") == text
    assert files(text) == []


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**$x^2$**, *$x$*, |$x$| and $|x| < 1$", "**x²**, *x*, |x| and |x| < 1"),
        ('"$x_1$", \'$x$\', "$n$ is even"', '"x₁", \'x\', "n is even"'),
        (r"$a$+$b$, $a$/$b$, $a$=$b$, $\alpha$—$\beta$", "a+b, a/b, a=b, α—β"),
        (r"the $n$th, $n$-th, $p$-value, 5$\mu$m", "the nth, n-th, p-value, 5μm"),
        (r"$x^*$, $\mathbb{R}^+$, H$^+$, Na$^+$, $x^-$", "x^∗, ℝ⁺, H⁺, Na⁺, x⁻"),
        (r"$|\psi\rangle$ and $|x|$", "|ψ⟩ and |x|"),
        ("$.5x$, $-x$, $n!$, $[0,1]$, $(a+b)^2$", ".5x, −x, n!, [0, 1], (a + b)²"),
        (r"\(|\psi\rangle\) and \(\Delta\)", "|ψ⟩ and Δ"),
    ],
)
def test_what_is_mathematics_is_shown_as_such(markdown: str, shown: str) -> None:
    assert restyle(markdown) == shown

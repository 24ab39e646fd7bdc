"""Samples that the stand-in shows on demand: code, tables, formulas, and a text of several thousand characters."""

from __future__ import annotations

# The fences of the long reply are to exceed one Discord message of 2000 characters.
LISTING_STEPS = 48

CODE = (
    '''Here is a little Python:

```python
def fibonacci(count: int) -> list[int]:
    """The first `count` Fibonacci numbers."""
    numbers = [0, 1]
    while len(numbers) < count:
        numbers.append(numbers[-1] + numbers[-2])
    return numbers[:count]


print(fibonacci(10))  # [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]
```

It runs in time proportional to `count`.''',
    """Here is a little Rust:

```rust
fn main() {
    let words = ["one", "two", "three"];
    for (place, word) in words.iter().enumerate() {
        println!("{place}: {word}");
    }
}
```

`enumerate` pairs each word with its place.""",
    """Here is a little SQL:

```sql
SELECT author, count(*) AS messages
FROM messages
WHERE posted_at > now() - interval '7 days'
GROUP BY author
ORDER BY messages DESC
LIMIT 10;
```

It finds who wrote most this week.""",
)

TABLES = (
    """Three planets, side by side:

| Planet | Moons | Day (hours) | Nickname |
|:-------|------:|:-----------:|----------|
| Earth  |     1 |     24      | Blue marble |
| Mars   |     2 |    24.6     | Red planet |
| Saturn |   274 |    10.7     | Lord of the rings |

Saturn wins at moons, by a lot.""",
    """A few ways to make tea:

| Tea | Water (°C) | Minutes | Milk? |
|-----|-----------:|--------:|:-----:|
| Green | 75 | 2 | no |
| Black | 95 | 4 | `maybe` |
| Rooibos | 100 | 6 | **yes** |

When in doubt, shorter.""",
)

FORMULAS = (
    r"""The roots of $ax^2 + bx + c = 0$, where $a \neq 0$, are

$$x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}$$

To use it:

- [x] Write the equation with $0$ on one side.
- [x] Read off $a$, $b$ and $c$.
- [ ] Look at $b^2 - 4ac$ first: below $0$ there is no real root.""",
    r"""The sum of all numbers from $1$ to $n$ needs no loop:

$$\sum_{k=1}^{n} k = \frac{n(n+1)}{2}$$

For $n = 100$ that is $5050$, as a schoolboy is said to have found in a minute.""",
    r"""How far a sum of random steps spreads grows with $\sqrt{n}$, and its shape becomes the bell curve

$$f(x) = \frac{1}{\sigma\sqrt{2\pi}} \, e^{-\frac{(x-\mu)^2}{2\sigma^2}}$$

with the mean $\mu$ and the standard deviation $\sigma$.""",
)

SLOW = (
    "I take my time with this one. A word, and then another. Snow falls like that, and gardens grow like that. "
    "If you can read along comfortably, the edits arrive as they should.",
    "Slowly, then. First one thought is laid down, then the next beside it, until there is a path to walk on. "
    "Nothing here is in a hurry, and neither are you.",
)

SUBJECTS = ("lighthouses", "bicycles", "libraries", "bridges")


def essay(subject: str) -> str:
    """Several thousand characters with headings, lists, and two code fences longer than one Discord message."""
    title = subject.capitalize()
    return "\n\n".join(
        (
            f"# {title}, at some length",
            f"This is a long answer about {subject}. It is made of headings, lists and code, so that you can see "
            "how a reply is carried over several messages without a sentence or a fence being torn.",
            "## What to look for",
            "\n".join(
                f"{number}. {line}"
                for number, line in enumerate(
                    (
                        "Each message ends where a reader would pause.",
                        "A code fence that does not fit is **closed** and *opened again* in its language.",
                        "Nothing is lost: the listing below counts its lines.",
                        "Lists stay lists:\n   - also when they are nested,\n   - and when they are long.",
                    ),
                    start=1,
                )
            ),
            f"## A program about {subject}",
            f"```python\n{_python(subject)}\n```",
            f"## The same {subject}, as data",
            f"```json\n{_json(subject)}\n```",
            "## Some remarks",
            "\n".join(f"- Remark {number}: {_remark(subject, number)}" for number in range(1, 13)),
            "> A long text is easy to write. A long text that is easy to read takes care.",
            f"That was all about {subject}. The end of this answer is *here*, and nothing follows it.",
        )
    )


def _python(subject: str) -> str:
    steps = "\n".join(
        f'    log.append("step {number:02d}: visit {subject} number {number * number}")'
        for number in range(1, LISTING_STEPS + 1)
    )
    return (
        f"def tour() -> list[str]:\n    log: list[str] = []\n{steps}\n    return log\n\n\nprint(len(tour()))"
    )


def _json(subject: str) -> str:
    rows = ",\n".join(
        f'  {{"id": {number}, "kind": "{subject}", "height_m": {10 + number * 3}, "open": {_truth(number)}}}'
        for number in range(1, LISTING_STEPS + 1)
    )
    return f"[\n{rows}\n]"


def _truth(number: int) -> str:
    return "true" if number % 3 else "false"


def _remark(subject: str, number: int) -> str:
    remarks = (
        f"people have written about {subject} for a long time, and agree on little.",
        f"the best {subject} are those that somebody looks after every single day.",
        f"of {number * 7} {subject} that were counted last year, {number * 5} stood by the water.",
        "see `README.md` for more, or ask again.",
    )
    return remarks[number % len(remarks)]

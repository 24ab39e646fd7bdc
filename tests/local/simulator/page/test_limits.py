"""What the page takes with a message, before it sends anything."""

from typing import Any

from tests.local.simulator.page.node import needs_node, run

pytestmark = needs_node

MB = 1024 * 1024


def admit(count: int, *files: tuple[str, int]) -> Any:
    """The names of the files that are taken beside `count` others, and what a person is told of the rest."""
    listed = [{"name": name, "size": size} for name, size in files]
    expression = "(({admitted, problems}) => [admitted.map((each) => each.name), problems])(m.admit(...a))"
    return run("limits.js", expression, count, listed)


def test_files_up_to_the_limit_of_discord_are_taken() -> None:
    assert admit(0, ("a.png", 10 * MB), ("empty.txt", 0)) == [["a.png", "empty.txt"], []]


def test_a_file_that_is_too_large_is_named_with_its_size_and_the_others_are_taken() -> None:
    taken, (problem,) = admit(0, ("film.mp4", 11 * MB + MB // 2), ("a.png", 5))
    assert taken == ["a.png"]
    assert problem.startswith("film.mp4 is too large (12 MB). Discord takes files of up to 10 MB")


def test_more_than_ten_files_are_left_out_and_named() -> None:
    taken, (problem,) = admit(8, *((f"{number}.txt", 1) for number in range(4)))
    assert taken == ["0.txt", "1.txt"]
    assert "10 files with a message: 2.txt, 3.txt were left out" in problem
    assert "5 files were left out" in admit(10, *((f"{number}.txt", 1) for number in range(5)))[1][0]


def test_a_message_is_measured_in_characters_as_discord_counts_them() -> None:
    assert run("limits.js", "m.charactersLeft(a[0])", "🧵" * 1999) == 1
    assert run("limits.js", "m.charactersLeft(a[0])", "x" * 2001) == -1


def test_sizes_are_short() -> None:
    sizes = [0, 1023, 1536, 100 * 1024, int(1.25 * MB), 12 * MB]
    assert run("limits.js", "a[0].map(m.sizeLabel)", sizes) == [
        "0 bytes",
        "1023 bytes",
        "1.5 KB",
        "100 KB",
        "1.3 MB",
        "12 MB",
    ]

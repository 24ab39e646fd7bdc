"""The pause before a server is tried again."""

from bot.tools.mcp.pause import FIRST_S, LONGEST_S, Pause


def test_the_pause_grows_with_each_failure_up_to_a_bound() -> None:
    pause, lengths = Pause(), []
    assert pause.is_over(0.0)
    for _ in range(30):
        pause = pause.after_failure(100.0)
        lengths.append(pause.until_s - 100.0)
    assert lengths[:4] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S, 8 * FIRST_S]
    assert lengths == sorted(lengths)
    assert lengths[-1] == LONGEST_S


def test_a_pause_ends_at_its_time() -> None:
    pause = Pause().after_failure(100.0)
    assert not pause.is_over(100.0 + FIRST_S - 0.1)
    assert pause.is_over(100.0 + FIRST_S)

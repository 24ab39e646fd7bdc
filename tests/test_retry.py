"""How a failed call is repeated, in virtual time."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.retry import Schedule, retry
from tests.render.virtual_time import run


class Flaky:
    """A call that fails for each error in turn, then returns its number of tries."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.tried_at: list[float] = []

    async def __call__(self) -> int:
        self.tried_at.append(asyncio.get_running_loop().time())
        if self.errors:
            raise self.errors.pop(0)
        return len(self.tried_at)


def test_pauses_grow_by_the_factor_up_to_the_longest() -> None:
    schedule = Schedule(0.5, factor=2, longest_s=8)
    assert [schedule.pause_s(failures) for failures in range(1, 8)] == [0.5, 1, 2, 4, 8, 8, 8]


def test_without_a_factor_every_pause_is_the_same() -> None:
    assert {Schedule(0.25).pause_s(failures) for failures in range(1, 100)} == {0.25}


@given(st.integers(1, 10**6), st.floats(0, 1))
def test_a_pause_is_finite_and_between_its_random_bounds(failures: int, jitter: float) -> None:
    schedule = Schedule(1, factor=2, longest_s=30, spread=0.5)
    longest_s = schedule.pause_s(failures)
    assert longest_s / 2 <= schedule.pause_s(failures, jitter) <= longest_s <= 30


def test_a_schedule_ends_by_tries_or_by_time_or_never() -> None:
    assert [Schedule(1, tries=3).exhausted(failures) for failures in (1, 2, 3, 4)] == [
        False,
        False,
        True,
        True,
    ]
    assert [Schedule(1, within_s=3).exhausted(1, elapsed_s) for elapsed_s in (2.9, 3.0, 3.1)] == [
        False,
        False,
        True,
    ]
    assert not Schedule(1).exhausted(10**9, 10.0**9)


def test_a_call_is_repeated_until_it_succeeds() -> None:
    async def main() -> None:
        call = Flaky(OSError(), OSError(), OSError())
        assert await retry(call, Schedule(1, factor=2), on=OSError) == 4
        assert call.tried_at == [0, 1, 3, 7]

    run(main())


def test_the_last_error_is_raised_after_the_last_try_without_a_pause() -> None:
    async def main() -> None:
        last = OSError("last")
        call = Flaky(OSError("first"), last, OSError("never reached"))
        with pytest.raises(OSError, match="last") as raised:
            await retry(call, Schedule(1, tries=2), on=OSError)
        assert raised.value is last
        assert asyncio.get_running_loop().time() == 1

    run(main())


def test_a_deadline_ends_the_tries() -> None:
    async def main() -> None:
        call = Flaky(*[OSError() for _ in range(9)])
        with pytest.raises(OSError):
            await retry(call, Schedule(1, within_s=3.5), on=OSError)
        assert call.tried_at == [0, 1, 2, 3, 4]

    run(main())


def test_another_error_and_an_error_that_will_not_pass_are_raised_at_once() -> None:
    async def main() -> None:
        for error in (ValueError(), PermissionError()):
            call = Flaky(OSError(), error)
            with pytest.raises(type(error)):
                await retry(
                    call, Schedule(1), on=OSError, when=lambda each: not isinstance(each, PermissionError)
                )
            assert len(call.tried_at) == 2

    run(main())


def test_each_repetition_is_reported_before_its_pause_and_the_last_failure_is_not() -> None:
    async def main() -> None:
        reports: list[tuple[str, int, float]] = []

        def report(error: OSError, failures: int) -> None:
            reports.append((str(error), failures, asyncio.get_running_loop().time()))

        with pytest.raises(OSError, match="c"):
            await retry(
                Flaky(OSError("a"), OSError("b"), OSError("c")),
                Schedule(1, tries=3),
                on=OSError,
                on_retry=report,
            )
        assert reports == [("a", 1, 0), ("b", 2, 1)]

    run(main())


def test_pauses_are_spread_at_random() -> None:
    async def main() -> None:
        call = Flaky(*[OSError() for _ in range(50)])
        await retry(call, Schedule(1, spread=0.5), on=OSError)
        pauses = [after - before for before, after in zip(call.tried_at, call.tried_at[1:], strict=False)]
        assert all(0.499 <= pause <= 1.001 for pause in pauses)
        assert len({round(pause, 3) for pause in pauses}) > 5

    run(main())

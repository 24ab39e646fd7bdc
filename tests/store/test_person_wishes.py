"""What people have decided about what is kept of them, on a real Redis server."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.conversation.identity import Identity
from bot.store.consents import Consents
from bot.store.forget_jobs import ForgetJobs
from bot.store.keys import Keys
from bot.store.person_wishes import PersonWishes

KEYS = Keys("test")
SAID = [(7, 900), (7, 1100), (8, 901), (8, 1101)]


async def test_a_person_is_known_to_be_forgotten_while_the_job_runs_and_as_long_as_its_receipt(
    redis: Redis,
) -> None:
    jobs, wishes = ForgetJobs(redis, KEYS), PersonWishes(redis, KEYS, requires_consent=False)
    assert await wishes.forgotten_until(7) == 0
    job = await jobs.begin(Identity(7, 1000), "code", next_in_s=30)
    assert await wishes.forgotten_until(7) == 1000
    assert await wishes.left_out(SAID) == {900}
    await jobs.note_search(job, job.identity, [])
    assert await jobs.end(job) is not None
    assert await wishes.forgotten_until(7) == 1000
    assert await wishes.left_out(SAID) == {900}


async def test_where_consent_is_required_only_what_people_wrote_who_have_agreed_is_read(redis: Redis) -> None:
    await Consents(redis, KEYS).agree(7, 5)
    assert await PersonWishes(redis, KEYS, requires_consent=False).left_out(SAID) == frozenset()
    assert await PersonWishes(redis, KEYS, requires_consent=True).left_out(SAID) == {901, 1101}
    await ForgetJobs(redis, KEYS).begin(Identity(7, 1000), "code", next_in_s=30)
    assert await PersonWishes(redis, KEYS, requires_consent=True).left_out(SAID) == {900, 901, 1101}
    assert await PersonWishes(redis, KEYS, requires_consent=True).left_out([]) == frozenset()

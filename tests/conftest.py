from collections.abc import Iterator

import pytest

from tests.redis_server import redis_server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of one real server for all tests; who uses it flushes it first."""
    with redis_server() as url:
        yield url

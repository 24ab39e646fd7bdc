"""Ways to a Redis: TLS, a Unix socket, a user with the least rights, a password of every kind; a full memory."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from redis.asyncio import Redis

from bot.conversation.errors import StoreUnavailable
from bot.store.codec import Result
from bot.store.connection import connect, translated
from bot.store.keys import Keys
from bot.store.start_check import check
from tests.conftest import FEW_RIGHTS
from tests.redis_cluster import ClusterShape
from tests.redis_proxy import RedisProxy
from tests.redis_server import order, redis_server
from tests.self_signed import self_signed, server_context
from tests.store.rollback import values
from tests.store.stage import ONE, TWO, Store, answered, claimed, receive

ROOT = Path(__file__).resolve().parents[2]

KEYS = Keys("bobbin")

LEAST_RIGHTS = f"~bobbin:* {FEW_RIGHTS.replace('&*', 'resetchannels &bobbin:*')}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls") / "certificate.pem", "127.0.0.1")


async def test_tls_with_a_named_authority_or_without_verification(redis_url: str, certificate: Path) -> None:
    async with RedisProxy.before(redis_url, server_context(certificate)) as proxy:
        async with connect(proxy.url, timeout_s=3.0, ca_file=certificate) as redis:
            assert await redis.ping()
        async with connect(proxy.url, timeout_s=3.0, verify=False) as redis:
            assert await redis.ping()
        async with connect(f"{proxy.url}?ssl_cert_reqs=none", timeout_s=3.0) as redis:
            assert await redis.ping()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_certificate_that_nobody_vouches_for_is_refused(redis_url: str, certificate: Path) -> None:
    async with (
        RedisProxy.before(redis_url, server_context(certificate)) as proxy,
        connect(proxy.url, timeout_s=3.0) as redis,
    ):
        with pytest.raises(StoreUnavailable), translated():
            await redis.ping()


@pytest.mark.parametrize("password", ["a@b:c/d#e%f?g", "ä b+c"])
async def test_a_password_of_any_characters_logs_in(password: str) -> None:
    with redis_server(None, "--requirepass", password) as url:
        async with connect(f"{url}?password={quote(password, safe='')}", timeout_s=3.0) as redis:
            assert await redis.ping()


def test_the_least_rights_are_those_of_the_manual() -> None:
    manual = " ".join((ROOT / "docs" / "operating.md").read_text(encoding="utf-8").split())
    assert f"ACL SETUSER bobbin on >PASSWORD {LEAST_RIGHTS}" in manual


async def test_a_user_with_the_least_rights_starts() -> None:
    with redis_server() as url:
        await order(url, "ACL", "SETUSER", "me", "on", ">word", *LEAST_RIGHTS.split())
        async with connect(f"{url}?username=me&password=word", timeout_s=3.0, wait_replicas=1) as redis:
            await check(redis, KEYS)


async def test_a_user_with_the_least_rights_uses_a_cluster(cluster: ClusterShape) -> None:
    for each in cluster.nodes:
        each.redis.execute_command("ACL", "SETUSER", "least", "on", ">word", *LEAST_RIGHTS.split())
    url = cluster.url.replace("redis://", "redis://least:word@")
    async with connect(url, timeout_s=3.0) as redis:
        await check(redis, KEYS)
        assert [key async for key in redis.scan_iter("bobbin:*")] == []


async def test_a_full_memory_refuses_a_write_as_a_whole() -> None:
    with redis_server() as url:
        async with connect(url, timeout_s=3.0) as redis, Redis.from_url(url) as plain:
            store = Store(redis)
            await receive(store, ONE)
            claim = await claimed(store)
            before = await values(url)
            await plain.config_set("maxmemory", 1)
            for call in (
                lambda: receive(store, TWO),
                lambda: store.journal.commit(claim, answered(claim), Result("answer"), window_start=0),
            ):
                with pytest.raises(StoreUnavailable, match="OOM"):
                    await call()
            assert await values(url) == before
            await plain.config_set("maxmemory", 0)
            await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)

"""What is wrong with an address of Redis is named, and no password with it."""

from __future__ import annotations

import pytest
from redis.asyncio.connection import parse_url

from bot.config import Exit, load
from bot.conversation.errors import StartError


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://:pass-word@host/0?family=7", "family"),
        ("redis://:pass-word@host?protocol=3", "'protocol'"),
        ("rediss://:pass-word@host?ssl_cert_reqs=CERT_SOME", "ssl_cert_reqs"),
        ("redis://:pass-word/@:6379", "host"),
        ("redis://:pass-word#@host:port", "percent-encoded"),
        ("redis://:pass-word@host?ssl_cert_reqs=none", "rediss://"),
        ("rediss://:pass-word@host?ssl_ca_certs=/nowhere.pem", "ssl_ca_certs"),
        ("redis://:pass-word@host/zero", "number of a database"),
        ("redis://:pass-word@host?db=zero", "db"),
        ("redis://:pass-word@host?socket_timeout=long", "socket_timeout"),
        ("redis://host?pass-word", "behind the ?"),
        ("redis://host/0#pass-word", "#"),
        ("unix:///path?family=pass-word", "family"),
    ],
)
def test_what_is_not_understood_is_named_without_the_password(url: str, words: str) -> None:
    with pytest.raises(StartError) as caught:
        load(environ={"REDIS_URL": url})
    assert caught.value.exit_code == Exit.SETTINGS
    assert words in caught.value.line
    assert "REDIS_URL" in caught.value.line
    assert "pass-word" not in caught.value.line


@pytest.mark.parametrize(
    "url",
    [
        "redis://host",
        "redis://user:word@host:6379/0",
        "redis://host/0?db=1&client_name=bobbin&socket_timeout=2.5",
        "rediss://host?ssl_cert_reqs=none&ssl_check_hostname=false",
        "unix:///path/to/socket?db=2&password=word",
    ],
)
def test_what_is_understood_passes(url: str) -> None:
    assert load(environ={"REDIS_URL": url}).redis.url is not None


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("redis://:word@host/0?family=0", "redis://:word@host/0"),
        ("redis://:word@host/0?family=6&db=1", "redis://:word@host/0?db=1"),
        ("rediss://:word@host?ssl_cert_reqs=CERT_NONE", "rediss://:word@host?ssl_cert_reqs=none"),
        ("rediss://:word@host?ssl_cert_reqs=None", "rediss://:word@host?ssl_cert_reqs=none"),
        ("redis://host/0?password=a%40b", "redis://host/0?password=a%40b"),
        ("redis://user:a%2Fb@host", "redis://user:a%2Fb@host"),
        ("valkey://user:word@host:1", "redis://user:word@host:1"),
        ("valkeys://user:word@host:1/0", "rediss://user:word@host:1/0"),
        ("valkeys://user:a/b@host:1", "rediss://user:a%2Fb@host:1"),
        ("REDISS://user:word@host:1", "rediss://user:word@host:1"),
    ],
)
def test_what_other_libraries_want_is_read_as_well(url: str, read: str) -> None:
    found = load(environ={"REDIS_URL": url}).redis.url
    assert found is not None
    assert found.get_secret_value() == read


@pytest.mark.parametrize(
    "password", ["a@b", "a:b", "a/b", "a#b", "a?b", "12/b", "a%b", "/#?:@%", "?a=b@c", "ä b+c"]
)
@pytest.mark.parametrize("rest", ["host", "host:6379/0", "[::1]:6379/2?family=0"])
@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_a_password_may_be_written_as_it_is(scheme: str, rest: str, password: str) -> None:
    settings = load(environ={"REDIS_URL": f"{scheme}://me:{password}@{rest}"})
    assert settings.redis.url is not None
    kwargs = parse_url(settings.redis.url.get_secret_value())
    assert (kwargs["username"], kwargs["password"]) == ("me", password)
    assert kwargs["host"] in ("host", "::1")
    assert password in settings.secrets()


def test_the_sentinels_stand_for_an_address_and_their_port_may_be_left_out() -> None:
    settings = load(environ={"BOT_REDIS__SENTINELS": "one,two:5000,[::1]:6"}).redis
    assert settings.sentinels == ("one:26379", "two:5000", "[::1]:6")
    assert settings.url is not None


@pytest.mark.parametrize(
    "wrong", ["redis://one:5000", ":pass-word@one:5000", "one:port", ":5000", "one:5000/0"]
)
def test_an_address_of_a_sentinel_that_is_not_understood_is_not_shown(wrong: str) -> None:
    with pytest.raises(StartError) as caught:
        load(environ={"BOT_REDIS__SENTINELS": wrong})
    assert "BOT_REDIS__SENTINELS" in caught.value.line
    assert "host and a port" in caught.value.line
    assert "pass-word" not in caught.value.line


def test_sentinels_know_no_unix_sockets() -> None:
    with pytest.raises(StartError, match="unix://"):
        load(environ={"BOT_REDIS__SENTINELS": "one", "REDIS_URL": "unix:///socket"})

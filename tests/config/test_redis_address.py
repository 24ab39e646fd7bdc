"""What is wrong with an address of Redis is named, and no password with it."""

from __future__ import annotations

import pytest

from bot.config import Exit, load
from bot.conversation.errors import StartError


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://:pass-word@host/0?family=0", "'family'"),
        ("redis://:pass-word@host?protocol=3", "'protocol'"),
        ("rediss://:pass-word@host?ssl_cert_reqs=CERT_NONE", "ssl_cert_reqs"),
        ("redis://:pass-word@host?ssl_cert_reqs=none", "rediss://"),
        ("rediss://:pass-word@host?ssl_ca_certs=/nowhere.pem", "ssl_ca_certs"),
        ("redis://:pass-word@host/zero", "number of a database"),
        ("redis://:pass-word@host?db=zero", "db"),
        ("redis://:pass-word@host?socket_timeout=long", "socket_timeout"),
        ("redis://host?pass-word", "behind the ?"),
        ("redis://host/0#pass-word", "#"),
        ("unix:///path?family=pass-word", "'family'"),
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

"""Which proxy is on the way to an address, and which proxy no part of the bot could use."""

from __future__ import annotations

import pytest

from bot.config import Exit
from bot.config.proxy import prepare, proxy_for, secrets
from bot.conversation.errors import StartError

DISCORD = "https://discord.com/api/v10"


@pytest.mark.parametrize(
    "environ",
    [
        {"ALL_PROXY": "socks5://user:pass-word@host:1080"},
        {"HTTPS_PROXY": "foo://host"},
        {"https_proxy": "pass-word"},
        {"HTTP_PROXY": "http://host:pass-word"},
        {"HTTP_PROXY": "http://"},
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(environ: dict[str, str]) -> None:
    with pytest.raises(StartError) as caught:
        prepare(environ)
    assert caught.value.exit_code == Exit.PROXY
    assert next(iter(environ)) in caught.value.line
    assert "pass-word" not in caught.value.line


def test_each_way_has_the_proxy_of_its_scheme_or_the_one_of_all() -> None:
    environ = {"HTTPS_PROXY": "http://secure:1", "HTTP_PROXY": "http://plain:1", "ALL_PROXY": "http://all:1"}
    assert proxy_for(DISCORD, environ) == "http://secure:1"
    assert proxy_for("wss://gateway.discord.gg", environ) == "http://secure:1"
    assert proxy_for("http://host", environ) == "http://plain:1"
    assert proxy_for(DISCORD, {"ALL_PROXY": "http://all:1"}) == "http://all:1"
    assert proxy_for(DISCORD, {"HTTP_PROXY": "http://plain:1"}) is None
    assert proxy_for(DISCORD, {}) is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_is_never_reached_by_a_proxy(host: str) -> None:
    environ = {"ALL_PROXY": "http://all:1"}
    prepare(environ)
    assert proxy_for(f"http://{host}:8765/api", environ) is None
    assert host.strip("[]") in environ["NO_PROXY"].split(",")


@pytest.mark.parametrize("excepted", ["discord.com", ".discord.com", "a.example, discord.com", "*", "com"])
def test_what_needs_no_proxy_has_none(excepted: str) -> None:
    environ = {"HTTPS_PROXY": "http://secure:1", "no_proxy": excepted}
    prepare(environ)
    assert proxy_for(DISCORD, environ) is None


@pytest.mark.parametrize("excepted", ["iscord.com", "gateway.discord.com", "discord.com:444"])
def test_what_only_looks_alike_has_one(excepted: str) -> None:
    assert proxy_for(DISCORD, {"HTTPS_PROXY": "http://secure:1", "NO_PROXY": excepted}) == "http://secure:1"


def test_the_password_of_a_proxy_is_a_secret() -> None:
    assert secrets({"HTTPS_PROXY": "http://user:pass-word@host:1"}) == ("pass-word",)

"""The section `[discord]`; tests/config/test_shards.py has the shards."""

from pathlib import Path

import pytest

from tests.config.stage import read, refusal


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", ()),
        ("[]", ()),
        ("466378653216014359", (466378653216014359,)),
        ("466378653216014359, 431544605209788416", (466378653216014359, 431544605209788416)),
        ('["466378653216014359"]', (466378653216014359,)),
    ],
)
def test_the_applications_that_proxy_are_a_list_of_ids(
    tmp_path: Path, text: str, ids: tuple[int, ...]
) -> None:
    assert read(tmp_path, BOT_DISCORD__PROXIES=text).discord.proxies == ids
    assert len(read(tmp_path).discord.proxies) == 2


@pytest.mark.parametrize("text", ["PluralKit", "1", "-466378653216014359", "1e18", "[true]", "9" * 30])
def test_what_is_no_id_of_an_application_is_refused(tmp_path: Path, text: str) -> None:
    line = refusal(tmp_path, BOT_DISCORD__PROXIES=text)
    assert line.startswith("BOT_DISCORD__PROXIES in the environment: discord.proxies")
    assert len(line.splitlines()) == 1

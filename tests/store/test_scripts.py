"""The package `scripts`: how calls become scripts, and that no script is without a call."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from bot.store import scripts
from bot.store.keys import Key
from bot.store.scripts import Call, argument_names, key_names, text_of
from bot.store.scripts.conversation import Receive
from bot.store.scripts.lease import ClaimTurn, Release

FOLDER = Path(scripts.__file__).parent


def calls() -> Iterator[type[Call]]:
    for path in FOLDER.glob("[a-z]*.py"):
        for kind in vars(import_module(f"{scripts.__name__}.{path.stem}")).values():
            if isinstance(kind, type) and issubclass(kind, Call) and kind is not Call:
                yield kind


def test_each_script_has_one_call_and_each_call_a_script() -> None:
    named = [kind.script for kind in calls()]
    assert len(named) == len(set(named))
    assert {path.stem for path in FOLDER.glob("*.lua")} == {*named, "common"}


def test_each_script_uses_every_input_that_its_call_names() -> None:
    for kind in calls():
        text = (FOLDER / f"{kind.script}.lua").read_text("utf-8")
        helped = {"lease", "token"} if "holds_lease()" in text else set()
        code = "\n".join(line.partition("--")[0] for line in text.splitlines())
        for name in {*key_names(kind), *argument_names(kind)} - helped - {"step"}:
            assert name in code, (kind.script, name)


def test_a_script_finds_its_inputs_by_their_names() -> None:
    lines = text_of(Receive, "receive").splitlines()
    assert lines[:3] == ["local record = KEYS[1]", "local pending = KEYS[2]", "local meta = KEYS[3]"]
    assert "local message = ARGV[1]" in lines
    assert (
        "channel_fields = {} for i = 7, #ARGV do channel_fields[#channel_fields + 1] = ARGV[i] end" in lines
    )


def test_the_flags_for_dragonfly_stay_in_the_first_line() -> None:
    assert text_of(ClaimTurn, "claim").startswith("--!df flags=allow-undeclared-keys\n")


def test_what_is_absent_is_sent_as_an_empty_text() -> None:
    key = Key("key")
    release = Release(lease=key, record=key, token=5, blameless=False, pause_ms=0)
    assert (release.keys, release.arguments) == (["key", "key"], [5, "", 0])

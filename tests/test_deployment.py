"""The files for hosts name settings that there are, and keep what the bot promises of its end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.config import Exit
from bot.config.setting_keys import VARIABLES, keys, variable
from bot.shutdown import SHUTDOWN_S
from bot.telemetry.health_server import HEALTHZ, READYZ

ROOT = Path(__file__).parents[1]
FILES = [
    *(ROOT / name for name in ("Dockerfile", "compose.yaml", "Procfile", "docs/deploying.md")),
    *(ROOT / "docs" / "deploy").iterdir(),
]
SETTING = re.compile(r"\bBOT_[A-Z]+__[A-Z_]*[A-Z]")
STOP_S = re.compile(
    r"(?:stop_grace_period: |TimeoutStopSec=|kill_timeout = |terminationGracePeriodSeconds: |stop-timeout )(\d+)"
)
USER = "10001"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_for_a_host_names_settings_that_there_are(file: Path) -> None:
    named = set(SETTING.findall(file.read_text("utf-8")))
    assert named <= {variable(path) for path in keys() if path not in VARIABLES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_host_waits_longer_than_the_bot_takes_to_stop(file: Path) -> None:
    for seconds in STOP_S.findall(file.read_text("utf-8")):
        assert int(seconds) > SHUTDOWN_S


def test_a_process_that_only_the_operator_can_help_is_not_restarted() -> None:
    unit = (ROOT / "docs/deploy/bobbin.service").read_text("utf-8")
    found = re.search(r"^RestartPreventExitStatus=(.*)$", unit, re.MULTILINE)
    assert found is not None
    assert {int(code) for code in found[1].split()} == {
        Exit.SETTINGS,
        Exit.MISSING,
        Exit.DISCORD_TOKEN,
        Exit.DISCORD_INTENT,
        Exit.REDIS_PASSWORD,
        Exit.CLAUDE_KEY,
        Exit.CLAUDE_MODEL,
        Exit.NEWER_DATA,
    }
    assert "KillMode=mixed" in unit, "the private server is stopped after the bot"


def test_containers_need_no_root_and_no_root_file_system_to_write_to() -> None:
    image = (ROOT / "Dockerfile").read_text("utf-8")
    compose = (ROOT / "compose.yaml").read_text("utf-8")
    pods = (ROOT / "docs/deploy/kubernetes.yaml").read_text("utf-8")
    assert re.search(rf"^USER {USER}:{USER}$", image, re.MULTILINE)
    assert f"runAsUser: {USER}" in pods
    assert f"uid={USER},gid={USER}" in compose
    assert "read_only: true" in compose
    assert "readOnlyRootFilesystem: true" in pods
    for place in ("/tmp", "/var/cache/matplotlib", "/data"):  # noqa: S108 - in the containers
        assert f"mountPath: {place}}}" in pods
        assert re.search(rf"^ +- (?:\w+:)?{place}\b", compose, re.MULTILINE)


def test_probes_ask_the_health_server_where_it_answers() -> None:
    image = (ROOT / "Dockerfile").read_text("utf-8")
    pods = (ROOT / "docs/deploy/kubernetes.yaml").read_text("utf-8")
    port = re.search(r"BOT_TELEMETRY__METRICS_PORT=(\d+)", image)
    assert port is not None
    assert f"{{name: metrics, containerPort: {port[1]}}}" in pods
    probes = dict(re.findall(r"(\w+)Probe:\n +httpGet: {path: (\S+), port: metrics}", pods))
    assert probes == {"startup": HEALTHZ, "liveness": HEALTHZ, "readiness": READYZ}

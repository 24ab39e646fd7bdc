"""The files for hosts name settings that there are, and keep what the bot promises of its end."""

from __future__ import annotations

import re
import tomllib
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
    # A process that shares a busy machine may take longer than a second, which is Kubernetes' default.
    assert pods.count("timeoutSeconds: 5") == len(probes)


def test_a_pod_gets_no_variables_of_other_services_which_the_settings_could_take_for_their_own() -> None:
    assert "enableServiceLinks: false" in (ROOT / "docs/deploy/kubernetes.yaml").read_text("utf-8")


def test_the_store_of_compose_is_healthy_only_when_it_answers_without_an_error() -> None:
    compose = (ROOT / "compose.yaml").read_text("utf-8")
    assert "[CMD, valkey-cli, -e, ping]" in compose


def test_the_image_lets_any_user_read_what_only_the_owner_of_the_checkout_can_read() -> None:
    image = (ROOT / "Dockerfile").read_text("utf-8")
    copied = image.index("COPY bot /bobbin/bot")
    readable = image.index("chmod -R a+rX /bobbin")
    assert copied < readable < image.index("COPY --from=build /bobbin /bobbin")


def test_each_version_of_python_that_is_named_is_tested() -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    versions = [each for each in named["classifiers"] if re.search(r":: 3\.\d+$", each)]
    promised = [each.rpartition(" ")[2] for each in versions]
    workflow = (ROOT / ".github/workflows/test.yml").read_text("utf-8")
    tested = re.search(r"python: \[(.*)\]", workflow)
    assert tested is not None
    assert re.findall(r"[\d.]+", tested[1]) == promised
    assert named["requires-python"] == f">={promised[0]}"
    documented = (ROOT / "docs/deploying.md").read_text("utf-8")
    assert f"Python {promised[0]} to {promised[-1]}" in documented

"""The table of docs/metrics.md and the dashboard name the metrics that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.telemetry.health_metrics import HealthMetrics
from bot.telemetry.metrics import Metrics
from tests.telemetry.health_stage import healthy
from tests.telemetry.stage import ROOT

TABLE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(bobbin_\w+)` \| (\w+) \|([^|]*)\| (.+) \|$", re.MULTILINE)
DASHBOARD: dict[str, Any] = json.loads((ROOT / "docs" / "grafana.json").read_text(encoding="utf-8"))
SUFFIXES = {"counter": ("_total",), "info": ("_info",), "histogram": ("_bucket", "_sum", "_count")}
OF_PROMETHEUS = {"instance", "job", "le"}
NAME = re.compile(r"\b(?:bobbin|process)_\w+")


def described() -> dict[str, tuple[str, set[str]]]:
    """Every metric of the bot by the name in the table, with its type and its labels."""
    metrics = Metrics()
    metrics.registry.register(HealthMetrics(healthy()))
    found: dict[str, tuple[str, set[str]]] = {}
    for collector, names in metrics.registry._collector_to_names.items():
        if not any(name.startswith("bobbin_") for name in names):
            continue
        for family in collector.describe():  # type: ignore[attr-defined]
            suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
            labels = set(getattr(collector, "_labelnames", ())) | {
                label for sample in family.samples for label in sample.labels
            }
            found[family.name + suffix] = (family.type, labels)
    return found


def series() -> dict[str, set[str]]:
    """Every name that an expression may use, with its labels."""
    found: dict[str, set[str]] = {}
    for name, (kind, labels) in described().items():
        if kind == "histogram":
            found |= {name + suffix: labels for suffix in SUFFIXES[kind]}
        else:
            found[name] = labels
    return found


def test_the_table_names_every_metric_with_its_type_and_its_labels() -> None:
    rows = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels, _ in ROW.findall(TABLE)}
    assert rows == described()


def expressions() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]
    yield from (each["definition"] for each in DASHBOARD["templating"]["list"] if "definition" in each)
    yield from re.findall(
        r"^\| `([^`]+)` \| [^|]*\| [^|]+\|$", TABLE.partition("## Worth an alert")[2], re.MULTILINE
    )


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_an_expression_uses_metrics_and_labels_that_there_are(expression: str) -> None:
    known = series()
    names = NAME.findall(expression)
    assert names
    labels: set[str] = set()
    for name in names:
        if not name.startswith("process_"):
            assert name in known
            labels |= known[name]
    used = {each for part in re.findall(r"by \(([^)]*)\)", expression) for each in part.split(", ")}
    used |= set(re.findall(r"(\w+)=~?\"", expression))
    assert used <= labels | OF_PROMETHEUS


def test_the_dashboard_shows_every_metric() -> None:
    shown = " ".join(expressions())
    assert [name for name in described() if name not in shown] == []


def test_no_two_panels_of_the_dashboard_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_no_label_is_of_an_open_set() -> None:
    labels = {label for _, found in described().values() for label in found}
    assert not labels & {
        "conversation",
        "turn",
        "user",
        "person",
        "server",
        "guild",
        "channel",
        "thread",
        "content",
    }

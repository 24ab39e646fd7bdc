import urllib.request

from bot.telemetry.health_server import served
from bot.telemetry.metrics import Metrics
from tests.telemetry.health_stage import healthy


def fetch(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    assert isinstance(text, str)
    return text


def test_what_was_counted_is_served() -> None:
    metrics = Metrics()
    metrics.discord_calls.labels(method="PATCH", status="200").inc(2)
    with served("127.0.0.1", 0, metrics.registry, healthy()) as port:
        lines = fetch(port).splitlines()
    assert 'bobbin_discord_calls_total{method="PATCH",status="200"} 2.0' in lines
    assert "bobbin_discord_connected 0.0" in lines


def test_two_bots_in_one_process_count_apart() -> None:
    first, second = Metrics(), Metrics()
    call = {"method": "GET", "status": "200"}
    first.discord_calls.labels(**call).inc()
    assert first.registry.get_sample_value("bobbin_discord_calls_total", call) == 1
    assert second.registry.get_sample_value("bobbin_discord_calls_total", call) is None

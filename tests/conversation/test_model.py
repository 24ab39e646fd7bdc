import datetime as dt
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.model import Choice, Fit, ModelInfo, Thinking, fit, objection
from bot.conversation.request import Effort, ThinkingType

EVERY: tuple[Effort, ...] = get_args(Effort)

efforts = st.none() | st.sampled_from(EVERY)
wishes = st.none() | st.sampled_from(get_args(Thinking))
types = st.none() | st.lists(st.sampled_from(get_args(ThinkingType)), unique=True).map(tuple)
infos = st.builds(
    ModelInfo,
    id=st.just("m"),
    efforts=st.none() | st.lists(st.sampled_from(EVERY), unique=True).map(tuple),
    thinking=types,
)
choices = st.builds(
    Choice,
    system=st.none() | st.just("prompt"),
    model=st.none() | st.sampled_from(["a", "b"]),
    effort=efforts,
    thinking=wishes,
)

HAIKU = ModelInfo("haiku", efforts=EVERY, thinking=("adaptive", "disabled"), name="Haiku")
SONNET = ModelInfo("sonnet", efforts=EVERY, thinking=("adaptive", "between_tools"), name="Sonnet")
OPUS = ModelInfo("opus", efforts=EVERY, thinking=("adaptive",), name="Opus")
OLD = ModelInfo("old", efforts=(), thinking=("disabled", "enabled"), name="Old")


@pytest.mark.parametrize(
    ("info", "effort", "thinking", "sent"),
    [
        (HAIKU, "low", None, Fit("low", None)),
        (HAIKU, "low", "off", Fit("low", "disabled")),
        (SONNET, "high", "off", Fit("high", "between_tools")),
        (SONNET, None, "on", Fit(None, "adaptive")),
        (OLD, None, "on", Fit(None, "enabled")),
        (OLD, "low", None, Fit(None, None, ("effort low",))),
        (OPUS, "max", "off", Fit("max", None, ("thinking off",))),
        (HAIKU, "max", "off", Fit("high", "disabled", ("effort max with thinking off",))),
        (None, "max", None, Fit("max", None)),
        (None, None, "off", Fit(None, "disabled")),
    ],
)
def test_what_a_model_does_not_take_is_left_out(
    info: ModelInfo | None, effort: Effort | None, thinking: Thinking | None, sent: Fit
) -> None:
    assert fit(info, effort, thinking) == sent


@given(infos, efforts, wishes)
def test_whatever_is_chosen_the_request_is_one_that_the_model_takes(
    info: ModelInfo, effort: Effort | None, thinking: Thinking | None
) -> None:
    sent = fit(info, effort, thinking)
    assert sent.thinking is None or info.thinking is None or sent.thinking in info.thinking
    if sent.thinking in ("disabled", "between_tools"):
        assert sent.effort not in ("xhigh", "max")
    elif sent.effort is not None:
        assert info.takes(sent.effort)
    assert fit(info, sent.effort, None).effort == sent.effort or "high" not in (info.efforts or ())


@given(infos, efforts, wishes)
def test_what_meets_no_objection_is_sent_as_it_was_wished(
    info: ModelInfo, effort: Effort | None, thinking: Thinking | None
) -> None:
    sent = fit(info, effort, thinking)
    if objection(info, effort, thinking) is None:
        assert sent.effort == effort
        assert sent.dropped == ()
        assert (sent.thinking is None) == (thinking is None)
    else:
        assert sent.dropped


@given(choices, choices, choices)
def test_the_narrowest_place_that_chose_counts_for_each_thing_by_itself(
    thread: Choice, channel: Choice, server: Choice
) -> None:
    counts = thread.over(channel).over(server)
    assert counts == thread.over(channel.over(server))
    for name in ("system", "model", "effort", "thinking"):
        set_ = [value for place in (thread, channel, server) if (value := getattr(place, name)) is not None]
        assert getattr(counts, name) == (set_[0] if set_ else None)


def test_an_empty_prompt_is_a_choice_too() -> None:
    assert Choice(system="").over(Choice(system="Be kind.")).system == ""


@pytest.mark.parametrize(
    ("info", "effort", "thinking", "words"),
    [
        (OLD, "low", None, "Old knows no effort levels"),
        (
            ModelInfo("m", efforts=("low", "high")),
            "max",
            None,
            "m does not know the effort “max”. It knows: low, high.",
        ),
        (OPUS, None, "off", "Opus always thinks"),
        (ModelInfo("m", thinking=("disabled",)), None, "on", "m cannot think"),
        (SONNET, "xhigh", "off", "no more than the effort “high”"),
    ],
)
def test_an_objection_says_what_would_do(
    info: ModelInfo, effort: Effort | None, thinking: Thinking | None, words: str
) -> None:
    assert words in (objection(info, effort, thinking) or "")


def test_an_end_is_near_60_days_before_it() -> None:
    info = ModelInfo("m", retires=dt.date(2027, 3, 1))
    assert not info.ends_soon(dt.date(2026, 12, 30))
    assert info.ends_soon(dt.date(2026, 12, 31))
    assert not ModelInfo("m").ends_soon(dt.date(2026, 12, 31))

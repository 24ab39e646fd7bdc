"""Which limits apply to a turn, when they renew, and what the operator allows."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import budget_wording
from bot.conversation.amount import MOST, Amount, Unit, amount_of
from bot.conversation.budget import (
    NOTIFY,
    BudgetPolicy,
    Limit,
    Rule,
    Subject,
    Use,
    budget_of,
    ceiling,
    limits,
    rules_of,
    setting_name,
    share_reached,
)
from bot.conversation.errors import BudgetReached
from bot.conversation.period import Period
from bot.conversation.request_cost import Payer
from bot.conversation.scope import Origin, Scope, Setting, Settings

SERVER, CHANNEL, ROLE, ANN = 1, 2, 3, 4
PAYER = Payer(person=ANN, server=SERVER, channel=CHANNEL, conversation=5, roles=frozenset({ROLE}))
DIRECT = Payer(person=ANN, server=None, channel=5, conversation=5)
NOW_S = dt.datetime(2026, 11, 29, 14, 2, 30, tzinfo=dt.UTC).timestamp()
DAY = "20261129"

amounts = st.builds(Amount, st.integers(1, MOST), st.sampled_from(Unit), st.sampled_from(Period))


def rule(subject: Subject, amount: str = "5 messages per day", target: int | None = None) -> Rule:
    return Rule(subject, amount_of(amount), target=target)


def set_in(scope: Scope, **values: str) -> dict[Scope, Settings]:
    """Settings of one scope by what stands before the unit in their names."""
    return {
        scope: {
            setting_name(who.replace("_", ":"), amount_of(amount)): Setting(amount, by=9)
            for who, amount in values.items()
        }
    }


def counters(rules: tuple[Rule, ...], payer: Payer = PAYER) -> dict[str, int]:
    return {limit.counter: limit.amount.most for limit in limits(rules, payer, NOW_S)}


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("5 USD per day", Amount(5_000_000, Unit.MONEY, Period.DAY)),
        ("0.25 usd/month", Amount(250_000, Unit.MONEY, Period.MONTH)),
        (" 200_000  tokens a minute ", Amount(200_000, Unit.TOKENS, Period.MINUTE)),
        ("1 message per day", Amount(1, Unit.MESSAGES, Period.DAY)),
        ("0.000001 USD per day", Amount(1, Unit.MONEY, Period.DAY)),
    ],
)
def test_an_amount_is_read(text: str, amount: Amount) -> None:
    assert amount_of(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "5 EUR per day",
        "5 USD",
        "5 USD per week",
        "-5 USD per day",
        "0 USD per day",
        "0.5 tokens per day",
        "5,000 tokens per day",
        f"{MOST + 1} tokens per day",
        "0.0000001 USD per day",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be"):
        amount_of(text)


@given(amounts)
def test_an_amount_is_read_as_it_is_written(amount: Amount) -> None:
    assert amount_of(str(amount)) == amount


def test_each_subject_counts_by_itself() -> None:
    rules = tuple(map(rule, (Subject.BOT, Subject.SERVER, Subject.CHANNEL, Subject.PERSON)))
    assert set(counters(rules)) == {
        f"bot-0-messages-day-{DAY}",
        f"server-{SERVER}-messages-day-{DAY}",
        f"channel-{CHANNEL}-messages-day-{DAY}",
        f"person-{ANN}-messages-day-{DAY}",
    }
    assert set(counters(rules, DIRECT)) == {
        f"bot-0-messages-day-{DAY}",
        "channel-5-messages-day-20261129",
        f"person-{ANN}-messages-day-{DAY}",
    }


def test_limits_of_a_server_and_its_channel_apply_to_whom_they_name() -> None:
    everybodys = set_in(Scope.CHANNEL, all="1 message per day", each="2 messages per day") | set_in(
        Scope.SERVER,
        all="3 messages per day",
        role_3="4 messages per day",
        role_99="5 messages per day",
        person_99="6 messages per day",
    )
    assert counters(rules_of(everybodys)) == {
        f"channel-{CHANNEL}-messages-day-{DAY}": 1,
        f"person-{ANN}-in-{CHANNEL}-messages-day-{DAY}": 2,
        f"server-{SERVER}-messages-day-{DAY}": 3,
        f"role-{ROLE}-in-{SERVER}-messages-day-{DAY}": 4,
    }


@pytest.mark.parametrize("own", [1, 50])
def test_a_persons_own_limit_takes_the_place_of_that_for_each_person_in_its_scope(own: int) -> None:
    here = set_in(Scope.SERVER, each="10 messages per day", person_4=f"{own} messages per day")
    other = set_in(Scope.CHANNEL, each="7 messages per day")
    assert counters(rules_of({**other, **here})) == {
        f"person-{ANN}-in-{CHANNEL}-messages-day-{DAY}": 7,
        f"person-{ANN}-in-{SERVER}-messages-day-{DAY}": own,
    }
    tokens = set_in(Scope.SERVER, each="10 messages per day", person_4="9 tokens per day")
    assert len(counters(rules_of(tokens))) == 2


def test_of_two_limits_of_a_counter_the_smaller_one_holds() -> None:
    own = rules_of(set_in(Scope.SERVER, all="3 messages per day"))
    for operators, least in (("2 messages per day", 2), ("5 messages per day", 3)):
        both = (rule(Subject.SERVER, operators), *own)
        assert counters(both) == counters(both[::-1]) == {f"server-{SERVER}-messages-day-{DAY}": least}


@given(st.lists(st.tuples(st.sampled_from(list(Subject)), amounts), max_size=8))
def test_more_rules_never_allow_more(given_rules: list[tuple[Subject, Amount]]) -> None:
    rules = tuple(Rule(subject, amount) for subject, amount in given_rules)
    for count in range(len(rules)):
        fewer, more = counters(rules[:count]), counters(rules[: count + 1])
        assert all(more[counter] <= most for counter, most in fewer.items())


def test_settings_that_are_no_limits_are_left_alone() -> None:
    settings = {
        "budget:all:messages:day": Setting("many"),
        "budget:role:messages:day": Setting("5 messages per day"),
        "budget:person:me:messages:day": Setting("5 messages per day"),
        "budget:moon:messages:day": Setting("5 messages per day"),
        "model": Setting("claude-test"),
        NOTIFY: Setting("77"),
    }
    found = budget_of((), {Scope.SERVER: settings})
    assert (found.rules, found.notify) == ((), 77)
    assert budget_of((), {Scope.SERVER: {NOTIFY: Setting("here")}}).notify is None
    assert rules_of({Scope.THREAD: {"budget:all:messages:day": Setting("5 messages per day")}}) == ()


CEILINGS = (
    rule(Subject.BOT, "100 USD per month"),
    rule(Subject.SERVER, "10 USD per month"),
    rule(Subject.PERSON, "1 USD per month"),
)


@pytest.mark.parametrize(
    ("who", "scope", "amount", "exceeded"),
    [
        ("all", Scope.SERVER, "10 USD per month", None),
        ("all", Scope.SERVER, "11 USD per month", Subject.SERVER),
        ("all", Scope.SERVER, "500 USD per month", Subject.SERVER),
        ("all", Scope.CHANNEL, "11 USD per month", Subject.SERVER),
        ("role:3", Scope.SERVER, "11 USD per month", Subject.SERVER),
        ("each", Scope.CHANNEL, "2 USD per month", Subject.PERSON),
        ("person:4", Scope.SERVER, "2 USD per month", Subject.PERSON),
        ("person:4", Scope.SERVER, "1 USD per month", None),
        ("all", Scope.SERVER, "500 USD per day", None),
        ("all", Scope.SERVER, "500 tokens per month", None),
    ],
)
def test_a_limit_is_within_those_of_the_operator(
    who: str, scope: Scope, amount: str, exceeded: Subject | None
) -> None:
    found = ceiling(CEILINGS, who, scope, amount_of(amount))
    assert (None if found is None else found.subject) is exceeded


def test_the_fallback_model_has_limits_of_its_own_those_of_the_whole_bot_and_all_in_messages() -> None:
    policy = BudgetPolicy(CEILINGS, "claude-test", (amount_of("9 messages per day"),))
    rules = (*CEILINGS, rule(Subject.SERVER, "7 messages per day"), rule(Subject.SERVER, "7 tokens per day"))
    assert counters(policy.fallback_rules(rules)) == {
        "bot-0-USD-month-202611": 100_000_000,
        f"server-{SERVER}-messages-day-{DAY}": 7,
        f"fallback-{ANN}-messages-day-{DAY}": 9,
    }


@pytest.mark.parametrize(("settled", "share"), [(0, 0), (79, 0), (80, 80), (99, 80), (100, 100), (1000, 100)])
def test_the_shares_are_of_what_is_settled(settled: int, share: int) -> None:
    limit = Limit(rule(Subject.BOT, "100 tokens per day"), "c", 0, 0)
    assert share_reached(limit, Use(settled, 1000)) == share


@pytest.mark.parametrize("subject", Subject)
@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("period", Period)
def test_each_line_says_what_is_full_and_when_it_renews(subject: Subject, unit: Unit, period: Period) -> None:
    for scope in (Scope.CHANNEL, Scope.SERVER):
        origin = Origin(scope, Setting(""))
        limit = Limit(
            Rule(subject, Amount(5, unit, period), target=ROLE, origin=origin), f"{subject}-3-x", 99, 9
        )
        reached = BudgetReached(limit, tell=True)
        for line in (
            budget_wording.dropped(reached),
            budget_wording.kept(reached),
            budget_wording.by_fallback(reached, "claude-test"),
            budget_wording.cut(reached),
            budget_wording.share_told(limit, 80, 4),
        ):
            assert "used up" in line
            assert "limit" in line.split(" renews <t:99:R>")[0]
            assert "<t:99:R>" in line
            assert len(line) < 400


@pytest.mark.parametrize("subject", Subject)
def test_whose_limit_is_full_is_named_where_somebody_else_has_asked(subject: Subject) -> None:
    reached = BudgetReached(Limit(rule(subject), "c", 99, 9), tell=True, presser=66)
    for line in (
        budget_wording.full(reached),
        budget_wording.by_fallback(reached, "claude-test"),
        budget_wording.cut(reached),
    ):
        assert line.startswith("<@66>: ") is (" your" in line.lower())


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("5 USD per day", "5 USD per day"),
        ("$5 per day", "5 USD per day"),
        ("5$ a day", "5 USD per day"),
        ("$5 USD/day", "5 USD per day"),
        ("1_000 Tokens / Minute", "1000 tokens per minute"),
        *(
            (text, None)
            for text in (
                "5", "5$", "$5", "5 USD", "1k", "0", "-1", "1e9", "0 USD per day", "-1 USD per day", "5 per day",
                "1e9 tokens per day", "1k tokens per day", "$5 tokens per day", "$5 messages per day", "",
                "5.5 messages per day", "0.0000001 USD per day", "1000000001 USD per day", "\u0665 USD per day",
            )
        ),
    ],
)  # fmt: skip
def test_an_amount_is_read_in_one_way_or_not_at_all(text: str, read: str | None) -> None:
    if read is None:
        with pytest.raises(ValueError, match="must be"):
            amount_of(text)
    else:
        assert str(amount_of(text)) == read


@pytest.mark.parametrize(("scope", "place"), [(Scope.CHANNEL, "in this channel"), (Scope.SERVER, "here")])
def test_a_full_limit_says_where_it_is_full(scope: Scope, place: str) -> None:
    amount = Amount(3, Unit.MESSAGES, Period.DAY)
    rule = Rule(Subject.PERSON, amount, origin=Origin(scope, Setting("3")))
    reached = BudgetReached(Limit(rule, "c", 1000, 100), tell=True)
    assert budget_wording.full(reached).startswith(f"You have used up your answers {place} for today;")


def test_in_direct_messages_a_full_limit_speaks_of_them_and_of_nobody_else() -> None:
    channel, person = rule(Subject.CHANNEL), rule(Subject.PERSON)
    for payer, words, others in (
        (DIRECT, "These direct messages have used up their answers for today", False),
        (PAYER, "This channel has used up its answers for today", True),
    ):
        of_channel, of_person = limits((channel, person), payer, NOW_S)
        told = budget_wording.dropped(BudgetReached(of_channel, tell=True))
        assert told.startswith(words)
        assert ("Other channels" in told) is others
        told = budget_wording.kept(BudgetReached(of_person, tell=True))
        assert ("Others can go on" in told) is others
        assert told.endswith(" Commands go on working.")

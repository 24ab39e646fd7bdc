"""The rules that an option offers, those for what is gone among them."""

from __future__ import annotations

from bot.commands.rule_autocomplete import MOST_CHOICES, choices, matching, stored_rule
from bot.conversation.access_rules import FAMILY

SERVER = 3
RULES = [
    stored_rule(FAMILY, name, says)
    for name, says in (
        ("access:person:70", "allowed"),
        ("access:person:71", "blocked"),
        (f"access:role:{SERVER}", "blocked"),
        ("access:role:5", "allowed"),
        ("access:role:6", "blocked"),
    )
]
NAMES = {("person", 70): "Ann", ("person", 71): None, ("role", 5): "Mods\u202e", ("role", 6): None}


def shown(typed: str = "", names: dict[tuple[str, int], str | None] = NAMES) -> list[tuple[str, str]]:
    """The names and values of the choices."""
    return [(each.name, str(each.value)) for each in choices(RULES, names, SERVER, typed)]


def test_rules_for_what_is_gone_stand_first_and_are_named_as_such() -> None:
    assert shown() == [
        ("somebody who left (71): blocked", "person:71"),
        ("a deleted role (6): blocked", "role:6"),
        ("@Ann: allowed", "person:70"),
        ("@everyone: blocked", f"role:{SERVER}"),
        ("@Mods: allowed", "role:5"),
    ]


def test_what_was_typed_chooses_among_them() -> None:
    assert shown("DELETED") == [("a deleted role (6): blocked", "role:6")]
    assert [value for _, value in shown("blocked")] == ["person:71", "role:6", f"role:{SERVER}"]
    assert shown("nobody") == []


def test_who_cannot_be_looked_up_is_not_said_to_have_left() -> None:
    assert ("a person (71): blocked", "person:71") in shown(names={("role", 5): "Mods", ("role", 6): None})


def test_discord_takes_a_limited_number_of_choices_of_a_limited_length() -> None:
    many = [stored_rule(FAMILY, f"access:role:{number}", "blocked") for number in range(10, 60)]
    names: dict[tuple[str, int], str | None] = {("role", number): "n" * 100 for number in range(10, 60)}
    found = choices(many, names, SERVER, "")
    assert len(found) == MOST_CHOICES
    assert all(1 <= len(each.name) <= 100 for each in found)


def test_a_rule_is_meant_by_its_choice_by_an_id_and_by_a_mention() -> None:
    for text in ("role:6", "6", "<@&6>", " 6 "):
        assert [rule.key for rule in matching(RULES, text)] == ["role:6"], text
    for text in ("", "role:7", "0", "mods", "9" * 30, "role"):
        assert matching(RULES, text) == [], text

"""Mentions while a text is being written."""

from tests.local.simulator.page.node import needs_node, run

pytestmark = needs_node

PEOPLE = [{"id": "1", "name": "Ann"}, {"id": "2", "name": "Ann Lee"}, {"id": "3", "name": "Bobbin (2)"}]


def encode(text: str) -> str:
    sent: str = run("mentions.js", "m.encode(...a)", text, PEOPLE)
    return sent


def test_a_written_name_is_sent_as_an_id() -> None:
    assert encode("hi @Ann, @bobbin (2)!") == "hi <@1>, <@3>!"


def test_the_longer_name_is_meant() -> None:
    assert encode("@Ann Lee and @Ann") == "<@2> and <@1>"


def test_a_name_within_a_word_or_in_code_is_no_mention() -> None:
    text = "me@Ann @Anna `@Ann` ```\n@Ann\n```"
    assert encode(text) == text


def test_what_was_sent_is_edited_as_it_was_written() -> None:
    assert run("mentions.js", "m.decode(...a)", "hi <@1> <@!3> <@9>", PEOPLE) == "hi @Ann @Bobbin (2) <@9>"


def test_a_name_is_being_written_from_its_sign_on() -> None:
    begun = run(
        "mentions.js", "a.map((each) => m.begun(each, each.length))", "hi @Bo", "@", "a@b", "@Ann ", "hi"
    )
    assert begun == ["Bo", "", None, None, None]

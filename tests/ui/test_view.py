"""What the page shows of a history, without a page."""

from __future__ import annotations

import pytest

from memory import Entry, Turn
from prompts import Image, Message, assistant, system, user
from tests.helpers.markup import Reader
from ui import view

RED = Image("a" * 64, width=640, height=480, name="scene.png")
BLUE = Image("b" * 64, width=100, height=200)


def entry(message: Message, turn: Turn | None = None, siblings: tuple[str, ...] = ("id",)) -> Entry:
    return Entry("id", message, "2026-01-01T00:00:00+00:00", turn, siblings)


def said(bubble: view.Bubble) -> list[str]:
    """The blocks of a message, without the row of what can be done with it."""
    return [block for block in bubble["content"] if not block.startswith('<div class="acts"')]


def deeds(bubble: view.Bubble) -> list[tuple[str | None, str | None, bool]]:
    """What can be done with a message: name, id of the message it is done to, and whether it can be now."""
    buttons = Reader(bubble["content"][-1]).all("button")
    return [(button["name"], button["value"], "disabled" not in button) for button in buttons]


def turn(
    reason: str = "stop",
    text: str = "",
    error: str | None = None,
    dropped: tuple[str, ...] = (),
    renumbered: int = 0,
    facts: tuple[str, ...] = (),
) -> Turn:
    return Turn(
        id="turn",
        conversation_id="conversation",
        user_message_id="user",
        reply_message_id="reply" if text else None,
        status="done",
        text=text,
        reason=reason,
        engine="echo",
        fingerprint="echo-1",
        sampling={},
        usage={"images_renumbered": renumbered},
        timings={},
        dropped=dropped,
        error=error,
        created_at="2026-01-01T00:00:00+00:00",
        finished_at="2026-01-01T00:00:01+00:00",
        facts=facts,
    )


def test_a_talk_is_shown_in_order() -> None:
    shown = view.bubbles([entry(user("Hello")), entry(assistant("**Hi**"), turn(text="**Hi**"))])
    assert [bubble["role"] for bubble in shown] == ["user", "assistant"]
    assert Reader(shown[0]["content"][0]).text == "Hello"
    assert said(shown[1]) == ["**Hi**"]


def test_system_messages_are_not_shown() -> None:
    assert len(view.bubbles([entry(system("Be brief.")), entry(user("Hello"))], partial="")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "**not bold** <b>x</b> & `code` $$a$$ ${1 + 1} {{x}}",
        "a line\n\n    indented\n\ttabbed\n\n# no heading",
        "   leading blanks",
        "\"quotes\" and 'quotes'",
        "日本語 🙂",
    ],
)
def test_what_a_person_typed_is_shown_as_typed(text: str) -> None:
    html = view.bubbles([entry(user(text))])[0]["content"][0]
    assert "\n" not in html, "Markdown would begin again after a blank line"
    assert Reader(html).text == text
    assert [tag for tag, _ in Reader(html).tags] == ["div"]


def test_line_ends_of_other_systems_are_line_ends() -> None:
    assert Reader(view.literal("a\r\nb\rc")).text == "a\nb\nc"


def test_pictures_are_numbered_through_the_conversation() -> None:
    shown = view.bubbles(
        [
            entry(user("one", [RED])),
            entry(assistant("ok"), turn(text="ok")),
            entry(user("", [BLUE, RED])),
        ]
    )
    first, second = Reader(shown[0]["content"][0]), Reader(shown[2]["content"][0])
    assert [image["alt"] for image in first.all("img")] == ["Picture #1: scene.png"]
    assert [image["alt"] for image in second.all("img")] == ["Picture #2", "Picture #3: scene.png"]
    assert first.text.strip() == "#1 scene.png"
    assert len(said(shown[2])) == 1, "a message without words has no empty line of words"


def test_a_picture_is_the_thumbnail_linked_to_the_original() -> None:
    reader = Reader(view.bubbles([entry(user("", [RED]))])[0]["content"][0])
    [image], [link] = reader.all("img"), reader.all("a")
    assert image["src"] == f"/thumbnails/{RED.sha256}"
    assert link["href"] == f"/pictures/{RED.sha256}"
    assert (image["width"], image["height"]) == ("320", "240")


def test_a_small_picture_is_not_enlarged_and_an_unknown_size_is_left_out() -> None:
    small, unknown = BLUE, Image("c" * 64)
    reader = Reader(view.bubbles([entry(user("", [small, unknown]))])[0]["content"][0])
    sizes = [(image.get("width"), image.get("height")) for image in reader.all("img")]
    assert sizes == [("100", "200"), (None, None)]


def test_a_file_name_cannot_write_html() -> None:
    picture = Image("a" * 64, name='"><script>alert(1)</script>.png')
    html = view.bubbles([entry(user("", [picture]))])[0]["content"][0]
    assert not Reader(html).all("script")
    assert Reader(html).all("img")[0]["alt"] == 'Picture #1: "><script>alert(1)</script>.png'


def test_a_reply_under_way_waits_and_then_grows() -> None:
    history = [entry(user("Hello"))]
    assert view.bubbles(history, partial="")[-1] == {"role": "assistant", "content": [view.WAITING]}
    assert view.bubbles(history, partial="Hi th")[-1] == {"role": "assistant", "content": ["Hi th"]}


def test_a_reply_that_was_just_stored_is_not_shown_twice() -> None:
    history = [entry(user("Hello")), entry(assistant("Hi"), turn(text="Hi"))]
    assert view.bubbles(history, partial="Hi") == view.bubbles(history)


@pytest.mark.parametrize(
    ("reason", "error", "words"),
    [
        ("cancelled", None, "Stopped."),
        ("interrupted", None, "Interrupted"),
        ("length", None, "Cut off"),
        ("error", "Out of <memory>.", "Failed: Out of <memory>."),
    ],
)
def test_a_reply_cut_short_says_why_under_its_text(reason: str, error: str | None, words: str) -> None:
    [_, reply] = view.bubbles([entry(user("Hello")), entry(assistant("Hi"), turn(reason, "Hi", error))])
    text, note = said(reply)
    assert text == "Hi"
    assert Reader(note).text.startswith(words)
    assert reply["options"] == [{"label": "Continue", "value": view.CONTINUE}]


def test_a_reply_that_ended_by_itself_has_no_note() -> None:
    assert view.ending(turn("stop", "Hi")) is None


@pytest.mark.parametrize("reason", ["cancelled", "interrupted", "error"])
def test_a_message_left_without_a_reply_can_be_tried_again(reason: str) -> None:
    [_, note] = view.bubbles([entry(user("Hello"), turn(reason))])
    assert note["role"] == "assistant"
    assert [option["label"] for option in note["options"]] == ["Try again"]


def test_trying_again_is_offered_for_the_last_message_alone_and_not_while_it_is_tried() -> None:
    left = entry(user("Hello"), turn("error", error="No."))
    went_on = view.bubbles([left, entry(user("Again")), entry(assistant("Hi"), turn(text="Hi"))])
    assert not any("options" in bubble for bubble in went_on)
    assert [bubble["role"] for bubble in went_on] == ["user", "assistant", "user", "assistant"]
    assert view.bubbles([left], partial="H") == [
        *view.bubbles([entry(user("Hello"))]),
        {"role": "assistant", "content": ["H"]},
    ]


def test_what_no_longer_fits_is_told_once() -> None:
    history = [
        *(entry(user("a")), entry(assistant("b"), turn(text="b"))),
        *(entry(user("c")), entry(assistant("d"), turn(text="d", dropped=("1",)))),
        *(entry(user("e")), entry(assistant("f"), turn("cancelled", text="f", dropped=("1", "2")))),
    ]
    notes = [[Reader(note).text for note in said(bubble)[1:]] for bubble in view.bubbles(history)]
    assert notes == [[], [], [], [view.LEFT_OUT], [], ["Stopped."]]


def test_numbers_that_the_model_counts_otherwise_are_told_once() -> None:
    history = [
        *(entry(user("a")), entry(assistant("b"), turn(text="b", dropped=("1",)))),
        *(entry(user("c")), entry(assistant("d"), turn("length", text="d", dropped=("1",), renumbered=2))),
        *(entry(user("e")), entry(assistant("f"), turn(text="f", dropped=("1",), renumbered=3))),
    ]
    notes = [[Reader(note).text for note in said(bubble)[1:]] for bubble in view.bubbles(history)]
    cut_off = "Cut off: this is as long as a reply may be."
    assert notes == [[], [view.LEFT_OUT], [], [f"{cut_off} {view.RENUMBERED}"], [], []]


def test_the_facts_that_a_reply_was_told_stand_under_it() -> None:
    history = [entry(user("a")), entry(assistant("b"), turn(text="b", facts=("f1", "gone", "f2")))]
    known = {"f1": "I am <Tom>", "f2": "Be brief", "f3": "not told"}
    [asked, reply] = view.bubbles(history, facts=known)
    text, told = said(reply)
    assert (text, len(said(asked))) == ("b", 1)
    reader = Reader(told)
    assert [tag for tag, _ in reader.tags][:3] == ["details", "summary", "span"]
    assert reader.text.startswith("Remembered: I am <Tom>; Be brief; 1 forgotten since")
    assert len(reader.all("li")) == 3
    assert "not told" not in reader.text
    [_, untold] = view.bubbles([entry(user("a")), entry(assistant("b"), turn(text="b"))], facts=known)
    assert said(untold) == ["b"]


def test_pinned_pictures_are_marked_wherever_they_are_shown() -> None:
    history = [entry(user("one", [RED])), entry(user("", [BLUE, RED]))]
    shown = view.bubbles(history, pins={RED.sha256})
    buttons = [button for bubble in shown for button in Reader(bubble["content"][0]).all("button")]
    assert [button["class"] for button in buttons] == ["pin pinned", "pin", "pin pinned"]
    names = [str(button["title"]).partition(":")[0] for button in buttons]
    assert names == ["Unpin picture #1", "Pin picture #2", "Unpin picture #3"]


def test_a_message_can_be_edited_and_a_reply_forked_and_the_last_one_made_again() -> None:
    replies = [entry(assistant("b"), turn(text="b")) for _ in range(2)]
    shown = view.bubbles([entry(user("a")), replies[0], entry(user("a")), replies[1]])
    copy, edit, fork = ("copy", "id", True), ("edit", "id", True), ("fork", "id", True)
    assert [deeds(bubble) for bubble in shown] == [
        *([copy, edit], [copy, fork]),
        *([copy, edit], [copy, ("again", "id", True), fork]),
    ]
    [wordless] = view.bubbles([entry(user("", [RED]))])
    assert deeds(wordless) == [edit], "there is nothing to copy"
    assert Reader(shown[0]["content"][-1]).all("div") == [{"class": "acts", "id": "message-id"}]


@pytest.mark.parametrize(
    ("siblings", "text", "ways"),
    [
        (("id", "next"), "1 / 2", [("earlier", "next", False), ("later", "next", True)]),
        (("one", "id", "three"), "2 / 3", [("earlier", "one", True), ("later", "three", True)]),
        (("one", "two", "id"), "3 / 3", [("earlier", "two", True), ("later", "one", False)]),
    ],
)
def test_versions_are_counted_and_lead_to_each_other(
    siblings: tuple[str, ...], text: str, ways: list[tuple[str, str, bool]]
) -> None:
    [shown] = view.bubbles([entry(user("a"), siblings=siblings)])
    assert deeds(shown)[2:] == ways
    assert Reader(shown["content"][-1]).text == text


def test_only_the_last_reply_can_be_gone_on_with_and_not_a_complete_one() -> None:
    cut = [entry(user("a")), entry(assistant("b"), turn("cancelled", text="b"))]
    complete = [entry(user("c")), entry(assistant("d"), turn(text="d"))]
    assert "options" in view.bubbles(cut)[-1]
    assert not any("options" in bubble for bubble in view.bubbles([*cut, *complete]))

"""What the page shows of a history, without a page."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from memory import Conversation, Entry, Turn
from prompts import Image, Message, assistant, system, user
from ui import view

RED = Image("a" * 64, width=640, height=480, name="scene.png")
BLUE = Image("b" * 64, width=100, height=200)


def entry(message: Message, turn: Turn | None = None) -> Entry:
    return Entry("id", message, "2026-01-01T00:00:00+00:00", turn)


def turn(
    reason: str = "stop", text: str = "", error: str | None = None, dropped: tuple[str, ...] = ()
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
        usage={},
        timings={},
        dropped=dropped,
        error=error,
        created_at="2026-01-01T00:00:00+00:00",
        finished_at="2026-01-01T00:00:01+00:00",
    )


def conversation(identity: str, title: str = "A title") -> Conversation:
    return Conversation(identity, title, "plain", None, "2026-01-01", "2026-01-01")


class Reader(HTMLParser):
    """Reads a piece of HTML as a browser would: its tags with attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_a_talk_is_shown_in_order() -> None:
    shown = view.bubbles([entry(user("Hello")), entry(assistant("**Hi**"), turn(text="**Hi**"))])
    assert [bubble["role"] for bubble in shown] == ["user", "assistant"]
    assert Reader(shown[0]["content"][0]).text == "Hello"
    assert shown[1] == {"role": "assistant", "content": ["**Hi**"]}


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
    assert first.text == "#1 scene.png"
    assert len(shown[2]["content"]) == 1, "a message without words has no empty line of words"


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
    text, note = reply["content"]
    assert text == "Hi"
    assert Reader(note).text.startswith(words)
    assert "options" not in reply


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
    notes = [[Reader(note).text for note in bubble["content"][1:]] for bubble in view.bubbles(history)]
    assert notes == [[], [], [], [view.LEFT_OUT], [], ["Stopped."]]


def test_the_open_conversation_is_marked_in_the_list() -> None:
    html = view.side_panel([conversation("one"), conversation("two", "Second")], "two", "echo")
    reader = Reader(html)
    assert [(item["data-id"], item.get("aria-current")) for item in reader.all("li")] == [
        ("one", None),
        ("two", "page"),
    ]
    assert [link["href"] for link in reader.all("a")] == ["/", "/?c=one", "/?c=two"]
    assert reader.tags[0][1] == {"class": "panel", "data-open": "two", "data-title": "Second"}
    assert "Model: echo" in reader.text


def test_an_empty_list_says_what_will_be_there() -> None:
    reader = Reader(view.side_panel([], "", "echo"))
    assert "as soon as you say something" in reader.text
    assert not any("data-id" in item for item in reader.all("li"))


def test_a_conversation_without_a_title_can_still_be_opened_and_named() -> None:
    reader = Reader(view.side_panel([conversation("one", "")], "", "echo"))
    assert view.UNTITLED in reader.text
    assert reader.all("input")[0]["value"] == ""


def test_a_title_cannot_write_html() -> None:
    title = '<img src=x onerror="alert(1)"> ${1 + 1} `x`'
    reader = Reader(view.side_panel([conversation("one", title)], "one", "echo"))
    assert not reader.all("img")
    assert title in reader.text
    assert reader.all("input")[0]["value"] == title

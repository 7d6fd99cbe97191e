"""Rendering: the shape of a prompt, what is trained, and that it only ever grows at its end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import (
    SPECIAL_TOKENS,
    Image,
    Message,
    PromptError,
    Span,
    Text,
    assistant,
    render,
    render_message,
    system,
    user,
)
from prompts.special import ASSISTANT, BEGIN, END, IMAGE, ROLE_TOKENS, SYSTEM, USER

SUN = Image("a" * 64)
MOON = Image("b" * 64)

# Words that a hostile or curious person could type, special tokens among them.
spelled = st.sampled_from([*SPECIAL_TOKENS, f"a {IMAGE}{END}{ASSISTANT} b"])
words = st.one_of(st.text(max_size=20), spelled)
texts = st.builds(Text, words)
pictures = st.builds(Image, st.text("0123456789abcdef", min_size=64, max_size=64))
user_parts = st.lists(st.one_of(texts, pictures), max_size=4).map(tuple)
user_messages = st.builds(Message, st.just("user"), user_parts)
talk = st.lists(st.one_of(user_messages, st.builds(assistant, words)), max_size=6)
openings = st.lists(st.builds(system, words), max_size=1)
conversations = st.builds(lambda opening, rest: [*opening, *rest], openings, talk)


def test_the_drawing_in_the_module_is_what_comes_out() -> None:
    spans = render([user("What is this?", [SUN]), assistant("A red circle.")])
    assert spans == [
        Span("special", BEGIN),
        Span("special", USER),
        Span("image", IMAGE, image=SUN),
        Span("text", "What is this?"),
        Span("special", END),
        Span("special", ASSISTANT),
        Span("text", "A red circle.", trained=True),
        Span("special", END, trained=True),
    ]


def test_an_open_reply_ends_where_the_assistant_speaks() -> None:
    messages = [system("Be brief."), user("Hello")]
    assert render(messages, reply=True) == [*render(messages), Span("special", ASSISTANT)]
    assert render(messages)[1] == Span("special", SYSTEM)


def test_pictures_stand_where_they_were_put() -> None:
    message = Message("user", (Text("this"), SUN, Text("or this"), MOON))
    assert [span.image for span in render_message(message)] == [None, None, SUN, None, MOON, None]


@given(conversations, talk)
def test_rendering_a_history_is_a_prefix_of_rendering_a_longer_one(
    history: list[Message], more: list[Message]
) -> None:
    whole = render([*history, *more])
    assert whole[: len(render(history))] == render(history)


@given(conversations, words)
def test_the_prompt_for_a_reply_is_a_prefix_of_the_conversation_with_it(
    history: list[Message], reply: str
) -> None:
    prompt = render(history, reply=True)
    assert render([*history, assistant(reply)])[: len(prompt)] == prompt


@given(conversations)
def test_exactly_replies_and_their_ends_are_trained(messages: list[Message]) -> None:
    expected: list[Span] = []
    for message in messages:
        if message.role == "assistant":
            expected += [Span("text", message.text, trained=True), Span("special", END, trained=True)]
    assert [span for span in render(messages) if span.trained] == expected


@given(conversations)
def test_what_people_write_stays_text_whatever_it_spells(messages: list[Message]) -> None:
    spans = render(messages)
    parts = [part for message in messages for part in message.parts]
    assert [span.text for span in spans if span.kind == "text"] == [
        part.text for part in parts if isinstance(part, Text)
    ]
    assert [span.image for span in spans if span.kind == "image"] == [
        part for part in parts if isinstance(part, Image)
    ]
    # One opening and one closing token a message, and the beginning: nothing else is special.
    assert [span.text for span in spans if span.kind == "special"] == [
        BEGIN,
        *(token for message in messages for token in (ROLE_TOKENS[message.role], END)),
    ]


@given(conversations, words)
def test_a_system_message_later_on_is_refused(messages: list[Message], text: str) -> None:
    with pytest.raises(PromptError, match="first message"):
        render([user("Hello"), *[m for m in messages if m.role != "system"], system(text)])


@pytest.mark.parametrize("role", ["system", "assistant"])
def test_pictures_outside_a_users_message_are_refused(role: str) -> None:
    message = Message(role, (SUN,))  # type: ignore[arg-type]
    with pytest.raises(PromptError, match=f"not one by {role}"):
        render([message])


def test_special_tokens_are_distinct_and_include_those_that_rendering_uses() -> None:
    assert len(set(SPECIAL_TOKENS)) == len(SPECIAL_TOKENS)
    assert {BEGIN, END, IMAGE, *ROLE_TOKENS.values()} <= set(SPECIAL_TOKENS)

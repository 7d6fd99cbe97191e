"""fit(): what goes into a prompt when not all of a conversation fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.context import FRAME_TOKENS, KEEP, fit
from chat.engines import Limits
from chat.errors import MessageError
from prompts import Image, Message, Text, assistant, system, user

ROOMY = Limits(context_tokens=1000, images=10)


def count(message: Message) -> int:
    """A token a character and a picture: easy to reckon with."""
    return len(message.text) + len(message.images)


def room(tokens: int, images: int = 10) -> Limits:
    """Limits with room for `tokens` tokens of messages."""
    return Limits(tokens + FRAME_TOKENS, images)


def test_everything_stays_where_it_fits_exactly() -> None:
    talk = [system("abc"), user("12345"), assistant("67"), user("89")]
    fitted = fit(talk, count, room(12), reserve=0)
    assert fitted.messages == tuple(talk)
    assert fitted.dropped == ()


def test_one_token_less_drops_the_oldest_turn_whole() -> None:
    talk = [system("abc"), user("12345"), assistant("67"), user("89")]
    fitted = fit(talk, count, room(11), reserve=0)
    assert fitted.messages == (talk[0], talk[3])
    assert fitted.dropped == (talk[1], talk[2])


def test_the_reserve_is_kept_free() -> None:
    talk = [user("12345"), assistant("67"), user("89")]
    assert fit(talk, count, room(9 + 4), reserve=4).dropped == ()
    assert fit(talk, count, room(9 + 3), reserve=4).dropped == tuple(talk[:2])


def test_too_many_pictures_drop_the_oldest_turns() -> None:
    one, two, three = (Image(name * 64) for name in "abc")
    talk = [user("1", [one]), assistant("2"), user("3", [two]), assistant("4"), user("5", [three])]
    fitted = fit(talk, count, room(1000, images=2), reserve=0)
    assert fitted.messages == tuple(talk[2:])
    assert fitted.dropped == tuple(talk[:2])


def test_a_short_old_turn_does_not_outlive_a_long_newer_one() -> None:
    talk = [user("1"), user("x" * 500), user("2")]
    assert fit(talk, count, room(100), reserve=0).messages == (talk[2],)


def test_a_newest_message_that_is_too_long_is_refused_with_the_room_there_is() -> None:
    with pytest.raises(MessageError, match="takes 21 tokens and this model has room for 17"):
        fit([system("abc"), user("x" * 21)], count, room(20), reserve=0)


def test_no_room_at_all_is_told_as_none() -> None:
    with pytest.raises(MessageError, match="room for 0"):
        fit([user("hello")], count, Limits(10, 1), reserve=50)


def test_a_newest_message_with_too_many_pictures_is_refused() -> None:
    with pytest.raises(MessageError, match="3 pictures and this model can look at 2"):
        fit([user("", [Image(name * 64) for name in "abc"])], count, room(1000, images=2), reserve=0)


@pytest.mark.parametrize("talk", [[], [system("Be kind.")], [assistant("Hello!")]])
def test_without_a_message_there_is_nothing_to_answer(talk: list[Message]) -> None:
    with pytest.raises(MessageError, match="nothing to answer"):
        fit(talk, count, ROOMY, reserve=0)


PICTURES = st.builds(Image, st.text("0123456789abcdef", min_size=64, max_size=64))
QUESTIONS = st.builds(user, st.text(max_size=12), st.lists(PICTURES, max_size=3))
ANSWERS = st.builds(assistant, st.text(max_size=12))
TURNS = st.tuples(QUESTIONS, st.lists(ANSWERS, max_size=2)).map(lambda turn: [turn[0], *turn[1]])
SYSTEMS = st.lists(st.builds(system, st.text(max_size=8)), max_size=1)


@given(
    opening=SYSTEMS,
    turns=st.lists(TURNS, min_size=1, max_size=8),
    limits=st.builds(Limits, st.integers(0, 120), st.integers(0, 8)),
    reserve=st.integers(0, 20),
)
def test_what_is_kept_is_a_run_of_whole_turns_that_fits(
    opening: list[Message], turns: list[list[Message]], limits: Limits, reserve: int
) -> None:
    talk = [*opening, *(message for turn in turns for message in turn)]

    def prompt(first: int) -> list[Message]:
        """The prompt that begins, after the system message, with the turn numbered `first`."""
        return [*opening, *(message for turn in turns[first:] for message in turn)]

    def fits(messages: list[Message]) -> bool:
        tokens = sum(map(count, messages)) + FRAME_TOKENS + reserve
        images = sum(len(message.images) for message in messages)
        return tokens <= limits.context_tokens and images <= limits.images

    if not fits(prompt(len(turns) - 1)):
        with pytest.raises(MessageError):
            fit(talk, count, limits, reserve)
        return
    fitted = fit(talk, count, limits, reserve)
    assert list(fitted.messages) in [prompt(first) for first in range(len(turns))]
    assert fits(list(fitted.messages))
    assert [*opening, *fitted.dropped, *fitted.messages[len(opening) :]] == talk
    if fits(talk):
        assert fitted.dropped == ()


@given(turns=st.lists(TURNS, min_size=2, max_size=12), tokens=st.integers(30, 80))
def test_as_a_conversation_grows_turns_go_seldom_and_several_at_once(
    turns: list[list[Message]], tokens: int
) -> None:
    """So that the prompt begins at the same place, and its cache holds, for as long as it can."""
    before = 0
    for newest in range(len(turns)):
        talk = [message for turn in turns[:newest] for message in turn] + turns[newest][:1]
        fitted = fit(talk, count, room(tokens, images=100), 0)
        moved = len(fitted.dropped) - before
        assert moved >= 0, "what was dropped stays dropped"
        if moved and len(fitted.messages) > 1:
            assert sum(map(count, fitted.messages)) <= KEEP * tokens
        before = len(fitted.dropped)


def test_parts_are_passed_through_untouched() -> None:
    message = Message("user", (Text("before"), Image("a" * 64), Text("after")))
    assert fit([message], count, ROOMY, 0).messages == (message,)

"""fit(): what goes into a prompt when not all of a conversation fits."""

from __future__ import annotations

from itertools import accumulate

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


# ---- pins -----------------------------------------------------------------------------------

ONE, TWO, THREE = (Image(name * 64) for name in "abc")


def test_the_turn_of_a_pinned_picture_outlives_newer_ones() -> None:
    talk = [system("abc"), user("12", [ONE]), assistant("34"), user("5"), assistant("67"), user("89")]
    fitted = fit(talk, count, room(11), 0, {ONE.sha256})
    assert fitted.messages == (*talk[:3], talk[5])
    assert fitted.dropped == (talk[3], talk[4])
    assert fitted.dropped_at == (3, 4)


def test_a_pin_brings_back_what_was_left_out() -> None:
    talk = [user("12", [ONE]), assistant("34"), user("56", [TWO]), assistant("78"), user("9")]
    assert fit(talk, count, room(9), 0).messages == tuple(talk[2:])
    assert fit(talk, count, room(9), 0, {ONE.sha256}).messages == (*talk[:2], talk[4])


def test_every_turn_that_shows_a_pinned_picture_stays() -> None:
    talk = [user("1", [ONE]), user("2"), user("3", [ONE]), user("4")]
    assert fit(talk, count, room(5), 0, {ONE.sha256}).dropped == (talk[1],)


def test_pins_that_leave_no_room_are_named() -> None:
    talk = [user("1", [ONE]), user("2", [TWO]), user("1" * 7, [THREE]), user("90")]
    pins = {ONE.sha256, THREE.sha256}
    with pytest.raises(
        MessageError, match=r"take 10 tokens and this one 2; .* room for 11. Unpin .* #1, #3,"
    ):
        fit(talk, count, room(11), 0, pins)
    assert fit(talk, count, room(12), 0, pins).dropped == (talk[1],)


def test_pins_that_leave_too_few_pictures_are_named() -> None:
    talk = [user("1", [ONE, TWO]), user("2", [THREE])]
    with pytest.raises(MessageError, match=r"show 2 pictures and this one 1; .* 2 at once. Unpin .* #2,"):
        fit(talk, count, room(100, images=2), 0, {TWO.sha256})


def test_a_message_too_long_by_itself_is_not_blamed_on_pins() -> None:
    with pytest.raises(MessageError, match="takes 21 tokens and this model has room for 20; shorten"):
        fit([user("1", [ONE]), user("x" * 21)], count, room(20), 0, {ONE.sha256})


# ---- numbers --------------------------------------------------------------------------------


def test_a_picture_keeps_its_number_when_those_before_it_are_left_out() -> None:
    talk = [user("1", [ONE, TWO]), user("2", [THREE]), user("3", [ONE])]
    fitted = fit(talk, count, room(1000, images=2), 0)
    assert fitted.dropped == (talk[0],)
    assert (fitted.numbers, fitted.renumbered) == ((3, 4), 0)


@pytest.mark.parametrize(
    ("highest", "numbers", "renumbered"),
    [(None, (1, 3, 4), 0), (4, (1, 3, 4), 0), (3, (1, 2, 3), 2)],
)
def test_numbers_that_the_model_does_not_know_are_counted_anew(
    highest: int | None, numbers: tuple[int, ...], renumbered: int
) -> None:
    talk = [user("1", [ONE]), user("2", [TWO]), user("3", [THREE]), user("4", [THREE])]
    fitted = fit(talk, count, Limits(1000, 3, highest), 0, {ONE.sha256})
    assert fitted.dropped == (talk[1],)
    assert (fitted.numbers, fitted.renumbered) == (numbers, renumbered)


# ---- whatever was said ------------------------------------------------------------------------

PICTURES = st.builds(Image, st.sampled_from([name * 64 for name in "abcdef"]))
QUESTIONS = st.builds(user, st.text(max_size=12), st.lists(PICTURES, max_size=3))
ANSWERS = st.builds(assistant, st.text(max_size=12))
TURNS = st.tuples(QUESTIONS, st.lists(ANSWERS, max_size=2)).map(lambda turn: [turn[0], *turn[1]])
SYSTEMS = st.lists(st.builds(system, st.text(max_size=8)), max_size=1)
PINS = st.sets(PICTURES.map(lambda picture: picture.sha256), max_size=2)


@given(
    opening=SYSTEMS,
    turns=st.lists(TURNS, min_size=1, max_size=8),
    limits=st.builds(Limits, st.integers(0, 120), st.integers(0, 8), st.none() | st.integers(8, 12)),
    reserve=st.integers(0, 20),
    pins=PINS,
)
def test_what_is_kept_are_the_pins_and_a_run_of_whole_turns_that_fits(
    opening: list[Message], turns: list[list[Message]], limits: Limits, reserve: int, pins: set[str]
) -> None:
    talk = [*opening, *(message for turn in turns for message in turn)]
    pinned = [any(image.sha256 in pins for message in turn for image in message.images) for turn in turns]

    def places(first: int) -> list[int]:
        """Where the messages of the prompt are whose run begins with the turn numbered `first`."""
        starts = list(accumulate(map(len, turns), initial=len(opening)))
        kept = [at for at in range(len(turns)) if pinned[at] or at >= first]
        return [*range(len(opening)), *(place for at in kept for place in range(starts[at], starts[at + 1]))]

    def fits(stay: list[int]) -> bool:
        tokens = sum(count(talk[at]) for at in stay) + FRAME_TOKENS + reserve
        images = sum(len(talk[at].images) for at in stay)
        return tokens <= limits.context_tokens and images <= limits.images

    before = list(talk), set(pins)
    if not fits(places(len(turns) - 1)):
        with pytest.raises(MessageError):
            fit(talk, count, limits, reserve, pins)
        return
    fitted = fit(talk, count, limits, reserve, pins)
    stay = sorted(set(range(len(talk))) - set(fitted.dropped_at))
    assert stay in [places(first) for first in range(len(turns))]
    assert fits(stay)
    assert fitted.messages == tuple(talk[at] for at in stay)
    assert fitted.dropped == tuple(talk[at] for at in fitted.dropped_at)
    if fits(list(range(len(talk)))):
        assert fitted.dropped == ()
    assert fitted == fit(talk, count, limits, reserve, pins)
    assert (talk, pins) == before


@given(turns=st.lists(TURNS, min_size=1, max_size=8), most=st.integers(3, 12), pins=PINS)
def test_numbers_are_those_of_the_conversation_or_count_from_one(
    turns: list[list[Message]], most: int, pins: set[str]
) -> None:
    talk = [message for turn in turns for message in turn]
    try:
        fitted = fit(talk, count, Limits(1000, most, most), 0, pins)
    except MessageError:
        return
    dropped = set(fitted.dropped_at)
    shown = [at for at, message in enumerate(talk) for _ in message.images]
    own = [number for number, at in enumerate(shown, 1) if at not in dropped]
    assert list(fitted.numbers) == (own if max(own, default=0) <= most else list(range(1, len(own) + 1)))
    assert fitted.renumbered == sum(one != other for one, other in zip(own, fitted.numbers, strict=True))


@given(turns=st.lists(TURNS, min_size=2, max_size=12), tokens=st.integers(30, 80), pins=PINS)
def test_as_a_conversation_grows_turns_go_seldom_and_several_at_once(
    turns: list[list[Message]], tokens: int, pins: set[str]
) -> None:
    """So that the prompt begins at the same place, and its cache holds, for as long as it can."""
    before: set[int] = set()
    for newest in range(len(turns)):
        talk = [message for turn in turns[:newest] for message in turn] + turns[newest][:1]
        try:
            fitted = fit(talk, count, room(tokens, images=100), 0, pins)
        except MessageError:
            continue
        dropped = set(fitted.dropped_at)
        assert dropped >= before, "what was dropped stays dropped"
        spare = [
            message
            for message in fitted.messages[:-1]
            if not any(image.sha256 in pins for image in message.images)
        ]
        if dropped > before and any(message.role == "user" for message in spare):
            assert sum(map(count, fitted.messages)) <= KEEP * tokens
        before = dropped


def test_parts_are_passed_through_untouched() -> None:
    message = Message("user", (Text("before"), Image("a" * 64), Text("after")))
    assert fit([message], count, ROOMY, 0).messages == (message,)

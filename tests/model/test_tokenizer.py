"""Any text survives the tokenizer, and nobody can type a special token."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.errors import CheckpointError
from chat.model.tokenizer import StreamDecoder, Tokenizer
from prompts import SPECIAL_TOKENS, Image, assistant, render, user
from tests.helpers.models import tiny_tokenizer

UNICODE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(UNICODE)
def test_any_text_comes_back_as_it_went_in(text: str) -> None:
    tokenizer = tiny_tokenizer()
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(UNICODE)
def test_a_stream_adds_up_to_the_text_and_breaks_no_character(text: str) -> None:
    tokenizer = tiny_tokenizer()
    decoder = StreamDecoder(tokenizer)
    pieces = [decoder.push(token) for token in tokenizer.encode(text)]
    assert "".join([*pieces, decoder.flush()]) == text


@pytest.mark.parametrize("token", SPECIAL_TOKENS)
def test_typing_a_special_token_does_not_make_one(token: str) -> None:
    tokenizer = tiny_tokenizer()
    assert not set(tokenizer.encode(f"a {token} b")) & set(tokenizer.special.values())


def test_spans_become_ids_masks_and_picture_numbers() -> None:
    tokenizer = tiny_tokenizer()
    messages = [
        user("Hi", [Image("a" * 64), Image("b" * 64)]),
        assistant("It is red."),
        user("And?", [Image("c" * 64)]),
    ]
    prompt = tokenizer.encode_spans(render(messages))
    image = tokenizer.special["<|image|>"]
    assert [prompt.ids[at] for at in prompt.visible_from] == [image] * 3
    assert [prompt.numbers[at] for at in prompt.visible_from] == [1, 2, 3]
    assert sum(map(bool, prompt.numbers)) == 3
    learnt = [token for token, trained in zip(prompt.ids, prompt.trained, strict=True) if trained]
    assert learnt == [*tokenizer.encode("It is red."), tokenizer.end]
    assert [picture.sha256[0] for picture in prompt.images] == ["a", "b", "c"]


def test_what_is_no_tokenizer_is_refused() -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        Tokenizer(b"not a tokenizer")

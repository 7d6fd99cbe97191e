"""What the engine's exactness rests on, each property beside a planted fault that breaks it.

The properties are functions of an engine over the suite's harness, so that the same one is shown to hold,
and to fail.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Barrier, Event

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from chat.engines.base import Request, Sampling
from chat.model import generate
from chat.model.cache import KVCache, PictureView
from chat.model.decoder import CrossAttentionBlock, Step
from chat.model.groups import CacheGroup, PictureGroup, rows_of
from chat.model.layers import SwiGLU
from prompts import Image, Message, Span, assistant, render, user
from tests.equivalence.harness import Bench
from tests.helpers.models import tiny_tokenizer

TURNS = st.lists(
    st.tuples(
        st.sampled_from(("Hello", "What colour is it?", "é 😀")), st.lists(st.integers(0, 3), max_size=2)
    ),
    min_size=1,
    max_size=4,
)
"""Texts, with the pictures shown beside each."""


@contextmanager
def benched(gate: float = 0.8) -> Iterator[Bench]:
    """An engine in float64 with nothing behind it."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), gate=gate)
        try:
            yield bench
        finally:
            bench.engine.close()
            bench.store.close()


def talk(bench: Bench, turns: Sequence[tuple[str, list[int]]]) -> None:
    """A conversation, each of its replies checked against a recompute; four pictures at most."""
    at, room = bench.begin(), 4
    for text, pictures in turns:
        shown = pictures[:room]
        room -= len(shown)
        bench.ask(at, text, shown)


MIXED = [("What?", [1]), ("What colour is the circle? And this?", [2]), ("Hello", []), ("And?", [3, 1])]
"""Turns that mix text and pictures in every way."""


def broken(
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    name: str,
    fault: Callable[..., object],
    check: Callable[[], object],
) -> None:
    """With the fault in place, the check fails; without it, it passes.

    Which rows stand side by side at which token is up to the threads, so a fault between them has a few
    chances to show.
    """
    check()
    monkeypatch.setattr(owner, name, fault)

    def a_few_times() -> None:
        for _ in range(5):
            check()

    with pytest.raises(AssertionError):
        a_few_times()


# ---- prompts read in pieces of 1, 2 and any number of tokens -----------------------------------------


def in_segments(size: int, turns: Sequence[tuple[str, list[int]]] = MIXED) -> None:
    """Prompts read in segments of `size` tokens give what one pass gives."""
    with benched() as bench, pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "SEGMENT", size)
        talk(bench, turns)


@pytest.mark.parametrize("size", [1, 2, 256])
@given(turns=TURNS)
@settings(max_examples=8)
def test_the_size_of_segments_changes_nothing(size: int, turns: list[tuple[str, list[int]]]) -> None:
    in_segments(size, turns)


def _sees_ahead(self: KVCache, slots: Tensor) -> None:
    """Within a segment, tokens look at those after them."""
    self.reserve(self.longest + slots.shape[1])


def _uncut(
    pictures: PictureView | None, start: int, end: int
) -> Iterator[tuple[int, int, PictureView | None]]:
    """Segments do not end where a picture comes into view."""
    for first in range(start, end, generate.SEGMENT):
        last = min(first + generate.SEGMENT, end)
        seen = 0 if pictures is None else int((pictures.visible_from[0] < last).sum())
        yield first, last, None if pictures is None else pictures.first(seen)


def _forgets_the_count(self: KVCache, counts: Tensor) -> None:
    """Every call's tokens begin where they would without the last one."""
    self.lengths = self.lengths + counts
    self.longest = max(1, int(self.lengths.max()) - 1)


@pytest.mark.parametrize(
    ("size", "owner", "name", "fault"),
    [
        (1, KVCache, "advance", _forgets_the_count),
        (2, KVCache, "prepare", _sees_ahead),
        (256, KVCache, "prepare", _sees_ahead),
        (2, generate, "segments", _uncut),
        (256, generate, "segments", _uncut),
    ],
)
def test_a_fault_in_segments_is_found(
    monkeypatch: pytest.MonkeyPatch, size: int, owner: object, name: str, fault: Callable[..., object]
) -> None:
    broken(monkeypatch, owner, name, fault, partial(in_segments, size))


# ---- one to eight conversations side by side ---------------------------------------------------------


def side_by_side(rows: int) -> None:
    """Replies made together are those made alone, which are checked against a recompute, and so are the
    sessions that they leave."""
    with benched() as bench:
        talks = [bench.begin() for _ in range(rows)]
        asked = []
        for row, each in enumerate(talks):
            bench.ask(each, "Hello there! " * (row + 1), [row % 4] if row % 2 else [])
            pictures = [bench.picture(5 + row)] if row % 4 == 3 else []
            asked.append([*bench.histories[each], user("What do you see" + "?" * row, pictures)])
        alone = [reply_to(bench, history) for history in asked]
        bench.restart()  # so that the questions are read side by side as well
        start = Barrier(rows)

        def one(talk: int, history: list[Message]) -> str:
            start.wait()
            return reply_to(bench, history, bench.conversations[talk])

        with ThreadPoolExecutor(rows) as pool:
            assert list(pool.map(one, talks, asked)) == alone
        for each, history, said in zip(talks, asked, alone, strict=True):
            if said:
                bench.histories[each] = [*history, assistant(said)]
            bench.ask(each, "And now?")


def reply_to(bench: Bench, history: list[Message], conversation: str = "") -> str:
    """A reply, which is kept on disk for the conversation if there is one."""
    snapshots = bench.store.snapshots if conversation else None
    request = Request(history, Sampling(max_tokens=16), bench.read, snapshots, conversation)
    return "".join(delta.text for delta in bench.engine.generate(request, Event()))


@pytest.mark.parametrize("rows", range(1, 9))
def test_conversations_side_by_side_change_nothing(rows: int) -> None:
    side_by_side(rows)


def _first_pictures(self: PictureGroup, index: int, query: Tensor, mask: Tensor | None) -> Tensor:
    """Every row sees the pictures of the first row that has any."""
    view = next(view for view in self.views if view is not None)
    return torch.cat([view.attend(index, row, mask) for row in rows_of(query)])


def _swapped(
    self: CacheGroup,
    layer: int,
    slots: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
) -> Tensor:
    """The last row is looked up in the first one's keys and values."""
    found = look_up(self, layer, slots, query, key, value, mask)
    return torch.cat([found[:-1], found[:1]])


look_up = CacheGroup.attend


@pytest.mark.parametrize(
    ("owner", "name", "fault"), [(PictureGroup, "attend", _first_pictures), (CacheGroup, "attend", _swapped)]
)
def test_a_fault_between_rows_is_found(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, fault: Callable[..., object]
) -> None:
    broken(monkeypatch, owner, name, fault, partial(side_by_side, 4))


# ---- a new picture leaves what came before as it was -------------------------------------------------


def appended(pictures: list[int]) -> None:
    """The logits of a conversation are the same numbers after more pictures have followed, and so, bit by
    bit, are its keys and values."""
    with benched() as bench:
        at = bench.begin()
        bench.ask(at, "What?", pictures)
        session = bench.session()
        logits, held = bench.recompute(session)[0], session.cache.read(0, session.cached)
        bench.ask(at, "And this?", [7])
        later = bench.session()
        same = later.cache.read(0, held[0].shape[2])
        assert all(torch.equal(before, after) for before, after in zip(held, same, strict=True))
        torch.testing.assert_close(bench.recompute(later)[0][: len(logits)], logits, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("pictures", [[], [1], [2, 3]])
def test_a_new_picture_leaves_earlier_logits_unchanged(pictures: list[int]) -> None:
    appended(pictures)


def _no_masks(self: PictureView, slots: Tensor) -> tuple[None, None]:
    """Every position sees every picture."""
    return None, None


def test_a_picture_that_is_seen_before_it_came_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, PictureView, "masks", _no_masks, partial(appended, [1]))


# ---- gates at zero are the text model ----------------------------------------------------------------


def blind() -> None:
    """With its gates at zero, the engine's keys and values of a talk about pictures are those of a model
    that has no cross-attention, to the last bit."""
    with benched(gate=0.0) as bench:
        at = bench.begin()
        bench.ask(at, "What?", [1])
        bench.ask(at, "And?", [2])
        session = bench.session()
        named = {picture.at: picture.number for picture in session.pictures}
        numbers = [named.get(place, 0) for place in range(len(session.ids))]
        cache = bench.model.new_cache()
        with torch.inference_mode():
            bench.model(torch.tensor([session.ids]), torch.tensor([numbers]), cache=cache)
        text = cache.read(0, session.cached)
        for mine, theirs in zip(session.cache.read(0, session.cached), text, strict=True):
            torch.testing.assert_close(mine, theirs, atol=1e-12, rtol=1e-12)


def test_gates_at_zero_are_the_text_model() -> None:
    blind()


def _ungated(self: CrossAttentionBlock, x: Tensor, step: Step, index: int) -> Tensor:
    """The block's feed-forward has no gate."""
    assert isinstance(self.ffn, SwiGLU)
    out: Tensor = x if step.pictures is None else x + self.ffn(self.ffn_norm(x))
    return out


def test_a_gate_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, CrossAttentionBlock, "forward", _ungated, blind)


# ---- a prompt is a prefix of the next one ------------------------------------------------------------

Renderer = Callable[[Sequence[Message]], Sequence[Span]]


def grows(renderer: Renderer, turns: Sequence[tuple[str, list[int]]]) -> None:
    """The ids and picture numbers of turn t are a prefix of those of turn t + 1."""
    history: list[Message] = []
    ids: list[int] = []
    numbers: list[int] = []
    for text, pictures in turns:
        history.append(user(text, [Image(f"{picture:064x}") for picture in pictures]))
        history.append(assistant("It is red."))
        prompt = tiny_tokenizer().encode_spans(renderer(history))
        assert prompt.ids[: len(ids)] == ids
        assert prompt.numbers[: len(numbers)] == numbers
        ids, numbers = prompt.ids, prompt.numbers


@given(turns=TURNS)
def test_a_rendered_prompt_is_a_prefix_of_the_next(turns: list[tuple[str, list[int]]]) -> None:
    grows(render, turns)


def _pictures_first(messages: Sequence[Message]) -> Sequence[Span]:
    """As many templates have it: all pictures, then all text."""
    return sorted(render(messages), key=lambda span: span.kind != "image")


def test_a_template_that_moves_pictures_is_found() -> None:
    grows(render, MIXED)
    with pytest.raises(AssertionError):
        grows(_pictures_first, MIXED)


def test_what_the_engine_runs_is_what_the_template_renders() -> None:
    """Read piece by piece, turn after turn, a conversation is the same ids as rendered in one go."""
    with benched() as bench:
        history: list[Message] = []
        for text, pictures in MIXED:
            history.append(user(text, [bench.picture(picture) for picture in pictures]))
            list(bench.engine.generate(Request(history, Sampling(max_tokens=1), bench.read), Event()))
            rendered = bench.tokenizer.encode_spans(render(history)).ids
            assert bench.session().ids[: len(rendered)] == rendered
            history.append(assistant("It is red."))

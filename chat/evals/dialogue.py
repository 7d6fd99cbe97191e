"""D, dialogue: twelve families of references to what was said, eight to ten turns each.

Items come in contrast twins: the same pictures and the same last question after another
history, with another answer, so that whoever does not follow the dialogue is right about
one of them at most.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chat.evals.families import FAMILIES, Pair
from chat.evals.families.draft import Draft
from chat.evals.items import Ask, Item
from chat.evals.sizes import Size
from chat.evals.splits import check_split, draw_scene

PRELUDES = ("it", "those", "other", "correction", "count_followups", "returning")
"""Families that two of a dialogue may be of in the split "families": none counts from its beginning."""
PRELUDE_TURNS = 5


def items(suite: str, split: str, size: Size) -> Iterator[Item]:
    """The part's items: `size.dialogues` of each family, in twins; the last of an odd number is alone.

    Raises ConfigError for an unknown split.
    """
    check_split(split)
    for family in PRELUDES if split == "families" else FAMILIES:
        for number in range((size.dialogues + 1) // 2):
            drafts = FAMILIES[family](Pair(suite, split, family, number))
            if split == "families":
                drafts = _mixed(suite, split, family, number, drafts)
            for side, draft in enumerate(drafts):
                index = 2 * number + side
                if index < size.dialogues:
                    twin = index ^ 1 if index ^ 1 < size.dialogues else None
                    yield finished(draft, "D", split, index, twin)


def finished(draft: Draft, part: str, split: str, index: int, twin: int | None) -> Item:
    """A draft as an item, its pictures drawn in the split's way; its facts are the scenes."""
    pictures = tuple(draw_scene(scene, split) for scene in draft.scenes)
    return Item(
        "L" if part == "L" else "D",
        draft.family,
        split,
        index,
        tuple(draft.asks),
        pictures,
        draft.scenes,
        twin,
    )


def _mixed(
    suite: str, split: str, family: str, number: int, drafts: tuple[Draft, Draft]
) -> tuple[Draft, Draft]:
    """Each twin after the beginning of a dialogue of another family, about another picture."""
    at = PRELUDES.index(family)
    before = PRELUDES[(at + 1 + number % (len(PRELUDES) - 1)) % len(PRELUDES)]
    prelude, _ = FAMILIES[before](Pair(suite, split, f"{before}/before/{family}", number))
    opening = prelude.asks[:PRELUDE_TURNS]
    for draft in drafts:
        draft.scenes = (*prelude.scenes, *draft.scenes)
        draft.asks = [*opening, *(_later(ask, len(opening), len(prelude.scenes)) for ask in draft.asks)]
    return drafts


def _later(ask: Ask, turns: int, pictures: int) -> Ask:
    """An ask that comes so many turns and pictures later."""
    refers = None if ask.refers_to is None else ask.refers_to + turns
    return replace(ask, refers_to=refers, pictures=tuple(index + pictures for index in ask.pictures))

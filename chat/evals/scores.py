"""From what was said to numbers: the named scores of every part, and the controls beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from chat.evals import captions, dialogue_scores, retrieval
from chat.evals.controls import CONTROLS, gate, majority
from chat.evals.dialogue_scores import Played
from chat.evals.items import Item, share, yes_or_no
from chat.evals.runner import Answered
from chat.evals.solver import ceiling

Results = Mapping[tuple[str, str], Sequence[Answered]]
"""(condition, split) → what was said. Conditions: "model" (each question alone, and long dialogues),
"gold" and "own" (dialogues, by whose answers the history holds), "no_pictures", "shuffled" and
"no_history" (ablations), "blind" and "forgetful" (controls trained without pictures, without history)."""

BLIND = ("no_pictures", "shuffled", "blind")
FORGETFUL = ("no_history", "forgetful")
"""Conditions in which the pictures, or the history, cannot help."""

Scores = dict[str, float | str | None]
"""Flat: percent unless said otherwise; None where a part was not run."""

NAMED = (
    *"P P_open C C_open H_f1 H_yes_ratio G_bleu4 G_rouge_l G_meteor G_cider_d G_fact_f1 D_gold D_own D_nffr "
    "D_whole abstain_f1 false_refusal history_gain L1 L2 L3 L5 L8 L12 L16 L20 unseen_pairs drop_pairs "
    "drop_wordings drop_objects drop_renderer drop_families drop10 drop20 drop30".split(),
    *retrieval.NAMED,
)
"""Scores that every run names, whether it has them or not."""

SINGLE = ("P", "H", "C")
"""Parts whose questions stand alone and are right or wrong."""


def scores(results: Results) -> Scores:
    """Every named score, then the controls and ablations with their ceilings and gates."""
    found: Scores = dict.fromkeys(NAMED)
    model = results.get(("model", "iid"), ())
    found |= _perception(model) | _captions(of(model, "G"))
    found |= _dialogues(results)
    for distance, marks in _by_distance(of(model, "L")).items():
        found[f"L{distance}"] = share(marks)
    found |= _drops(results)
    found |= controls(results)
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in found.items()}


def of(answered: Sequence[Answered], part: str) -> list[Answered]:
    """Those of one part."""
    return [each for each in answered if each.item.part == part]


def marks(answered: Sequence[Answered]) -> list[bool]:
    """Which are right."""
    return [each.right for each in answered]


def mme(answered: Sequence[Answered]) -> dict[str, tuple[float, float]]:
    """(accuracy, accuracy+) of each subtask in percent; accuracy+ counts pictures with both questions
    right (Fu et al. 2023). Their sum is the subtask's score, of 200."""
    families: dict[str, dict[int, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for each in answered:
        if each.ask.kind == "yes_no":
            families[each.item.family][each.item.index].append(each.right)
    return {
        family: (
            share([mark for both in pictures.values() for mark in both]),
            share([all(both) for both in pictures.values()]),
        )
        for family, pictures in families.items()
    }


def f1_of_yes(answered: Sequence[Answered]) -> float:
    """F1 in percent with "yes" as what is to be found, as POPE has it; 0 if nothing is found."""
    said = [(yes_or_no(each.given) == "yes", each.ask.values[0] == "yes") for each in answered]
    found = sum(claim and true for claim, true in said)
    claimed, true = sum(claim for claim, _ in said), sum(true for _, true in said)
    return 100 * 2 * found / (claimed + true) if found else 0.0


def yes_ratio(answered: Sequence[Answered]) -> float:
    """Percent of replies that say yes; half would be right."""
    return share([yes_or_no(each.given) == "yes" for each in answered])


def played(answered: Sequence[Answered]) -> list[Played]:
    """Whole dialogues, in order. Raises ValueError if any lacks a reply."""
    replies: dict[int, list[str]] = {}
    items: dict[int, Item] = {}
    for each in answered:
        items[id(each.item)] = each.item
        replies.setdefault(id(each.item), []).append(each.given)
    return [Played(items[key], tuple(said)) for key, said in replies.items()]


def _perception(model: Sequence[Answered]) -> Scores:
    found: Scores = {}
    for part in ("P", "C"):
        mine = of(model, part)
        if mine:
            found[part] = sum(map(sum, mme(mine).values()))
            found[f"{part}_open"] = share(marks([each for each in mine if each.ask.kind == "open"]))
    halluc = of(model, "H")
    if halluc:
        ways = {each.item.family for each in halluc}
        by_way = [f1_of_yes([each for each in halluc if each.item.family == way]) for way in sorted(ways)]
        found["H_f1"] = sum(by_way) / len(by_way)
        found["H_yes_ratio"] = yes_ratio(halluc)
    return found


def _captions(model: Sequence[Answered]) -> Scores:
    if not model:
        return {}
    said = captions.scores([each.item for each in model], [each.given for each in model])
    return {f"G_{name}": value for name, value in said.items()}


def _dialogues(results: Results) -> Scores:
    gold, own = (played(of(results.get((whose, "iid"), ()), "D")) for whose in ("gold", "own"))
    found: Scores = {}
    if gold:
        found["D_gold"] = dialogue_scores.accuracy(gold)
    if own:
        found["D_own"] = dialogue_scores.accuracy(own)
        found["D_nffr"] = dialogue_scores.first_failure(own)
        found["D_whole"] = dialogue_scores.whole_dialogues(own)
    if own or gold:
        kept = dialogue_scores.abstention(own or gold)
        found |= {"abstain_f1": kept["f1"], "false_refusal": kept["false_refusal"]}
    alone = results.get(("no_history", "iid"), ())
    if gold and alone:
        singles = [Played(each.item, (each.given,)) for each in alone]
        found["history_gain"] = dialogue_scores.history_gain(gold, singles)
    return found


def _by_distance(answered: Sequence[Answered]) -> dict[int, list[bool]]:
    groups: dict[int, list[bool]] = defaultdict(list)
    for each in answered:
        if each.distance is not None:
            groups[each.distance].append(each.right)
    return dict(sorted(groups.items()))


def _drops(results: Results) -> Scores:
    """Points lost from iid to each split, over the families that both have."""
    found: Scores = {}
    for condition, split in results:
        if split == "iid" or condition not in ("model", "own", "gold"):
            continue
        part = "P" if condition == "model" else "D"
        shifted = of(results[condition, split], part)
        if not shifted or (condition == "gold" and ("own", split) in results):
            continue
        families = {each.item.family for each in shifted}
        base = [
            each for each in of(results.get((condition, "iid"), ()), part) if each.item.family in families
        ]
        drop = share(marks(base)) - share(marks(shifted)) if base else None
        name = f"drop{split.removeprefix('longer')}" if split.startswith("longer") else f"drop_{split}"
        found[name if part == "P" or split in ("families",) or "longer" in split else f"D_{name}"] = drop
        if split == "pairs":
            found["unseen_pairs"] = share(marks(shifted))
    return found


def controls(results: Results) -> Scores:
    """For each part: what needs no model, what the model does without pictures or with wrong ones or
    without history, the ceiling of that, and whether it is kept."""
    found: Scores = {}
    model = results.get(("model", "iid"), ())
    for part in SINGLE:
        for kind in ("yes_no", "open"):
            mine = [each for each in of(model, part) if each.ask.kind == kind]
            if not mine:
                continue
            name = part if kind == "yes_no" else f"{part}_open"
            found[f"{name}_accuracy"] = share(marks(mine))
            items = list({id(each.item): each.item for each in mine}.values())
            for control, answer in CONTROLS.items():
                found[f"{name}_{control}"] = share(marks(answer(items)))
            highest = share(marks(majority(items)))
            for ablation in BLIND:
                said = results.get((ablation, "iid"), ())
                ablated = marks([each for each in of(said, part) if each.ask.kind == kind])
                found |= _ablated(f"{name}_{ablation}", ablated, highest)
    return found | _dialogue_controls(results)


def _dialogue_controls(results: Results) -> Scores:
    said = of(results.get(("gold", "iid"), ()), "D") or of(results.get(("own", "iid"), ()), "D")
    items = list({id(each.item): each.item for each in said}.values())
    if not items:
        return {}
    found: Scores = {f"D_{name}": share(marks(answer(items))) for name, answer in CONTROLS.items()}
    highest = ceiling(items, pictures=False)["all"]
    for ablation in BLIND:
        blind = of(results.get((ablation, "iid"), ()), "D")
        ablated = marks([each for each in blind if "picture" in each.ask.needs])
        found |= _ablated(f"D_{ablation}", ablated, highest)
    highest = ceiling(items, history=False)["all"]
    for ablation in FORGETFUL:
        alone = marks(of(results.get((ablation, "iid"), ()), "D"))
        found |= _ablated(f"D_{ablation}", alone, highest)
    return found


def _ablated(name: str, ablated: Sequence[bool], highest: float) -> Scores:
    if not ablated:
        return {}
    return {
        name: share(ablated),
        f"{name}_ceiling": highest,
        f"{name}_gate": gate(ablated, highest),
    }

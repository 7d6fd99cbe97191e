"""Questions about cards: every answer is worked out once more, from the facts and the words alone."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chat.training.cards import bars, pies
from chat.training.cards.questions import TOPICS, families, sample_turns
from chat.training.cards.sampling import KINDS, sample
from chat.training.cards.scene import Arrow, BarChart, Card, Grid, PieChart, Program, Slice, Sum
from chat.training.cards.turns import CardTurn
from chat.training.scene import COLOURS
from tests.helpers.answers import yes_first

ALL_KINDS = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def turns(kind: type[Card], count: int) -> Iterator[tuple[Card, CardTurn]]:
    """Turns of every family that the kind has an occasion for."""
    rng = random.Random(5)
    for _ in range(count):
        card = sample(rng, kind=kind)
        for _, family in families(card).values():
            made = family(card, rng)
            if made is not None:
                yield card, made


def colours_in(text: str) -> list[str]:
    return [word for word in re.findall(r"[a-z]+", text.lower()) if word in COLOURS]


def check_arithmetic(answer: str) -> None:
    """Whatever calculation an answer spells out is right."""
    found = re.search(r"(\d+(?: [-+x*] \d+)+) (?:=|is) (\d+)\.$", answer)
    if found:
        assert eval(found[1].replace("x", "*")) == int(found[2]), answer


def check_sum(card: Card, turn: CardTurn) -> None:
    text = str(card.facts[1])
    truth = eval(text.replace("x", "*"))
    numbers = [int(number) for number in re.findall(r"\d+", turn.question)]
    if turn.family in ("sum_result", "sum_verify", "sum_more"):
        assert turn.answer.removeprefix("Yes, ").removeprefix("No, ") == f"{text} = {truth}."
    if turn.family == "sum_verify":
        assert turn.answer.startswith("Yes") == (numbers == [truth])
    elif turn.family == "sum_more":
        right = truth > numbers[0] if "more" in turn.question else truth < numbers[0]
        assert turn.answer.startswith("Yes") == right
    elif turn.family == "sum_read":
        assert turn.answer == f"It says {text}."
    elif turn.family == "sum_number":
        assert turn.answer.split()[-1] == text.split()[0 if "first" in turn.answer else 2] + "."


def check_program(card: Card, turn: CardTurn) -> None:
    printed: list[object] = []
    lines = "\n".join(str(line) for line in card.facts[1:])
    names: dict[str, object] = {"print": printed.append}
    exec(lines, names)
    if turn.family in ("program_output", "program_verify"):
        assert turn.answer.endswith(f"prints {printed[0]}.")
    if turn.family == "program_verify":
        assert turn.answer.startswith("Yes") == (str(printed[0]) in re.findall(r"\w+", turn.question))
    elif turn.family == "program_variable":
        name = turn.answer.split()[0]
        assert turn.answer == f"{name} is {names[name]}."
        assert name in re.findall(r"\w+", turn.question)
    elif turn.family == "program_missing":
        assert turn.answer.split()[3] not in names
    elif turn.family == "program_lines":
        assert turn.answer == ("It has one line.", "It has two lines.")[lines.count("\n")]


def check_bars(card: Card, turn: CardTurn) -> None:
    values: dict[str, int] = dict(card.facts[1:])  # type: ignore[arg-type]
    asked, yes = colours_in(turn.question), turn.answer.startswith("Yes")
    for colour, value in re.findall(r"(\w+) bar (?:is )?at (\d)", turn.answer):
        assert values[colour] == int(value)
    name = turn.family.removesuffix("_verify")
    if name in ("bar_tallest", "bar_shortest"):
        best = (max if name == "bar_tallest" else min)(values.values())
        (winner,) = [colour for colour, value in values.items() if value == best]
        assert colours_in(turn.answer) == [winner]
        if name != turn.family:
            assert yes == (asked == [winner])
    elif turn.family == "bar_value":
        assert asked == colours_in(turn.answer)
    elif turn.family == "bar_verify":
        assert yes == (str(values[asked[0]]) in turn.question)
    elif turn.family == "bar_taller":
        a, b = values[asked[0]], values[asked[1]]
        assert yes == (a > b if "taller" in turn.question else a < b)
    elif turn.family == "bar_above":
        found = sum(value > int(re.findall(r"\d", turn.question)[0]) for value in values.values())
        assert turn.answer.split()[0] == ("No", "One", "Two", "Three", "Four")[found]
    elif turn.family == "bar_sum":
        assert [values[colour] for colour in asked] == [
            int(each) for each in re.findall(r"\d+", turn.answer)[:2]
        ]
    elif turn.family == "bar_difference":
        pair = sorted((values[colour] for colour in asked), reverse=True)
        assert pair == [int(each) for each in re.findall(r"\d+", turn.answer)[:2]]
    elif turn.family == "bar_with_value":
        assert list(values.values()).count(int(re.findall(r"\d", turn.question)[0])) == 1
    elif turn.family == "bar_order":
        assert colours_in(turn.answer) == [list(values)[-1 if "right" in turn.question else 0]]
    elif turn.family == "bar_exist":
        assert yes == (asked[0] in values)
    elif turn.family == "bar_missing":
        assert colours_in(turn.answer)[0] not in values
        assert asked[0] == colours_in(turn.answer)[0]


def check_pie(card: Card, turn: CardTurn) -> None:
    shares: dict[str, int] = dict(card.facts[1:])  # type: ignore[arg-type]
    asked, yes = colours_in(turn.question), turn.answer.startswith("Yes")
    largest, smallest = max(shares, key=lambda each: shares[each]), min(shares, key=lambda each: shares[each])
    name = turn.family.removesuffix("_verify")
    if name in ("pie_largest", "pie_smallest"):
        winner = largest if name == "pie_largest" else smallest
        assert colours_in(turn.answer) == [winner]
        if name != turn.family:
            assert yes == (asked == [winner])
    elif turn.family == "pie_rank":
        above = sum(share > shares[asked[0]] for share in shares.values())
        ranks = [
            *["the largest", "the second largest", "the third largest"][: len(shares) - 1],
            "the smallest",
        ]
        assert turn.answer.endswith(f"is {ranks[above]}.")
    elif turn.family == "pie_larger":
        a, b = shares[asked[0]], shares[asked[1]]
        assert yes == (a > b if "larger" in turn.question else a < b)
    elif turn.family == "pie_half":
        assert yes == (shares[asked[0]] > 50)
        assert abs(shares[asked[0]] - 50) >= 8
    elif turn.family == "pie_exist":
        assert yes == (asked[0] in shares)
    elif turn.family == "pie_missing":
        assert asked[0] == colours_in(turn.answer)[0] not in shares
    elif turn.family == "pie_colours":
        assert colours_in(turn.answer) == sorted(shares, key=lambda each: -shares[each])


def check_grid(card: Card, turn: CardTurn) -> None:
    _, rows, columns, common, odd, place = card.facts
    assert isinstance(common, tuple)
    assert isinstance(odd, tuple)
    assert isinstance(place, str)
    total = int(str(rows)) * int(str(columns))
    numbers = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    if turn.family in ("grid_odd", "grid_odd_verify", "grid_place"):
        assert re.search(rf" {place}\.$", turn.answer)
    elif turn.family == "grid_what":
        assert turn.answer.endswith(f" {odd[1]} {odd[0]}.")
    elif turn.family == "grid_same":
        assert turn.answer.startswith("Yes") == (
            (odd[1] == common[1]) if "colour" in turn.question else odd[0] == common[0]
        )
    elif turn.family == "grid_by":
        assert turn.answer == f"Its {'shape' if odd[0] != common[0] else 'colour'} is different."
    elif turn.family == "grid_count":
        counts = {("shape",): total, (common[1], common[0]): total - 1, (odd[1], odd[0]): 1}
        noun = tuple(turn.answer.rstrip(".").split(" ")[3:])
        singular = next(
            (each for each in counts if noun[-1].startswith(each[-1]) and noun[:-1] == each[:-1]), None
        )
        assert turn.answer.split()[2] == numbers[counts[singular] if singular else 0]
    elif turn.family == "grid_size":
        assert turn.answer.split()[2] == numbers[int(str(rows if "rows" in turn.question else columns))]
    elif turn.family == "grid_missing":
        assert f"{odd[1]} {odd[0]}" not in turn.question
        assert f"{common[1]} {common[0]}" not in turn.question


def check_arrow(card: Card, turn: CardTurn) -> None:
    _, direction, colour, place = card.facts
    yes = turn.answer.startswith("Yes")
    if turn.family in ("arrow_direction", "arrow_verify"):
        assert turn.answer.endswith(f"points {direction}.")
    if turn.family == "arrow_verify":
        assert yes == (str(direction) in re.findall(r"\w+", turn.question.replace("the way", "")))
    elif turn.family.startswith("arrow_colour"):
        assert colours_in(turn.answer) == [colour]
        assert turn.family == "arrow_colour" or yes == (colours_in(turn.question) == [colour])
    elif turn.family.startswith("arrow_place"):
        assert turn.answer.endswith(f" {place}.")
    elif turn.family == "arrow_missing":
        assert colours_in(turn.question) == colours_in(turn.answer) != [colour]


CHECKS = {
    Sum: check_sum, Program: check_program, BarChart: check_bars, PieChart: check_pie, Grid: check_grid,
    Arrow: check_arrow,
}  # fmt: skip


@ALL_KINDS
def test_answers_are_true(kind: type[Card]) -> None:
    seen: Counter[str] = Counter()
    for card, turn in turns(kind, 250):
        CHECKS[kind](card, replace(turn, answer=yes_first(turn.answer)))
        check_arithmetic(turn.answer)
        seen[turn.family] += 1
        if turn.family.startswith("card_kind"):
            no = turn.answer.startswith("No")
            assert (re.search(rf"\b{card.noun}\b", turn.question) is None) == (
                no or turn.family == "card_kind"
            )
            assert card.noun in turn.answer
    assert min(seen.values()) > 20, "every family comes up"


@ALL_KINDS
def test_follow_ups_are_true(kind: type[Card]) -> None:
    rng = random.Random(3)
    followed: Counter[str] = Counter()
    for _ in range(300):
        card = sample(rng, kind=kind)
        for first in sample_turns(card, rng, 2):
            for name, (_, follow) in TOPICS[kind].follow_ups.items():
                made = follow(card, rng, first)
                if made is None:
                    continue
                followed[name] += 1
                check_arithmetic(made.answer)
                check_follow_up(card, first, made)
    assert set(followed) == set(TOPICS[kind].follow_ups)


def check_follow_up(card: Card, before: CardTurn, made: CardTurn) -> None:
    answer, facts = made.answer, [str(fact) for fact in card.facts]
    if made.family == "sum_follow":
        assert answer.startswith(f"{facts[1]} = ")
    elif made.family == "sum_step":
        reached, step = eval(facts[1].replace("x", "*")), re.findall(r"\d+", made.question)[0]
        assert answer.startswith(f"{reached} + {step} = ")
    elif made.family == "sum_change":
        assert answer.startswith(" ".join((re.findall(r"\d+", made.question)[0], *facts[1].split()[1:])))
    elif made.family == "program_change":
        changed = re.sub(r"^(\w) = \d+$", r"\1 = " + re.findall(r"\d+", made.question)[0], facts[1])
        printed: list[object] = []
        exec("\n".join((changed, *facts[2:])), {"print": printed.append})
        assert answer == f"Then it would print {printed[0]}."
    elif made.family == "arrow_turn":
        assert {answer.rstrip(".").split()[-1], facts[1]} in ({"left", "right"}, {"up", "down"})
    elif made.family in ("bar_other", "bar_it", "bar_sum"):
        assert isinstance(card, BarChart)
        values = {bar.colour: bar.value for bar in card.bars}
        said = colours_in(answer)
        assert all(answer.endswith(f"is at {values[colour]}.") for colour in said)
        if made.family == "bar_sum":
            assert answer.startswith(" + ".join(str(values[colour]) for colour in before.about))
        elif made.family == "bar_it":
            assert said == colours_in(before.answer)
        else:
            assert said == colours_in(made.question)
    elif made.family == "grid_why":
        assert isinstance(card, Grid)
        common, odd = card.common, card.odd
        by_colour = f"It is {odd.colour}, the others are {common.colour}."
        assert answer == by_colour or (odd.shape in answer and common.shape in answer and card.by_shape)
        assert (answer == by_colour) == (odd.colour != common.colour)


@ALL_KINDS
def test_every_family_has_six_wordings_and_fair_answers(kind: type[Card]) -> None:
    wordings: dict[str, set[str]] = defaultdict(set)
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for _, turn in turns(kind, 500):
        said[turn.family][yes_first(turn.answer).split(",")[0]] += 1
        plain = re.sub(rf"\b({'|'.join(COLOURS)})\b", "#", turn.question)
        wordings[turn.family].add(re.sub(r"\d+", "#", plain))
    for family, questions in wordings.items():
        assert len(questions) >= 6, (family, questions)
        if said[family]["Yes"] and family != "card_stranger":
            share = said[family]["Yes"] / (said[family]["Yes"] + said[family]["No"])
            assert 0.42 < share < 0.58, family


@ALL_KINDS
def test_a_talk_has_its_length_and_says_nothing_twice(kind: type[Card]) -> None:
    rng, follows = random.Random(8), 0
    for _ in range(150):
        card = sample(rng, kind=kind)
        count = rng.randint(1, 7)
        talk = sample_turns(card, rng, count)
        assert len(talk) == count
        assert len({turn.question for turn in talk}) == len({turn.answer for turn in talk}) == count
        follows += sum(turn.question.startswith(("And ", "Why", "How so", "What if")) for turn in talk)
        assert not talk[0].question.startswith(("And ", "Why"))
        for turn in talk:
            assert_plain_english(turn)
    assert follows > 25


def assert_plain_english(turn: CardTurn) -> None:
    for text in (turn.question, turn.answer):
        assert text[-1] in ".?"
        assert text[0].isupper() or text[0].isdigit() or turn.family in ("program_variable", "program_why")
        assert not re.search(r"[{}]|  | [.?,]", text)
        if not turn.family.startswith("program"):  # where "a" may be a name
            assert not re.search(r"\b(a [aeiou]\w|an [^aeiou\W]\w)", text), text
    counts = "two|three|four|five|six|seven|eight|nine"
    assert not re.search(rf"\bThere is one \w+s\.|\b({counts}) (\w+ )?\w+[^s\W]\.$", turn.answer), turn.answer


def test_one_bar_one_slice_and_no_bar_above_are_said_well() -> None:
    rng = random.Random(0)
    chart, pie = sample(rng, kind=BarChart), sample(rng, kind=PieChart)
    assert isinstance(chart, BarChart)
    assert isinstance(pie, PieChart)
    chart = replace(chart, bars=(replace(chart.bars[0], colour="orange", value=1),))
    pie = replace(pie, slices=(Slice("orange", 100, (255, 165, 0)),))
    assert bars.describe(chart) == "I see a bar chart with one orange bar."
    assert bars.count(chart, rng).answer == "There is one bar."
    assert bars.colours(chart, rng).answer == "There is one orange bar."
    assert re.fullmatch(r"No bar is higher than \d\.", bars.above(chart, rng).answer)
    assert pies.describe(pie) == "I see a pie chart with one orange slice."
    assert pies.count(pie, rng).answer == "There is one slice."
    for card in (chart, pie):
        for turn in sample_turns(card, rng, 6):
            assert_plain_english(turn)
            assert "tallest" not in turn.answer


def test_equal_bars_are_neither_taller_nor_tallest() -> None:
    rng = random.Random(0)
    chart = sample(rng, kind=BarChart)
    assert isinstance(chart, BarChart)
    chart = replace(chart, bars=tuple(replace(bar, value=3) for bar in chart.bars[:2]))
    asked = [bars.taller(chart, rng) for _ in range(40)]
    assert {turn.answer for turn in asked if turn} == {"Both are at 3, so no."}
    assert {bars.superlative(chart, rng) for _ in range(10)} == {None}
    for _ in range(40):
        made = bars.difference(chart, rng)
        assert made is not None
        assert made.answer == "3 - 3 = 0."
        assert not re.search(r"taller|higher|Take", made.question)

"""Small files in each benchmark's layout: what is read, how it is scored, and what a wrong layout says."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from chat.engines.base import Delta, Finish, Limits, Request
from chat.errors import VisavisError
from chat.evals.files import coco, mme, pope, vlmeval, vqa
from chat.evals.files.__main__ import main
from chat.evals.files.common import LISTED, Answered, LayoutError, Sample, ask, listing
from prompts import Message

Maker = Callable[..., bytes]


class Parrot:
    """An engine that says one thing and remembers what it was asked."""

    name = "parrot"
    fingerprint = "0"
    limits = Limits(10_000, 100)
    parallel = 1
    embedder = None

    def __init__(self, saying: str = "Yes.") -> None:
        self.saying = saying
        self.requests: list[Request] = []

    def count(self, message: Message) -> int:
        return len(message.text)

    def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
        self.requests.append(request)
        yield Delta(self.saying, Finish("stop"))

    def close(self) -> None: ...


def put(path: Path, content: object) -> None:
    """Write bytes, text, or anything else as JSON, into folders made on the way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def said(samples: list[Sample], *replies: str) -> list[Answered]:
    return [Answered(sample, reply) for sample, reply in zip(samples, replies, strict=True)]


def sample(answer: str, *, key: str = "1", group: str = "all", options: tuple[str, ...] = ()) -> Sample:
    lettered = tuple(zip("ABCD", options, strict=False))
    return Sample(key, group, "?", (answer,), options=lettered)


# ---- MME ------------------------------------------------------------------------------------


@pytest.fixture
def mme_folder(tmp_path: Path, picture: Maker) -> Path:
    folder = tmp_path / "MME"
    for number, colour in (("1", "red"), ("2", "blue")):
        put(folder / f"existence/{number}.png", picture(colour))
        put(folder / f"existence/{number}.txt", "Is there a cat?\tYes\nIs there a dog?\tNo\n")
    put(folder / "artwork/images/9.jpg", picture("green"))
    put(folder / "artwork/questions_answers_YN/9.txt", "﻿Is it by Goya?\tNo\r\nIs it art?\tYes\r\n")
    put(folder / "eval_tool/readme.txt", "no task")
    return folder


def test_mme_is_read_in_both_layouts(mme_folder: Path, picture: Maker) -> None:
    samples = list(mme.read(mme_folder))
    assert [each.key for each in samples] == [
        *["existence/1"] * 2, *["existence/2"] * 2, *["artwork/9"] * 2,
    ]  # fmt: skip
    assert samples[4] == Sample("artwork/9", "artwork", "Is it by Goya?", ("no",), (picture("green"),))
    assert samples[2].pictures == (picture("blue"),)
    assert [each.key for each in mme.read(mme_folder, 1)] == [*["existence/1"] * 2, *["artwork/9"] * 2]


def test_mme_counts_questions_and_whole_pictures(mme_folder: Path) -> None:
    samples = list(mme.read(mme_folder))
    scores = mme.score(said(samples, "Yes.", "no", "Yes, one.", "Yes.", "I cannot say.", "Nope."))
    # Existence: three of four right, one of two pictures wholly right.
    assert scores["existence"] == pytest.approx(75 + 50)
    assert scores["artwork"] == 0
    assert scores["perception"] == pytest.approx(125)
    assert scores["cognition"] == 0
    assert scores["unclear"] == pytest.approx(100 / 6)
    perfect = mme.score([Answered(each, each.answers[0]) for each in samples])
    assert perfect["perception"] == 400


def test_mme_complains_of_a_line_and_of_a_picture(mme_folder: Path) -> None:
    (mme_folder / "existence/2.png").unlink()
    with pytest.raises(LayoutError, match="existence/2 has no picture"):
        list(mme.read(mme_folder))
    put(mme_folder / "existence/1.txt", "Is there a cat? Yes\n")
    with pytest.raises(LayoutError, match="without a tab"):
        list(mme.read(mme_folder))


# ---- POPE -----------------------------------------------------------------------------------


@pytest.fixture
def pope_folder(tmp_path: Path, picture: Maker) -> Path:
    folder = tmp_path / "POPE"
    rows = [
        {"question_id": number, "image": "a.jpg", "text": f"Is there a {thing} in the image?", "label": label}
        for number, (thing, label) in enumerate(
            [("cat", "yes"), ("dog", "no"), ("cow", "yes"), ("hen", "no")], 1
        )
    ]
    put(folder / "coco_pope_random.json", "".join(json.dumps(row) + "\n" for row in rows))
    put(folder / "coco_pope_popular.json", json.dumps(rows[1]) + "\n")
    put(folder / "val2014/a.jpg", picture())
    return folder


def test_pope_is_read_and_scored(pope_folder: Path) -> None:
    samples = list(pope.read(pope_folder))
    assert [each.group for each in samples] == ["random"] * 4 + ["popular"]
    assert samples[0].question == "Is there a cat in the image?"
    scores = pope.score(said(samples, "Yes.", "Yes, it is.", "There is no cow.", "No.", "no"))
    assert scores["random_accuracy"] == scores["random_yes_ratio"] == 50
    assert scores["random_precision"] == scores["random_recall"] == scores["random_f1"] == 50
    assert scores["popular_accuracy"] == 100
    assert scores["popular_f1"] == 0
    assert scores["f1"] == 25
    assert scores["unclear"] == 20
    assert len(list(pope.read(pope_folder, 2))) == 3


@pytest.mark.parametrize(
    ("reply", "yes"),
    [
        ("No, there is not.", False),
        ("There is not a cat. Yes.", False),
        ("A cat.", True),
        ("Yes. There is no dog.", True),
        ("nothing", True),
    ],
)
def test_pope_takes_what_is_not_no_for_yes(reply: str, yes: bool) -> None:
    assert pope.said_yes(reply) is yes


def test_pope_complains_of_a_label(pope_folder: Path) -> None:
    put(pope_folder / "coco_pope_random.json", '{"image": "a.jpg", "text": "?", "label": "maybe"}\n')
    with pytest.raises(LayoutError, match="label is 'maybe'"):
        list(pope.read(pope_folder))


# ---- VQAv2 ----------------------------------------------------------------------------------


@pytest.fixture
def vqa_folder(tmp_path: Path, picture: Maker) -> Path:
    folder = tmp_path / "VQA"
    put(folder / "val2014/COCO_val2014_000000000042.jpg", picture())
    question = {"image_id": 42, "question": "What is it?", "question_id": 42000}
    more = {"image_id": 42, "question": "How many?", "question_id": 42001}
    put(folder / vqa.QUESTIONS, {"questions": [question, more]})
    notes = [
        {"question_id": 42001, "answer_type": "number", "answers": [{"answer": "2"}] * 10},
        {
            "question_id": 42000,
            "answer_type": "other",
            "answers": [{"answer": "a dog"}] * 8 + [{"answer": "puppy"}] * 2,
        },
    ]
    put(folder / vqa.ANNOTATIONS, {"annotations": notes})
    return folder


def test_vqa_is_read_and_scored(vqa_folder: Path) -> None:
    samples = list(vqa.read(vqa_folder))
    assert [(each.key, each.group, each.question) for each in samples] == [
        ("42000", "other", "What is it?"),
        ("42001", "number", "How many?"),
    ]
    scores = vqa.score(said(samples, "puppy", "There are two."))
    # Two people said puppy: leaving one of them out leaves one, leaving out another leaves both.
    assert scores["accuracy_other"] == pytest.approx(100 * (2 * 1 / 3 + 8 * 2 / 3) / 10)
    assert scores["accuracy_number"] == 0
    assert scores["accuracy"] == pytest.approx(scores["accuracy_other"] / 2)
    assert scores["held"] == 50
    assert vqa.score(said(samples, "Dog.", "two"))["accuracy"] == 100
    assert len(list(vqa.read(vqa_folder, 1))) == 1


# ---- COCO -----------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["", "annotations/"])
def test_coco_is_read_and_scored(tmp_path: Path, picture: Maker, where: str) -> None:
    files = {1: "COCO_val2014_000000000001.jpg", 2: "COCO_val2014_000000000002.jpg", 3: "c.jpg"}
    notes = [(1, "A red bus on the road. "), (2, "Two cats sleep on a bed."), (1, "A bus drives by a shop.")]
    content = {
        "images": [{"id": number, "file_name": name} for number, name in files.items()],
        "annotations": [{"image_id": number, "id": 7, "caption": words} for number, words in notes],
    }
    put(tmp_path / where / coco.CAPTIONS, content)
    for name in list(files.values())[:2]:
        put(tmp_path / "val2014" / name, picture())
    samples = list(coco.read(tmp_path))
    assert [each.answers for each in samples] == [
        ("A red bus on the road.", "A bus drives by a shop."),
        ("Two cats sleep on a bed.",),
    ]
    scores = coco.score(said(samples, "a bus drives by a shop", "two cats sleep on a bed"))
    assert scores["bleu4"] == pytest.approx(100)
    assert scores["rouge_l"] == pytest.approx(100)


# ---- VLMEvalKit -----------------------------------------------------------------------------


def tsv(path: Path, *rows: tuple[str, ...]) -> Path:
    put(path, "".join("\t".join(row) + "\n" for row in rows))
    return path


def test_vlmeval_is_read(tmp_path: Path, picture: Maker) -> None:
    red, blue = (base64.b64encode(picture(colour)).decode() for colour in ("red", "blue"))
    path = tsv(
        tmp_path / "MMBench.tsv",
        ("index", "image", "question", "answer", "A", "B", "category", "hint"),
        ("0", red, "Which colour?", "B", "blue", "red", "colour", "Look."),
        ("1", "0", "Is it red?", "Yes", "", "", "", ""),
        ("2", f"['{red}', '{blue}']", "What is it?", "paint", "", "", "other", ""),
    )
    samples = list(vlmeval.read(tmp_path))
    assert samples == list(vlmeval.read(path))
    assert samples[0].question.splitlines() == [
        "Hint: Look.",
        "Question: Which colour?",
        "Options:",
        "A. blue",
        "B. red",
        "Please select the correct answer from the options above.",
    ]
    assert samples[0].options == (("A", "blue"), ("B", "red"))
    assert [each.pictures for each in samples] == [
        (picture("red"),), (picture("red"),), (picture("red"), picture("blue")),
    ]  # fmt: skip
    scores = vlmeval.score(said(samples, "B", "It is.", "Some paint."))
    assert scores["accuracy"] == pytest.approx(200 / 3)
    assert scores["accuracy_colour"] == scores["accuracy_other"] == 100
    assert scores["accuracy_all"] == 0


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("B", "B"),
        ("(C) on top", "C"),
        ("B. a red circle", "B"),
        ("The answer is C.", "C"),
        ("I think the answer: B", "B"),
        ("A red circle.", "B"),
        ("It is at the top left.", "D"),
        ("It is left.", ""),
        ("A red circle on top", ""),
        ("Hard to say.", ""),
        ("D", "D"),
    ],
)
def test_a_choice_is_read_from_a_reply(reply: str, letter: str) -> None:
    options = (("A", "blue"), ("B", "red circle"), ("C", "on top"), ("D", "top left"))
    assert vlmeval.chosen(reply, options) == letter


def test_vlmeval_complains(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match=r"there are 0 \.tsv files"):
        list(vlmeval.read(tmp_path))
    path = tsv(tmp_path / "a.tsv", ("index", "question"))
    with pytest.raises(LayoutError, match="no column image, answer"):
        list(vlmeval.read(path))
    tsv(path, ("index", "image", "question", "answer"), ("5", "4", "?", "yes"))
    with pytest.raises(LayoutError, match=r"row 5, is not of this form.*row '4'"):
        list(vlmeval.read(path))


# ---- all of them ----------------------------------------------------------------------------

READERS = {"mme": mme.read, "pope": pope.read, "vqa": vqa.read, "coco": coco.read, "vlmeval": vlmeval.read}


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("exists", [True, False])
def test_a_wrong_layout_shows_both_trees(kind: str, exists: bool, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    if exists:
        put(folder / "deep/file.bin", b"")
    with pytest.raises(LayoutError) as caught:
        next(READERS[kind](folder))
    expected, found = str(caught.value).split("\nFound:\n")
    assert "\nExpected:\nFOLDER/\n" in expected
    assert ("deep/\n        file.bin" if exists else "does not exist") in found
    assert isinstance(caught.value, VisavisError)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "not of this form"),
        ("{}", "no field 'questions'"),
        ('{"questions": [{}]}', "no field 'question_id'"),
    ],
)
def test_a_damaged_file_is_named(content: str, complaint: str, vqa_folder: Path) -> None:
    put(vqa_folder / vqa.QUESTIONS, content)
    with pytest.raises(LayoutError, match=complaint) as caught:
        list(vqa.read(vqa_folder))
    assert vqa.QUESTIONS in str(caught.value)


def test_a_missing_picture_is_named(vqa_folder: Path) -> None:
    shutil.rmtree(vqa_folder / "val2014")
    (vqa_folder / "val2014").mkdir()
    with pytest.raises(LayoutError, match=r"000000000042\.jpg cannot be read"):
        next(vqa.read(vqa_folder))


def test_a_listing_is_short(tmp_path: Path) -> None:
    for number in range(LISTED + 5):
        put(tmp_path / f"{number:02}", "")
    assert len(listing(tmp_path)) == LISTED + 2
    assert listing(tmp_path)[-1].strip() == "… and 5 more"


def test_an_engine_is_asked_with_the_picture(pope_folder: Path, picture: Maker) -> None:
    engine = Parrot("No.")
    answers = list(ask(engine, pope.read(pope_folder, 1), "Answer in a word."))
    assert [each.reply for each in answers] == ["No.", "No."]
    assert all(each.sample.pictures == () for each in answers)
    (message,) = engine.requests[0].messages
    assert message.text == "Is there a cat in the image? Answer in a word."
    assert [engine.requests[0].read_image(image.sha256) for image in message.images] == [picture()]


def test_the_command_line_ends_with_flat_json(mme_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = mme_folder / "answers.jsonl"
    main(["--kind", "mme", "--folder", str(mme_folder), "--engine", "echo", "--save", str(saved)])
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["questions"] == 6
    assert last["mme_perception"] == 0
    assert last["mme_unclear"] == 100
    assert not any(isinstance(value, dict | list) for value in last.values())
    assert json.loads(saved.read_text("utf-8").splitlines()[0])["key"] == "existence/1"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [([], "Expected:\nFOLDER/"), (["--limit", "0"], "leaves no questions")],
)
def test_the_command_line_says_what_is_wrong(options: list[str], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--kind", "mme", "--folder", str(tmp_path), "--engine", "echo", *options])
    assert complaint in str(caught.value)


def test_files_without_questions_are_refused(vqa_folder: Path) -> None:
    put(vqa_folder / vqa.QUESTIONS, {"questions": []})
    with pytest.raises(SystemExit, match="no question is in them"):
        main(["--kind", "vqa", "--folder", str(vqa_folder), "--engine", "echo"])


def test_a_damaged_picture_is_named(pope_folder: Path) -> None:
    put(pope_folder / "val2014/a.jpg", b"no picture")
    with pytest.raises(SystemExit, match=r"The picture of a\.jpg cannot be used"):
        main(["--kind", "pope", "--folder", str(pope_folder), "--engine", "echo"])

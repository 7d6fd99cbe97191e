"""COCO captions: five sentences by people for each picture (Chen et al. 2015, arXiv:1504.00325)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from chat.evals.caption_metrics import caption_scores
from chat.evals.files.common import Answered, Layout, Sample

CAPTIONS = "captions_val2014.json"
QUESTION = "Describe the picture."

LAYOUT = Layout(
    "COCO captions",
    f"""
FOLDER/
    {CAPTIONS}           here or in annotations/
    val2014/
        COCO_val2014_000000391895.jpg
""",
)


def read(folder: Path, limit: int | None = None) -> Iterator[Sample]:
    """The first `limit` pictures that have captions. Raises LayoutError."""
    name = next(
        (name for name in (CAPTIONS, f"annotations/{CAPTIONS}") if (folder / name).is_file()), CAPTIONS
    )
    pictures, content = LAYOUT.need(folder, "val2014"), LAYOUT.json(folder, name)
    captions: dict[object, list[str]] = {}
    with LAYOUT.fields(folder, name):
        for note in content["annotations"]:
            captions.setdefault(note["image_id"], []).append(str(note["caption"]).strip())
        images = [
            (captions[each["id"]], str(each["file_name"]))
            for each in content["images"]
            if each["id"] in captions
        ]
    for sentences, file in images[:limit]:
        yield Sample(file, "captions", QUESTION, tuple(sentences), (LAYOUT.read(folder, pictures / file),))


def score(answered: Sequence[Answered]) -> dict[str, float]:
    """The metrics of `chat.evals.caption_metrics` against all of a picture's captions."""
    return caption_scores([each.reply for each in answered], [each.sample.answers for each in answered])

"""Tux Paint's stamps: each has a text beside it whose first sentence says what it shows.

The names are made by rule from that sentence ("A very small pumpkin." is a
pumpkin) and put right by `stamp_corrections` where the rule or the sentence is
not what a person would say of the picture.
"""

from __future__ import annotations

import re
from pathlib import Path

from chat.training.sources.cutout import Cutout, Medium
from chat.training.sources.stamp_corrections import BROADER, DROPPED, HAND_DRAWN, KEPT, RENAMED

FOLDER = Path("/usr/share/tuxpaint/stamps")

# The kind of thing a folder holds: the first that a stamp's path begins with. "" where the folder is mixed.
FOLDERS = {
    "animals/birds": "bird",
    "animals/dinosaur": "dinosaur",
    "animals/fish": "fish",
    "animals/insects": "insect",
    "animals": "animal",
    "clothes": "clothing",
    "food/dessert": "dessert",
    "food/fruit": "fruit",
    "food/nuts": "nut",
    "food/vegetables": "vegetable",
    "food": "food",
    "hobbies/music": "musical instrument",
    "household/tools": "tool",
    "household/electronics": "device",
    "military/vehicles": "vehicle",
    "people/body_parts": "",
    "people": "person",
    "plants/flowers": "flower",
    "plants/mushrooms": "mushroom",
    "plants/trees": "tree",
    "plants": "plant",
    "seasonal/easter": "animal",
    "space/planets": "planet",
    "sports": "sports equipment",
    "town/houses": "building",
    "town/flags": "flag",
    "vehicles": "vehicle",
}

# Words that say how one picture looks, not what the thing is called.
DESCRIBING = frozenset(
    "a an the some one two our very big large huge small little tiny old modern colorful colourful happy "
    "red blue green yellow brown grey gray white black pink purple golden silver orange wooden ripe lit "
    "open closed folded wrapped sliced sitting sleeping singing male female baby sweet toy floppy-eared "
    "big-eared eared great electric old-fashioned".split()
)
PREFIXES = re.compile(r"^(?:an? |the |some )?(?:pair|bunch|cluster|head|cup|tube|loaf|string) of ")


def describe(sentence: str) -> str:
    """The name in a stamp's first sentence, without articles, words for looks and what follows it."""
    text = sentence.strip().lower().replace("’", "'")
    text = re.split(r"[.!?,;:—–(]| - | with | in | for | from | of the | covered | playing ", text)[0].strip()
    text = PREFIXES.sub("", text).replace('"', "").replace("“", "").replace("”", "")
    words = text.split()
    while len(words) > 1 and words[0] in DESCRIBING:
        words = words[1:]
    return " ".join(words)


def _folder(key: str) -> str:
    return next((kind for folder, kind in FOLDERS.items() if key.startswith(folder + "/")), "")


def _ends(key: str) -> list[str]:
    """The path's ends of whole parts, the longest first: "a/b/c", "b/c", "c"."""
    parts = key.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _listed(key: str, names: tuple[str, ...]) -> bool:
    """Whether `names` holds an end of the path, or a folder that the whole path begins with."""
    return any(end in names for end in _ends(key)) or key.startswith(tuple(name + "/" for name in names))


def _stamp(key: str, text: Path) -> Cutout | None:
    pictures = [text.with_suffix(suffix) for suffix in (".png", ".svg")]
    picture = next((path for path in pictures if path.exists()), None)
    if picture is None or (_listed(key, DROPPED) and not _listed(key, KEPT)):
        return None
    first = text.read_text(encoding="utf-8").split("\n", 1)[0]
    name = next((RENAMED[end] for end in _ends(key) if end in RENAMED), None) or describe(first)
    broader = BROADER.get(name, _folder(key)).replace("-", "")
    drawn = pictures[1].exists() or "/cartoon/" in key or _listed(key, HAND_DRAWN)
    medium: Medium = "drawing" if drawn else "photograph"
    return Cutout(str(picture), name, "" if broader == name else broader, medium, "tuxpaint")


def stamps(folder: Path = FOLDER) -> list[Cutout]:
    """Every stamp of one nameable thing in `folder`, in order of path; none where it is not installed."""
    texts = sorted(folder.rglob("*.txt"))
    found = (_stamp(text.relative_to(folder).with_suffix("").as_posix(), text) for text in texts)
    return [cutout for cutout in found if cutout is not None]

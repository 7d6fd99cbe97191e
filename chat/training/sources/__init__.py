"""Freely licensed pictures that training scenes are composed of; docs/sources.md lists their packages.

None of them is shipped with the program, and none is needed to run it.
"""

from chat.training.sources.catalogue import backgrounds, cutouts
from chat.training.sources.cutout import Cutout, Medium, SourcesMissing
from chat.training.sources.pictures import load_background, load_cutout

__all__ = [
    "Cutout",
    "Medium",
    "SourcesMissing",
    "backgrounds",
    "cutouts",
    "load_background",
    "load_cutout",
]

"""The catalogue: every installed cut-out and background, in an order that never changes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from chat.training.sources import clipart, emoji, stamps
from chat.training.sources.backgrounds import wallpapers
from chat.training.sources.cutout import Cutout, SourcesMissing

PACKAGES = "tuxpaint-stamps-default, openclipart-png, fonts-noto-color-emoji"
WALLPAPERS = "mate-backgrounds, lomiri-wallpapers-16.04, lomiri-wallpapers-20.04, ukui-wallpapers"


def gather(stamp_folder: Path, clipart_folder: Path, font: Path) -> tuple[Cutout, ...]:
    """The cut-outs of the sources that are where they are said to be, in order of source.

    Raises:
        SourcesMissing: none of them is there.
    """
    found = (*stamps.stamps(stamp_folder), *clipart.clipart(clipart_folder), *emoji.emoji(font))
    if not found:
        raise SourcesMissing(
            f"No training pictures are installed. Install these Debian packages: {PACKAGES}."
        )
    return found


@cache
def cutouts() -> tuple[Cutout, ...]:
    """Every cut-out of the sources installed here, ordered by source.

    Raises:
        SourcesMissing: no source of cut-outs is installed.
    """
    return gather(stamps.FOLDER, clipart.FOLDER, emoji.FONT)


@cache
def backgrounds() -> tuple[str, ...]:
    """The paths of the pictures that scenes may stand on, in a fixed order.

    Raises:
        SourcesMissing: no package of wallpapers is installed.
    """
    found = tuple(wallpapers())
    if not found:
        raise SourcesMissing(
            f"No background pictures are installed. Install these Debian packages: {WALLPAPERS}."
        )
    return found

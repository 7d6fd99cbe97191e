"""Photographs and abstract pictures from wallpaper packages, for scenes to stand on."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path("/usr/share/backgrounds")

# Chosen by looking. Left out are those with writing, and those that show an animal, a flower or some other
# thing which a scene's questions might be about: a scene must hold only what its description names.
PHOTOGRAPHS = """
    mate/nature/Aqua.jpg mate/nature/Blinds.jpg mate/nature/Dune.jpg mate/nature/GreenMeadow.jpg
    mate/nature/RainDrops.jpg mate/nature/Storm.jpg mate/nature/Wood.jpg Bridge_by_Sander_Klootwijk.jpg
    aitzgorri_by_Aitzol_Berasategi.jpg analogpattern_by_Peter_Nerlich.jpg life_by_Aitzol_Berasategi.jpg
    picosdeeuropa_by_Aitzol_Berasategi.jpg seeding_by_Clements_Engelhardt.jpg sunset_by_Aitzol_Berasategi.jpg
""".split()
ABSTRACT = """
    Fossa_by_Jasper_Roks.jpg Painting-Colors_by__herobrine7gamer.jpg fluent-color.png
    string.jpg umang_by_Abhishek_Mudgal.jpg
""".split()


def wallpapers(folder: Path = FOLDER) -> list[str]:
    """The chosen photographs, then the chosen abstract pictures, as far as they are installed in `folder`."""
    return [str(folder / name) for name in (*PHOTOGRAPHS, *ABSTRACT) if (folder / name).exists()]

"""Are photographs named rightly? `python -m chat.evals photographs --engine builtin`.

Asks what each picture of a labelled folder is, prints every reply, and as the last line flat JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from chat.evals.engines import add_engine, open_engine
from chat.evals.labelled import PHOTOGRAPHS, accuracy, name_pictures


def main(argv: Sequence[str] | None = None) -> None:
    """Run what the arguments ask for; LayoutError for a folder of another kind."""
    parser = argparse.ArgumentParser(prog="python -m chat.evals photographs", description=__doc__)
    parser.add_argument("--folder", type=Path, default=PHOTOGRAPHS, help="pictures with their labels.jsonl")
    add_engine(parser)
    args = parser.parse_args(argv)
    engine = open_engine(args)
    named = []
    for each in name_pictures(engine, args.folder):
        named.append(each)
        print(f"{'right' if each.right else 'wrong'}  {each.label.path.name}: {each.reply}")
    print(json.dumps({"photographs": len(named), "named": round(accuracy(named), 1)}))

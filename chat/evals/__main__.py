"""Measure a model: `python -m chat.evals run|manifest|files|photographs|quick …`.

run          the generated suite, with controls and a report
manifest     sha256 of each item of the suite
files        benchmarks from disk: MME, POPE, VQAv2, VisDial, COCO captions, VLMEvalKit tables
photographs  names of the things in a folder of labelled photographs
quick        held-out dialogues of training's kind; what runs if no command is named
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence

from chat.errors import VisavisError


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command that the arguments name; an error of the program's own ends it with its message."""
    args = list(sys.argv[1:] if argv is None else argv)
    if args and args[0] in ("-h", "--help"):
        print(__doc__)
        args = ["--help"]
    command = args.pop(0) if args and args[0] in COMMANDS else "quick"
    try:
        COMMANDS[command](args)
    except VisavisError as error:
        raise SystemExit(f"chat.evals: {error}") from None


def _run(argv: Sequence[str]) -> None:
    from chat.evals import measure

    measure.main(argv)


def _quick(argv: Sequence[str]) -> None:
    from chat.evals import quick

    quick.main(argv)


def _files(argv: Sequence[str]) -> None:
    from chat.evals.files.__main__ import main as files

    files(argv)


def _photographs(argv: Sequence[str]) -> None:
    from chat.evals import naming

    naming.main(argv)


def _manifest(argv: Sequence[str]) -> None:
    from chat.evals.build import MANIFEST, PARTS, build, digests, manifest
    from chat.evals.sizes import SIZES

    parser = argparse.ArgumentParser(prog="python -m chat.evals manifest", description="sha256 of each item")
    parser.add_argument("--suite", choices=tuple(SIZES), default="smoke")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--splits", default="iid")
    parser.add_argument("--write", action="store_true", help=f"also write {MANIFEST.name}, of smoke and iid")
    asked = parser.parse_args(argv)
    items = build(asked.suite, asked.parts.split(","), asked.splits.split(","))
    for line in manifest(items):
        print(line)
    if asked.write:
        whole = digests(build("smoke"))
        MANIFEST.write_text(json.dumps(whole, indent=2) + "\n", "utf-8")


COMMANDS: dict[str, Callable[[Sequence[str]], None]] = {
    "run": _run,
    "manifest": _manifest,
    "files": _files,
    "photographs": _photographs,
    "quick": _quick,
}
"""Each imports what it needs when it is called."""

if __name__ == "__main__":
    main()

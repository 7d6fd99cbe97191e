"""Look after conversations from the command line: `python -m memory list`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from tqdm import tqdm

from memory import commands
from memory.commands import Command
from memory.facts import EVERY_PERSONA
from memory.places import default_database
from memory.transfer import FORMATS, Progress
from prompts import VisavisError

FAILED = 2
"""The exit code when it could not be done, the same as for wrong arguments."""

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""

EPILOG = """\
examples:
  python -m memory list                            the conversations, with the beginnings of their ids
  python -m memory export all.zip                  everything you have, as a bundle
  python -m memory export talk.html 3f2a           one conversation, as a page to send to somebody
  python -m memory import chatgpt-export.zip       what was said elsewhere
  python -m memory facts add "I am colour-blind"   to be remembered in every conversation
  python -m memory backup 2026-01-31.zip           the whole database, while the program runs

Every command takes --json, which prints the result as JSON, --database FILE and --owner NAME;
--help after a command explains it, such as the forms that export takes as --format.

The exit code is 0 if all is well, 1 if something was found wrong (verify, backup, restore),
2 if it could not be done, 130 after Ctrl-C."""


Add = Callable[[str, Command], argparse.ArgumentParser]
_Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; the exit code."""
    options = parser().parse_args(arguments)
    command: Command = options.command
    try:
        with _progress() as progress:
            outcome = command(options, progress)
    except VisavisError as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    lines = [json.dumps(outcome.value, ensure_ascii=False, indent=2)] if options.json else outcome.lines
    try:
        for line in lines:
            print(line)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever was reading has seen enough; the interpreter is not to complain about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return outcome.code


def parser() -> argparse.ArgumentParser:
    """The command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print the result as JSON")
    common.add_argument(
        "--database",
        metavar="FILE",
        type=lambda text: Path(text).expanduser().absolute(),
        default=default_database(),
        help="the database (default: visavis.db in your data folder, which VISAVIS_DATA moves)",
    )
    common.add_argument("--owner", default="local", help="whose conversations (default: %(default)s)")
    made = argparse.ArgumentParser(
        prog="python -m memory",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands_at = made.add_subparsers(required=True, metavar="COMMAND")
    add = _adder(commands_at, common)
    _add_reading(add)
    _add_facts(commands_at, common)
    _add_moving(add)
    add("verify", commands.verify)
    add("backup", commands.back_up).add_argument(
        "target", type=_path, help="a folder, or a file that ends in .zip, which does not exist yet"
    )
    add("restore", commands.restore).add_argument(
        "source", type=_path, help="a backup; --database says where to"
    )
    add("stats", commands.stats)
    add("gc", commands.collect)
    add("schema", commands.schema)
    return made


def _adder(place: _Subparsers, common: argparse.ArgumentParser) -> Add:
    """What adds a command there: `add(name, command)`, with the options that all have."""

    def add(name: str, command: Command) -> argparse.ArgumentParser:
        words = (command.__doc__ or "").partition("\n")[0]
        added = place.add_parser(name, help=words, description=words, parents=[common])
        added.set_defaults(command=command)
        return added

    return add


def _add_facts(place: _Subparsers, common: argparse.ArgumentParser) -> None:
    words = "What is remembered beyond single conversations: list, add, edit, delete."
    facts = place.add_parser("facts", help=words, description=words)
    add = _adder(facts.add_subparsers(required=True, metavar="ACTION"), common)
    add("list", commands.list_facts).add_argument("--persona", help="only those that hold for this one")
    adding = add("add", commands.add_fact)
    adding.add_argument("words", nargs="+", help='the fact, such as "I am colour-blind"')
    adding.add_argument(
        "--persona", default=EVERY_PERSONA, help="the only one that it is for (default: it is for all)"
    )
    editing = add("edit", commands.edit_fact)
    editing.add_argument("fact", help="its id, or the beginning of it")
    editing.add_argument("words", nargs="*", help="what it says from now on")
    editing.add_argument("--persona", help='the only one that it is for from now on; "" for all')
    add("delete", commands.delete_fact).add_argument("fact", help="its id, or the beginning of it")


def _add_reading(add: Add) -> None:
    listing = add("list", commands.list_conversations)
    listing.add_argument("--limit", type=int, metavar="N", help="so many at most")
    listing.add_argument("--archived", action="store_true", help="those that were put away")
    listing.add_argument("--tag", help="only those with this tag")
    add("show", commands.show).add_argument("conversation", help="its id, or the beginning of it")
    searching = add("search", commands.search)
    searching.add_argument("words", nargs="+", help="words that have to be there; quoted ones together")
    searching.add_argument(
        "--limit", type=int, default=20, metavar="N", help="so many of each at most (default: 20)"
    )
    searching.add_argument("--since", type=commands.moment, metavar="DATE", help="said then or later")
    searching.add_argument("--until", type=commands.moment, metavar="DATE", help="said before then")
    searching.add_argument("--conversation", metavar="ID", help="only in this one")
    searching.add_argument("--has-picture", action="store_true", help="only where there is a picture")
    searching.add_argument("--persona", help="only with this persona")
    searching.add_argument("--engine", help="only in turns answered by this engine")


def _add_moving(add: Add) -> None:
    exporting = add("export", commands.export)
    exporting.add_argument(
        "target",
        type=_path,
        help="a new file; for markdown and sharegpt a new folder, or a file that ends in .zip",
    )
    exporting.add_argument("conversations", nargs="*", metavar="ID", help="only these conversations")
    exporting.add_argument(
        "--format",
        choices=tuple(commands.EXPORTS),
        help="bundle, which loses nothing; the others hold the branch that is shown (default: by the "
        "target's name: html for .html, openai for .json, otherwise bundle)",
    )
    importing = add("import", commands.import_conversations)
    importing.add_argument("source", type=_path, help="a bundle, another program's export, or llm's logs.db")
    importing.add_argument(
        "--format", choices=FORMATS, help="what it is (default: told by what is in the file)"
    )


@contextmanager
def _progress() -> Iterator[Progress]:
    """Progress bars, one after another, on a terminal alone."""
    bars: dict[str, tqdm] = {}

    def advance(what: str, done: int, total: int | None = None) -> None:
        if what not in bars:
            for bar in bars.values():
                bar.close()
            # None: only if stderr is a terminal.
            bars[what] = tqdm(desc=what, total=total, file=sys.stderr, leave=False, disable=None)
        bars[what].update(done - bars[what].n)

    try:
        yield advance
    finally:
        for bar in bars.values():
            bar.close()


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


if __name__ == "__main__":
    sys.exit(main())

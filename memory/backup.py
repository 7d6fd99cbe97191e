"""Copies of a whole database, taken while it is in use, and the way back.

A backup is a folder, or a zip archive of it, with the database and its pictures as they lie in the data
folder, so that a folder can also be opened where it is. Snapshots of caches are left out: they can be
computed again.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from memory.db import explain
from memory.errors import ImageError, StoreError
from memory.store import Store
from memory.transfer.archive import Archive, Files, Folder
from memory.transfer.progress import Progress, silent
from memory.transfer.targets import NewFiles, explained, new_files

DATABASE = "visavis.db"
PICTURES = "visavis.pictures"

_NAME = re.compile(rf"{DATABASE}|{PICTURES}/([0-9a-f]{{2}})/(\1[0-9a-f]{{62}})")
_COPIED_BYTES = 1 << 20


@dataclass(slots=True)
class Copied:
    """How many pictures were copied with the database, and what is wrong with it or them, in words."""

    pictures: int = 0
    problems: list[str] = field(default_factory=list)


def backup(store: Store, target: Path, *, progress: Progress = silent) -> Copied:
    """Copy the database, every owner's, into a new folder or, if its name ends so, .zip archive.

    What is committed before this begins is in it. A picture that is missing or altered on disk is told
    in the result, and the rest is copied. Raises StoreError if there is something of that name already,
    or it cannot be written.
    """
    copied = Copied()
    with new_files(target) as files, tempfile.TemporaryDirectory(dir=target.parent) as folder:
        # Pictures first and once more: one that is deleted while this runs is in the copy all the same.
        first = _pictures_of(store.path)
        _copy_pictures(store, files, first, copied, progress)
        copy = Path(folder) / DATABASE
        _copy_database(store, copy)
        later = [sha256 for sha256 in _pictures_of(copy) if sha256 not in set(first)]
        _copy_pictures(store, files, later, copied, progress)
        files.copy(DATABASE, copy)
    return copied


def restore(source: Path, database: Path, *, progress: Progress = silent) -> Copied:
    """Put a backup, folder or archive, in the place of a database that does not exist yet.

    Everything in it is examined, as by `Store.verify`, and what is wrong is told in the result. Raises
    StoreError if there is something at that place already, if this is no backup or one of a newer
    version, or if it cannot be written.
    """
    pictures = database.with_name(f"{database.name.removesuffix('.db')}.pictures")
    for place in (database, pictures):
        if place.exists():
            raise StoreError(f"{place} is there already. Restore to another place, or move it away.")
    with ExitStack() as stack:
        files: Files = Folder(source)
        if not source.is_dir():
            files = stack.enter_context(Archive(source, lambda name: _NAME.fullmatch(name) is not None))
        if DATABASE not in files.names():
            raise StoreError(f"{source} has no {DATABASE} in it, so it is not a backup. Choose another.")
        with explained(database):
            database.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=database.parent)))
        copied = _unpack(files, folder, progress)
        with Store.open(folder / DATABASE) as store:
            copied.problems += store.verify()
        with explained(database):
            # The database last: once it is there, all of it is.
            (folder / PICTURES).replace(pictures)
            (folder / DATABASE).replace(database)
    return copied


def _pictures_of(path: Path) -> list[str]:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            return [sha256 for (sha256,) in database.execute("SELECT sha256 FROM images ORDER BY sha256")]
    except sqlite3.Error as error:
        raise explain(error, path) from error


def _copy_database(store: Store, copy: Path) -> None:
    try:
        store.connections.database().execute("VACUUM INTO ?", (str(copy),))
        with closing(sqlite3.connect(copy, isolation_level=None)) as database:
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("DELETE FROM snapshots")
            database.execute("DELETE FROM parts")
    except sqlite3.Error as error:
        raise explain(error, copy) from error


def _copy_pictures(
    store: Store, files: NewFiles, hashes: Iterable[str], copied: Copied, progress: Progress
) -> None:
    hashes = list(hashes)
    for done, sha256 in enumerate(hashes, start=1):
        try:
            files.write(f"{PICTURES}/{sha256[:2]}/{sha256}", store.images.read(sha256))
            copied.pictures += 1
        except ImageError as error:
            # One that was deleted while this runs is no loss.
            if sha256 in store.images:
                copied.problems.append(str(error))
        progress("pictures", done, len(hashes))


def _unpack(files: Files, folder: Path, progress: Progress) -> Copied:
    """Copy the files of a backup into a folder; those that do not belong to one are passed over."""
    copied = Copied()
    (folder / PICTURES).mkdir()
    names = [name for name in files.names() if _NAME.fullmatch(name)]
    for done, name in enumerate(names, start=1):
        place = folder / name
        with files.open(name) as source, explained(place):
            place.parent.mkdir(exist_ok=True)
            with place.open("xb") as target:
                shutil.copyfileobj(source, target, _COPIED_BYTES)
        copied.pictures += name != DATABASE
        progress("files", done, len(names))
    return copied

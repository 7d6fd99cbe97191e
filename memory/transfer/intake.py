"""What comes in from a file, whichever of the known forms it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from memory.errors import StoreError
from memory.store import Store
from memory.transfer import chatgpt, claude, foreign, jsonio, llm_logs, openai
from memory.transfer.archive import Archive, Files, Folder
from memory.transfer.bundle import MANIFEST
from memory.transfer.foreign import Foreign
from memory.transfer.progress import Progress, counted, silent
from memory.transfer.report import Report
from memory.transfer.staging import Staging
from memory.transfer.unbundle import import_bundle

Reader = Callable[[Files, Sequence[str]], Iterator[Foreign]]

READERS: dict[str, Reader] = {
    "chatgpt": chatgpt.conversations,
    "claude": claude.conversations,
    "openai": openai.conversations,
}
"""Forms that are JSON files, by the names of the programs they come from."""

FORMATS = ("bundle", *READERS, "llm")

_ZIP = b"PK\x03\x04"


def import_file(store: Store, path: Path, kind: str | None = None, *, progress: Progress = silent) -> Report:
    """Take in all conversations of a bundle, or of another program's export, as a file or folder.

    `kind` is one of FORMATS; None tells them apart by what is in the file. Nothing is kept unless all
    of it can be read: otherwise this raises StoreError, and the store is as it was.
    """
    if kind not in (None, *FORMATS):
        raise StoreError(f"There is no form {kind!r}; choose one of {', '.join(FORMATS)}.")
    if not path.exists():
        raise StoreError(f"There is no file {path}. Check the path.")
    head = b"" if path.is_dir() else _head(path)
    if kind == "llm" or (kind is None and head.startswith(llm_logs.SIGNATURE)):
        return _stage(store, llm_logs.conversations(path), progress)
    with ExitStack() as closing:
        files: Files = Folder(path)
        if head.startswith(_ZIP):
            files = closing.enter_context(Archive(path))
            if kind == "bundle" or (kind is None and MANIFEST in files.names()):
                return import_bundle(store, path, progress=progress)
        elif kind == "bundle":
            raise StoreError(f"{path} is not a bundle of conversations. Choose a file made by an export.")
        documents = _documents(files, path)
        reader = READERS[kind or _recognised(files, documents[0])]
        return _stage(store, reader(files, documents), progress)


def _stage(store: Store, conversations: Iterator[Foreign], progress: Progress) -> Report:
    losses: Counter[str] = Counter()
    with Staging(store) as staging:
        for conversation in counted(conversations, "conversations", progress):
            foreign.stage(staging, conversation, losses)
        report = staging.commit()
    report.notes += [f"left out: {count} {what}" for what, count in sorted(losses.items())]
    return report


def _head(path: Path) -> bytes:
    with Folder(path).open(path.name) as stream:
        return stream.read(len(llm_logs.SIGNATURE))


def _documents(files: Files, path: Path) -> list[str]:
    """The files with conversations in them."""
    if isinstance(files, Folder) and not path.is_dir():
        return [path.name]
    found = [
        name
        for name in sorted(files.names())
        if (last := name.rpartition("/")[2]).startswith("conversations") and last.endswith(".json")
    ]
    if not found:
        raise StoreError(f"{path} has no conversations.json in it. Choose the export as it was given to you.")
    return found


def _recognised(files: Files, document: str) -> str:
    """Which form this is, by the first conversation."""
    with files.open(document) as stream:
        first = next(jsonio.items(stream, f"{document!r} in {files.path}"), None)
    match first:
        case {"mapping": _}:
            return "chatgpt"
        case {"chat_messages": _}:
            return "claude"
        case {"messages": _} | {"role": _}:
            return "openai"
    raise StoreError(
        f"{files.path} is none of the forms that are known: {', '.join(FORMATS)}. Say which it is, or "
        "convert it to one of them."
    )

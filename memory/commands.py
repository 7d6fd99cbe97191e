"""What the command line does: each command gives an exit code, its result as values and as lines of text."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from memory import backup, schema_page, upkeep
from memory.errors import StoreError
from memory.facts import Fact
from memory.records import Conversation, Entry
from memory.search import ConversationHit, Hit
from memory.store import Store
from memory.transfer import (
    Progress,
    export_bundle,
    export_html,
    export_markdown,
    export_openai,
    export_sharegpt,
    import_file,
)
from prompts import Text

EXPORTS: Mapping[str, Callable[..., int]] = {
    "bundle": export_bundle,
    "markdown": export_markdown,
    "html": export_html,
    "openai": export_openai,
    "sharegpt": export_sharegpt,
}

FORM_BY_SUFFIX = {".html": "html", ".json": "openai"}
"""The form of an export when only its name says it."""

FOUND_WRONG = 1
"""The exit code when the command did its work and found something wrong."""

_TITLE_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """A command's result: for programs, for people, and its exit code."""

    value: object
    lines: Iterable[str]
    code: int = 0


Command = Callable[[argparse.Namespace, Progress], Outcome]


def list_conversations(options: argparse.Namespace, _: Progress) -> Outcome:
    """The conversations, pinned ones first, then the most recently updated."""
    with _existing(options) as store:
        found = store.conversations(archived=options.archived, tag=options.tag, limit=options.limit)
    return Outcome([asdict(conversation) for conversation in found], map(_line, found))


def show(options: argparse.Namespace, _: Progress) -> Outcome:
    """What was said in a conversation, on the branch where it stands."""
    with _existing(options) as store:
        conversation = store.conversation(_identify(store, options.conversation))
        history = store.history(conversation.id)
    value = {**asdict(conversation), "history": [asdict(entry) for entry in history]}
    return Outcome(value, _transcript(conversation, history))


def search(options: argparse.Namespace, _: Progress) -> Outcome:
    """Conversations that are called so, then messages with these words in them, the best first."""
    words = " ".join(options.words)
    with _existing(options) as store:
        conversation = _identify(store, options.conversation) if options.conversation else None
        hits = store.search(
            words,
            since=options.since,
            until=options.until,
            conversation_id=conversation,
            has_picture=True if options.has_picture else None,
            persona=options.persona,
            engine=options.engine,
            limit=options.limit,
        )
        # What else is asked for is asked of messages: a title has no moment, picture or engine.
        of_messages = (options.since, options.until, options.conversation, options.persona, options.engine)
        called = []
        if not options.has_picture and not any(of_messages):
            called = store.labels.find(words, limit=options.limit, beside=hits)
    found: list[Hit | ConversationHit] = [*called, *hits]
    return Outcome([asdict(hit) for hit in found], map(_found_line, found))


def export(options: argparse.Namespace, progress: Progress) -> Outcome:
    """Write conversations to a new file or folder: all of them, or those that are named."""
    with _existing(options) as store:
        ids = [_identify(store, name) for name in options.conversations] or None
        form = options.format or FORM_BY_SUFFIX.get(options.target.suffix.lower(), "bundle")
        count = EXPORTS[form](store, options.target, ids, progress=progress)
    value = {"target": str(options.target), "format": form, "conversations": count}
    return Outcome(value, [f"{count} conversations are in {options.target}"])


def import_conversations(options: argparse.Namespace, progress: Progress) -> Outcome:
    """Take in the conversations of a bundle or of another program's export."""
    with Store.open(options.database, owner=options.owner) as store:
        report = import_file(store, options.source, options.format, progress=progress)
    counts = {
        "new": len(report.new),
        "continued": len(report.continued),
        "unchanged": len(report.unchanged),
        "went on differently here, so the other course is a conversation of its own": len(report.branched),
    }
    lines = [f"{count} conversations: {what}" for what, count in counts.items() if count]
    lines.append(f"{report.messages} messages, {report.turns} turns and {report.pictures} pictures came in")
    if report.facts:
        lines.append(f"{report.facts} facts to remember came in")
    return Outcome(asdict(report), [*lines, *report.notes])


def list_facts(options: argparse.Namespace, _: Progress) -> Outcome:
    """What is remembered beyond single conversations, oldest first."""
    with _existing(options) as store:
        found = store.facts.list(options.persona)
    return Outcome([asdict(fact) for fact in found], map(_fact_line, found))


def add_fact(options: argparse.Namespace, _: Progress) -> Outcome:
    """Remember something in every conversation, or with one persona."""
    with Store.open(options.database, owner=options.owner) as store:
        fact = store.facts.add(" ".join(options.words), persona=options.persona)
    return Outcome(asdict(fact), [_fact_line(fact)])


def edit_fact(options: argparse.Namespace, _: Progress) -> Outcome:
    """Say a remembered fact otherwise, or have it hold for another persona."""
    with _existing(options) as store:
        text = " ".join(options.words) or None
        fact = store.facts.edit(_identify_fact(store, options.fact), text=text, persona=options.persona)
    return Outcome(asdict(fact), [_fact_line(fact)])


def delete_fact(options: argparse.Namespace, _: Progress) -> Outcome:
    """Forget a fact."""
    with _existing(options) as store:
        fact = store.facts.delete(_identify_fact(store, options.fact))
    return Outcome(asdict(fact), [f"Forgotten: {fact.text}"])


def verify(options: argparse.Namespace, _: Progress) -> Outcome:
    """Examine the file, every message and every picture, of all owners."""
    with _existing(options) as store:
        problems = store.verify()
    return _problems({"problems": problems}, problems, ["Everything is as it should be."])


def back_up(options: argparse.Namespace, progress: Progress) -> Outcome:
    """Copy the database with its pictures, of all owners, while it is in use."""
    with _existing(options) as store:
        copied = backup.backup(store, options.target, progress=progress)
    value = {"target": str(options.target), **asdict(copied)}
    return _problems(
        value, copied.problems, [f"The database and {copied.pictures} pictures are in {options.target}"]
    )


def restore(options: argparse.Namespace, progress: Progress) -> Outcome:
    """Put a backup in the place of a database that does not exist."""
    copied = backup.restore(options.source, options.database, progress=progress)
    value = {"database": str(options.database), **asdict(copied)}
    lines = [f"The database and {copied.pictures} pictures are restored to {options.database}"]
    return _problems(value, copied.problems, lines)


def stats(options: argparse.Namespace, _: Progress) -> Outcome:
    """How much there is, of all owners."""
    with _existing(options) as store:
        found = asdict(upkeep.stats(store))
    width = max(map(len, found))
    lines = (f"{name.replace('_', ' '):{width}}  {number:>16,}" for name, number in found.items())
    return Outcome(found, lines)


def collect(options: argparse.Namespace, progress: Progress) -> Outcome:
    """Remove what no conversation needs any more, of all owners."""
    with _existing(options) as store:
        removed = upkeep.collect(store, progress=progress)
    line = (
        f"{removed.messages} messages, {removed.pictures} pictures and {removed.parts} parts of snapshots "
        "were removed"
    )
    return Outcome(asdict(removed), [line])


def schema(_: argparse.Namespace, __: Progress) -> Outcome:
    """Explain the tables of a database, in Markdown, for other programs that read it."""
    text = schema_page.page()
    return Outcome({"page": text}, [text.rstrip()])


def moment(text: str) -> datetime:
    """A date or time of the command line; one without a zone is local. Raises ValueError for what is none."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _existing(options: argparse.Namespace) -> Store:
    """The store of a database that exists. Raises StoreError if it does not, or cannot be opened."""
    path: Path = options.database
    if not path.exists():
        raise StoreError(f"There is no database {path}. Check --database, or begin one with an import.")
    return Store.open(path, owner=options.owner)


def _identify(store: Store, name: str) -> str:
    """The id of the one conversation whose id begins so. Raises StoreError if none or several do."""
    with store.connections.snapshot() as database:
        query = "SELECT id FROM conversations WHERE owner = ? AND substr(id, 1, ?) = ? LIMIT 2"
        found = [identity for (identity,) in database.execute(query, (store.owner, len(name), name))]
    if len(found) != 1:
        raise StoreError(
            f"{'Several conversations have' if found else 'No conversation has'} an id that begins with "
            f"{name!r}. `list` shows them."
        )
    return str(found[0])


def _identify_fact(store: Store, name: str) -> str:
    """The id of the one fact whose id begins so. Raises StoreError if none or several do."""
    found = [fact.id for fact in store.facts.list() if fact.id.startswith(name)]
    if len(found) != 1:
        raise StoreError(
            f"{'Several facts have' if found else 'No fact has'} an id that begins with {name!r}. "
            "`facts list` shows them."
        )
    return found[0]


def _problems(value: object, problems: list[str], otherwise: list[str]) -> Outcome:
    return Outcome(value, problems or otherwise, FOUND_WRONG if problems else 0)


def _line(conversation: Conversation) -> str:
    title = _flat(conversation.title)[:_TITLE_CHARACTERS] or "Untitled"
    tags = "".join(f" #{tag}" for tag in conversation.tags)
    return f"{conversation.id[:8]}  {conversation.updated_at[:16].replace('T', ' ')}  {title}{tags}"


def _found_line(hit: Hit | ConversationHit) -> str:
    if isinstance(hit, Hit):
        return f"{hit.conversation.id[:8]}  {hit.created_at[:10]}  {_flat(hit.excerpt.text)}"
    notes = f"  ({_flat(hit.also.text)})" if hit.also else ""
    return f"{_line(hit.conversation)}{notes}"


def _fact_line(fact: Fact) -> str:
    scope = f"  (only {fact.persona})" if fact.persona else ""
    return f"{fact.id[:8]}  {fact.created_at[:10]}  {fact.text}{scope}"


def _transcript(conversation: Conversation, history: Iterable[Entry]) -> Iterator[str]:
    yield _line(conversation)
    number = 0
    for entry in history:
        yield f"\n{entry.created_at[:16].replace('T', ' ')}  {entry.message.role}"
        for part in entry.message.parts:
            if isinstance(part, Text):
                yield part.text
            else:
                number += 1
                yield f"[#{number} {part.name or 'picture'}, {part.width} × {part.height}]"


def _flat(text: str) -> str:
    return " ".join(text.split())

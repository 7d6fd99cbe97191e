"""The history of a conversation: its branch, with what its turns tell of each message.

Functions here run inside a transaction of the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from memory import branches, tree, turns
from memory.records import Conversation, Entry, Turn, TurnRow
from prompts import Message, Text


def of_branch(database: Database, owner: str, conversation: Conversation) -> list[Entry]:
    """The messages from the first to the conversation's tip."""
    nodes = tree.branch(database, owner, conversation.tip)
    own = turns.unread(database, owner, conversation.id)
    said = [(row.user_message_id, row.reply_message_id) for row in own]
    siblings = branches.siblings(database, owner, conversation.id, nodes, said)
    of_messages = turns.of_messages(database, owner, own, [node.id for node in nodes])
    told = [_told(node, of_messages.get(node.id, [])) for node in nodes]
    # Only the turns that are shown are decoded. A turn with a reply is shown with that reply.
    shown = [(node, row) for node, (_, row) in zip(nodes, told, strict=True) if row is not None]
    replies = [_text(node.message) if row.reply_message_id == node.id else None for node, row in shown]
    decoded = iter(Turn.from_rows([row for _, row in shown], replies))
    return [
        Entry(node.id, node.message, moment, None if row is None else next(decoded), versions)
        for node, (moment, row), versions in zip(nodes, told, siblings, strict=True)
    ]


def _told(node: tree.Node, of_message: Sequence[TurnRow]) -> tuple[str, TurnRow | None]:
    """When a message was said, and the turn to show with it, if any.

    `of_message` are the turns that began or ended with it, oldest first.
    """
    if not of_message:
        return node.created_at, None
    last = of_message[-1]
    if node.message.role == "assistant":
        return last.finished_at or node.created_at, last
    ended_without_reply = last.status == "done" and last.reply_message_id is None
    # The first turn, not the last: answering again does not change when it was said.
    return of_message[0].created_at, last if ended_without_reply else None


def _text(message: Message) -> str | None:
    """The words of a reply, as TURN_QUERY finds them: what its first part says."""
    first = message.parts[0] if message.parts else None
    return first.text if isinstance(first, Text) else None

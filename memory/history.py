"""The history of a conversation: its branch, with what its turns tell of each message.

Functions here run inside a transaction of the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from memory import branches, tree, turns
from memory.records import Conversation, Entry, Turn


def of_branch(database: Database, owner: str, conversation: Conversation) -> list[Entry]:
    """The messages from the first to the conversation's tip."""
    nodes = tree.branch(database, owner, conversation.tip)
    ids = [node.id for node in nodes]
    of_messages = turns.of_messages(database, owner, conversation.id, ids)
    siblings = branches.siblings(branches.held(database, owner, conversation.id, nodes), ids)
    return [_entry(node, of_messages.get(node.id, []), siblings[node.id]) for node in nodes]


def _entry(node: tree.Node, of_message: Sequence[Turn], siblings: tuple[str, ...]) -> Entry:
    """A message's place in the history, given the turns that began or ended with it, oldest first."""
    if not of_message:
        return Entry(node.id, node.message, node.created_at, None, siblings)
    last = of_message[-1]
    if node.message.role == "assistant":
        return Entry(node.id, node.message, last.finished_at or node.created_at, last, siblings)
    ended_without_reply = last.status == "done" and last.reply_message_id is None
    # The first turn, not the last: answering again does not change when it was said.
    turn = last if ended_without_reply else None
    return Entry(node.id, node.message, of_message[0].created_at, turn, siblings)

"""Long-term memory on the page: a list at the side that a person reads, adds to, changes and deletes from.

What the list shows comes from the store alone. What a message has just added or taken away stands above
it, with a way to undo that, until the next message is sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from chat.conversation import DialogueManager
from chat.errors import VisavisError
from chat.reply import Reply
from memory import EVERY_PERSONA, FACT_CHARACTERS, Fact
from prompts import personas
from ui.shelf import tell

HERE = Path(__file__).parent

TOLD = "The model is told these in every conversation. Only you add to them."
UNTOLD = (
    "The model in use has not learnt to use these, so it is not told them. "
    "They are kept for models that follow instructions."
)

# Private: these events are the page's own.
_EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": None}


class Facts:
    """The list's events; one object serves every tab, and remembers nothing between them."""

    def __init__(self, manager: DialogueManager) -> None:
        self._facts = manager.store.facts
        self._hint = TOLD if manager.engine.limits.follows_instructions else UNTOLD

    def shown(self) -> str:
        """The list as it is now, as HTML."""
        return listed(self._facts.list(), self._hint)

    def after_message(self, receipt: str) -> Any:
        """The list after a message, and what that has changed, as its receipt says."""
        if not receipt:
            return gr.skip()
        taken = json.loads(receipt)
        known = {fact.id: fact for fact in self._facts.list()}
        remembered = [known[each] for each in taken.get("remembered", ()) if each in known]
        forgotten = taken.get("forgotten", [])
        for verb, texts in (
            ("Remembered", [fact.text for fact in remembered]),
            ("Forgotten", [fact["text"] for fact in forgotten]),
        ):
            for text in texts:
                gr.Info(f"<b>{verb}.</b> {escape(text)}<br>It can be undone at the side.")
        return listed(known.values(), self._hint, news(remembered, forgotten))

    def add(self, event: gr.EventData) -> Any:
        """Remember `event.text` with the persona `event.persona`, or with all."""
        return self._changed("Not remembered", lambda: self._facts.add(event.text, persona=event.persona))

    def edit(self, event: gr.EventData) -> Any:
        """Have the chosen fact say `event.text`, and hold for `event.persona`."""
        return self._changed(
            "Not changed", lambda: self._facts.edit(event.id, text=event.text, persona=event.persona)
        )

    def delete(self, event: gr.EventData) -> Any:
        """Forget the chosen fact."""
        return self._changed("Not forgotten", lambda: self._facts.delete(event.id))

    def _changed(self, refusal: str, change: Callable[[], object]) -> Any:
        """The list after a change; what is refused is told, and stands as it was typed."""
        try:
            change()
        except VisavisError as error:
            tell(refusal, error)
            return gr.skip()
        return self.shown()


def build(manager: DialogueManager) -> tuple[Facts, gr.HTML]:
    """The list, to be placed where this is called, with its own events wired."""
    does = Facts(manager)
    place = gr.HTML(
        does.shown,
        elem_id="facts",
        css_template=(HERE / "facts.css").read_text("utf-8"),
        js_on_load=(HERE / "facts.js").read_text("utf-8"),
        apply_default_css=False,
    )
    place.add_fact(does.add, None, place, **_EVENT)
    place.edit_fact(does.edit, None, place, **_EVENT)
    place.delete_fact(does.delete, None, place, **_EVENT)
    # Opened: another tab, or a message that was edited, may have changed it.
    place.look(does.shown, None, place, **_EVENT)
    return does, place


def heard(reply: Reply) -> dict[str, object]:
    """What a message has changed, for its receipt: "remembered" and "forgotten", if there is anything."""
    changed: dict[str, object] = {}
    if reply.remembered:
        changed["remembered"] = [fact.id for fact in reply.remembered]
    if reply.forgotten:
        changed["forgotten"] = [{"text": fact.text, "persona": fact.persona} for fact in reply.forgotten]
    return changed


def listed(facts: Iterable[Fact], hint: str, above: str = "") -> str:
    """The list as HTML, folded until the person opens it, with what is to stand `above` it."""
    items = [_item(fact) for fact in facts]
    return (
        f'{above}<details><summary>Remembered <span class="count">{len(items)}</span></summary>'
        f'<p class="hint">{escape(hint)}</p>'
        f'<div role="list" aria-label="Remembered facts">{"".join(items)}</div>'
        f"{_form('add', 'Something to remember', 'Add')}</details>"
    )


def news(remembered: Sequence[Fact], forgotten: Sequence[dict[str, str]]) -> str:
    """What a message has changed, each with a button that undoes it; empty if nothing."""
    lines = [_news("Remembered", fact.text, {"delete": fact.id}) for fact in remembered]
    lines += [
        _news("Forgotten", fact["text"], {"add": fact["text"], "persona": fact["persona"]})
        for fact in forgotten
    ]
    return f'<div class="news" role="status">{"".join(lines)}</div>' if lines else ""


def _news(verb: str, text: str, undo: dict[str, str]) -> str:
    data = "".join(f' data-{name}="{escape(value)}"' for name, value in undo.items())
    button = f'<button type="button" class="undo" aria-label="Undo: {escape(text)}"{data}>Undo</button>'
    return f"<p><span>{verb}: {escape(text)}</span>{button}</p>"


def _item(fact: Fact) -> str:
    """One fact: its words and buttons, and the form to change it, of which the page's script shows one."""
    text = escape(fact.text)
    scope = f" <em>only {escape(_title(fact.persona))}</em>" if fact.persona else ""
    return (
        f'<div role="listitem" data-fact="{escape(fact.id)}"><div class="fact"><span>{text}{scope}</span>'
        f'<button type="button" class="change" aria-label="Change: {text}" title="Change"></button>'
        f'<button type="button" class="drop" aria-label="Forget: {text}" title="Forget"></button></div>'
        f"{_form('change', 'What to remember', 'Save', fact)}</div>"
    )


def _form(kind: str, label: str, button: str, fact: Fact | None = None) -> str:
    """The form for a new fact, or for one that is to be changed."""
    text, scope = (fact.text, fact.persona) if fact else ("", EVERY_PERSONA)
    options = "".join(
        f'<option value="{escape(name)}"{" selected" if name == scope else ""}>{escape(title)}</option>'
        for name, title in _scopes()
    )
    return (
        f'<form class="{kind}"><input value="{escape(text)}" placeholder="{label}" aria-label="{label}" '
        f'maxlength="{FACT_CHARACTERS}" required><select aria-label="Who is told">{options}</select>'
        f'<button type="submit">{button}</button></form>'
    )


def _scopes() -> list[tuple[str, str]]:
    """What a fact may hold for, and how the person reads it."""
    return [(EVERY_PERSONA, "Every persona"), *((name, f"Only {_title(name)}") for name in personas.names())]


def _title(persona: str) -> str:
    """What a persona is called; one that a bundle brought and that is not known here, by its name."""
    return personas.load(persona).title if persona in personas.names() else persona

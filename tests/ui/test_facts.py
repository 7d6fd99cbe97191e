"""The list of what is remembered: what it shows, and what happens when a person uses it."""

from __future__ import annotations

import json

import gradio as gr
import pytest

from chat import DialogueManager
from chat.engines import EchoEngine, Limits
from memory import Fact, Store
from tests.helpers.gate import Gate
from ui.facts import TOLD, UNTOLD, Facts, listed, news
from ui.handlers import NEW, Handlers


def event(**data: object) -> gr.EventData:
    """What the page's script passes on."""
    return gr.EventData(None, data)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the person is told beside the list, in order."""
    said: list[str] = []

    def note(message: str, *_: object, **__: object) -> None:
        said.append(message)

    monkeypatch.setattr(gr, "Info", note)
    monkeypatch.setattr(gr, "Warning", note)
    return said


@pytest.fixture
def does(manager: DialogueManager) -> Facts:
    return Facts(manager)


def fact(text: str, persona: str = "") -> Fact:
    return Fact("f1", text, persona, None, "", "")


def test_what_a_person_wrote_is_shown_as_written() -> None:
    page = listed([fact('<b>"bold"</b>', "guide"), fact("plain", "from elsewhere")], "hint")
    assert "<b>" not in page
    assert page.count("&lt;b&gt;&quot;bold&quot;&lt;/b&gt;") == 4, "its text, two labels and its form"
    assert "<em>only Picture guide</em>" in page
    assert '<option value="guide" selected>Only Picture guide</option>' in page
    assert "<em>only from elsewhere</em>" in page
    assert '<span class="count">2</span>' in page


def test_news_can_be_undone() -> None:
    assert news([], []) == ""
    page = news([fact("I am Tom")], [{"text": 'a "star"', "persona": "guide"}])
    assert 'aria-label="Undo: I am Tom" data-delete="f1"' in page
    assert 'data-add="a &quot;star&quot;" data-persona="guide"' in page


def test_facts_are_added_changed_and_forgotten(does: Facts, manager: DialogueManager) -> None:
    facts = manager.store.facts
    assert ">I am Tom <em>" in does.add(event(text="I am Tom", persona="guide"))
    (added,) = facts.list()
    assert added.persona == "guide"
    assert "I am Thomas" in does.edit(event(id=added.id, text="I am Thomas", persona=""))
    assert [(each.text, each.persona) for each in facts.list()] == [("I am Thomas", "")]
    assert "I am Thomas" not in does.delete(event(id=added.id))
    assert facts.list() == ()


def test_what_is_refused_is_told_and_the_list_is_left_as_it_is(does: Facts, told: list[str]) -> None:
    assert does.add(event(text=" ", persona="")) == gr.skip()
    assert does.add(event(text="I am Tom", persona="<nobody>")) == gr.skip()
    assert does.edit(event(id="f1", text="I am Tom", persona="")) == gr.skip()
    assert does.delete(event(id="f1")) == gr.skip()
    assert told[0].startswith("<b>Not remembered.</b> There is nothing to remember")
    assert "&lt;nobody&gt;" in told[1]
    assert told[2].startswith("<b>Not changed.</b> There is no fact")
    assert told[3].startswith("<b>Not forgotten.</b> There is no fact")


def test_a_message_that_asks_for_it_is_told_of_and_can_be_undone(
    does: Facts, manager: DialogueManager, gate: Gate, told: list[str]
) -> None:
    gate.open()
    handlers = Handlers(manager)
    sent = handlers.send({"text": "Remember that I am <Tom>", "files": []}, NEW)
    page = does.after_message(sent.receipt)
    (added,) = manager.store.facts.list()
    assert f'data-delete="{added.id}"' in page
    assert told == ["<b>Remembered.</b> I am &lt;Tom&gt;<br>It can be undone at the side."]
    manager.settle()
    sent = handlers.send({"text": "Forget that I am <Tom>", "files": []}, sent.conversation_id)
    assert 'data-add="I am &lt;Tom&gt;" data-persona=""' in does.after_message(sent.receipt)
    assert told[1].startswith("<b>Forgotten.</b>")
    manager.settle()
    sent = handlers.send({"text": "Hello", "files": []}, sent.conversation_id)
    assert json.loads(sent.receipt).keys() == {"text", "files"}
    assert 'class="news"' not in does.after_message(sent.receipt)
    assert does.after_message("") == gr.skip(), "the message was refused"
    assert len(told) == 2


def test_the_list_says_whether_the_model_is_told() -> None:
    for follows, hint in ((True, TOLD), (False, UNTOLD)):
        with Store.open(":memory:") as store:
            engine = EchoEngine(limits=Limits(8192, 16, follows_instructions=follows))
            assert hint in Facts(DialogueManager(store, engine)).shown()

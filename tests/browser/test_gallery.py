"""Finding pictures on the page: by words in the search, and those like one in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, ViewportSize, expect

from chat import DialogueManager
from memory import Store
from tests.browser.conftest import OpenPage
from tests.helpers.colours import ColourEngine
from tests.helpers.gate import Gate
from tests.helpers.visit import Visit

pytestmark = [
    pytest.mark.browser,
    # The framework's own use of its libraries, in the server's thread.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

PHONE = ViewportSize(width=390, height=844)


@pytest.fixture
def manager(gate: Gate) -> Iterator[DialogueManager]:
    """Over an engine that can search pictures, and answers at once."""
    gate.open()
    with Store.open(":memory:") as store:
        manager = DialogueManager(store, ColourEngine(gate=gate))
        yield manager
        manager.close()


def show(manager: DialogueManager, words: str, data: bytes, *more: str) -> str:
    """A conversation that shows a picture in its first message; its id."""
    talk = manager.create().id
    image = manager.store.images.add(data, name=f"{words}.png")
    for text, images in ((words, [image]), *((each, []) for each in more)):
        assert manager.send(talk, text, images).wait(60)
    manager.finder.settle()
    return talk


def region(tab: Visit, name: str) -> Locator:
    return tab.page.get_by_role("region", name=name)


def test_pictures_are_found_by_words_and_opened_where_they_were_shown(
    visit: OpenPage, url: str, manager: DialogueManager, picture: Callable[..., bytes]
) -> None:
    talk = show(manager, "my car", picture("red"), *(f"talk number {number}\n" * 8 for number in range(4)))
    show(manager, "a red word", picture("green"))
    tab = visit(url)
    search = tab.page.get_by_role("searchbox", name="Search all conversations")
    search.fill("red")
    matching = region(tab, "Matching pictures")
    link = matching.get_by_role("link", name="my car.png, in “my car”")
    expect(matching.get_by_role("link")).to_have_count(1)
    expect(region(tab, "Found")).to_contain_text("2 found")
    loaded = "image => image.complete && image.naturalWidth > 0"
    assert matching.get_by_role("img").evaluate(loaded)
    above, below = matching.bounding_box(), region(tab, "Found").bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"]

    link.focus()
    link.press("Enter")
    expect(tab.page).to_have_url(f"{url}/?c={talk}")
    expect(tab.pictures).to_be_in_viewport()
    expect(tab.messages.last).not_to_be_in_viewport()
    search.fill("blue")
    expect(region(tab, "Found")).to_have_text("Nothing found for “blue”.")
    expect(matching).to_have_count(0)
    search.fill("")
    expect(tab.row("my car")).to_be_visible()


def test_pictures_like_one_are_found_from_the_log(
    visit: OpenPage, url: str, manager: DialogueManager, picture: Callable[..., bytes]
) -> None:
    talks = {colour: show(manager, colour, picture(colour)) for colour in ("red", "blue", "orange")}
    tab = visit(url, viewport=PHONE, is_mobile=True, has_touch=True)
    tab.open(f"/?c={talks['red']}")
    tab.page.get_by_role("button", name="Pictures like #1").press("Enter")
    alike = region(tab, "Pictures like this one")
    expect(alike).to_be_focused()
    expect(alike).to_be_in_viewport()
    expect(alike.get_by_role("link")).to_have_count(2)
    assert [image.get_attribute("alt") for image in alike.get_by_role("img").all()] == [
        "orange.png, in “orange”",
        "blue.png, in “blue”",
    ]
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    expect(tab.row("blue")).to_be_hidden()
    tab.page.keyboard.press("Escape")
    expect(alike).to_have_count(0)
    expect(tab.row("blue")).to_be_visible()
    search = tab.page.get_by_role("searchbox", name="Search all conversations")
    expect(search).to_be_focused()

    tab.page.get_by_role("button", name="Toggle Sidebar").click()
    tab.page.get_by_role("button", name="Pictures like #1").click()
    expect(alike).to_be_focused()
    alike.get_by_role("button", name="Close").click()
    expect(alike).to_have_count(0)

    tab.page.get_by_role("button", name="Toggle Sidebar").click()
    tab.page.get_by_role("button", name="Pictures like #1").click()
    alike.get_by_role("link").first.click()
    expect(tab.page).to_have_url(f"{url}/?c={talks['orange']}")
    expect(tab.pictures).to_be_in_viewport()

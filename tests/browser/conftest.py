"""A real headless Chromium, and the page with an echo engine whose words the test lets through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from chat import DialogueManager
from tests.helpers.gate import Gate
from tests.helpers.served import served
from tests.helpers.visit import Visit

OpenPage = Callable[..., Visit]


# Not for the session: while Playwright runs, so does an event loop in this thread, and other tests start
# their own.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Without its sandbox, because in containers it does not start with it; it visits nobody but us.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visits() -> list[Visit]:
    """The tabs of a test."""
    return []


@pytest.fixture
def visit(browser: Browser, visits: list[Visit]) -> Iterator[OpenPage]:
    """Opens a tab on a page: `visit(url, **context_options)`.

    Afterwards every tab must have asked only its own server, and complained about nothing.
    """

    def open_page(url: str, **options: Any) -> Visit:
        visits.append(Visit(browser.new_context(**options).new_page(), url))
        return visits[-1]

    yield open_page
    for made in visits:
        made.close()
    assert [url for made in visits for url in made.elsewhere()] == []
    assert [text for made in visits for text in made.complaints] == []


@pytest.fixture
def url(manager: DialogueManager, gate: Gate, visits: list[Visit]) -> Iterator[str]:
    with served(manager) as url:
        yield url
        gate.open()
        # Before the server ends, for which a tab with something under way would complain.
        for made in visits:
            made.close()

"""The pages of a PDF as pictures."""

from __future__ import annotations

import random
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from memory import ImageError
from memory import pdf as drawing
from memory.images import open_upright
from memory.pdf import MAX_PAGES, SIDE, draw_pages, is_pdf
from tests.helpers.documents import COLOURS, pdf
from tests.helpers.pictures import encode, near, quarters


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages drawn small, which is quick, where their size is not asked for."""
    monkeypatch.setattr(drawing, "SIDE", 80)


def middle(page: bytes) -> object:
    picture = open_upright(page)
    return picture.getpixel((picture.width // 2, picture.height // 2))


def test_each_page_is_a_picture_in_order() -> None:
    data = pdf(4)
    assert is_pdf(data)
    pages, total = draw_pages(data)
    assert (len(pages), total) == (4, 4)
    for page, colour in zip(pages, COLOURS, strict=True):
        assert near(middle(page), colour)
    assert open_upright(pages[0]).size == (SIDE * 60 // 80, SIDE)


@pytest.mark.usefixtures("small")
def test_the_same_page_is_the_same_file_each_time() -> None:
    assert draw_pages(pdf(2)) == draw_pages(pdf(2))


@pytest.mark.usefixtures("small")
def test_of_many_pages_the_first_are_taken() -> None:
    data = pdf(MAX_PAGES + 3)
    assert [len(draw_pages(data)[0]), draw_pages(data)[1]] == [MAX_PAGES, MAX_PAGES + 3]
    pages, total = draw_pages(data, 2)
    assert (len(pages), total) == (2, MAX_PAGES + 3)


@pytest.mark.parametrize(("size", "drawn"), [((2000, 2), (SIDE, 2)), ((2, 2000), (2, SIDE)), ((1, 1), None)])
def test_pages_of_any_shape_stay_within_bounds(size: tuple[int, int], drawn: tuple[int, int] | None) -> None:
    [page], _ = draw_pages(pdf(1, size))
    assert open_upright(page).size == (drawn or (SIDE, SIDE))


@pytest.mark.usefixtures("small")
def test_several_threads_may_draw() -> None:
    with ThreadPoolExecutor(4) as threads:
        drawn = list(threads.map(lambda _: draw_pages(pdf(2)), range(8)))
    assert all(each == drawn[0] for each in drawn)


LOCKED = b"""%%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>> endobj
4 0 obj <</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>> endobj
trailer <</Root 1 0 R/Encrypt 4 0 R/ID[<00><00>]>>
""" % (b"00" * 32, b"00" * 32)

BAD = {
    "only a signature": (b"%PDF-1.7\n", "damaged"),
    "cut short": (pdf(3)[:200], "damaged"),
    "locked": (LOCKED, "locked with a password"),
    "without a page": (
        b"%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n"
        b"2 0 obj <</Type/Pages/Kids[]/Count 0>> endobj\ntrailer <</Root 1 0 R>>\n",
        "no pages|damaged",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_pdf_is_refused_in_words(kind: str) -> None:
    data, words = BAD[kind]
    with pytest.raises(ImageError, match=words):
        draw_pages(data)


@pytest.mark.usefixtures("small")
def test_damaged_pdfs_are_refused_in_words_or_drawn() -> None:
    whole = pdf(2)
    refused = 0
    for number in range(100):
        chance = random.Random(number)
        data = bytearray(whole)
        for _ in range(chance.randint(1, 30)):
            data[chance.randrange(5, len(data))] = chance.randrange(256)
        if number % 3 == 0:
            del data[chance.randrange(5, len(data)) :]
        try:
            draw_pages(bytes(data), 1)
        except ImageError:
            refused += 1
    assert 0 < refused < 100


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(ImageError, match="pip install pypdfium2"):
        draw_pages(pdf(1))


def test_a_picture_is_no_pdf() -> None:
    assert not is_pdf(encode(quarters()) + pdf(1))

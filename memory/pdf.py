"""The pages of a PDF as pictures, drawn by PDFium, which the extra `pdf` installs.

Source: the Python bindings' documentation (pypdfium2). PDFium is not safe to use from two threads.
"""

from __future__ import annotations

from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING

from memory.errors import ImageError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MAX_PAGES = 16
"""Pages taken from one file at most."""

SIDE = 1600
"""The longer side of a drawn page in pixels: small print stays legible."""

_one_at_a_time = Lock()


def is_pdf(data: bytes) -> bool:
    """Whether a file is a PDF, by its first bytes."""
    return data.startswith(b"%PDF-")


def draw_pages(data: bytes, at_most: int = MAX_PAGES) -> tuple[list[bytes], int]:
    """The first pages of a PDF as PNG files, and how many it has in all.

    Raises ImageError for a PDF that is damaged, locked or empty, and without the library.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise ImageError(
            "This is a PDF, and what draws its pages is not installed: run pip install pypdfium2, "
            "or send its pages as pictures."
        ) from error
    with _one_at_a_time:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error):
                raise ImageError("The PDF is locked with a password. Save it without one.") from error
            raise ImageError(f"The PDF is damaged and cannot be opened ({error}). Save it anew.") from error
        try:
            document.init_forms()
            total = len(document)
            if not total:
                raise ImageError("The PDF has no pages. Choose another file.")
            return [_draw(document, number) for number in range(min(total, at_most, MAX_PAGES))], total
        except pypdfium2.PdfiumError as error:
            raise ImageError(
                f"The PDF is damaged and its pages cannot be drawn ({error}). Save it anew."
            ) from error
        finally:
            document.close()


def _draw(document: PdfDocument, number: int) -> bytes:
    page = document[number]
    try:
        bitmap = page.render(scale=SIDE / max(*page.get_size(), 1))
        try:
            buffer = BytesIO()
            bitmap.to_pil().save(buffer, "PNG")
            return buffer.getvalue()
        finally:
            bitmap.close()
    finally:
        page.close()

"""Pictures as people hand them over: read within limits, refused with words."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import PIL.Image
import pytest

from chat import Chat, pictures
from chat.errors import ImageError, MessageError
from chat.pictures import NewPicture, read_pictures, store_pictures
from memory import Store
from memory.images import ImageLimits, open_upright
from prompts import Image
from tests.helpers.documents import clip, pdf
from tests.helpers.pictures import encode, near

Pictures = Callable[..., bytes]


def read_one(source: pictures.ImageSource) -> NewPicture:
    (read,) = read_pictures([source])
    assert isinstance(read, NewPicture)
    return read


def test_the_value_before_storing_is_the_one_after(store: Store, picture: Pictures) -> None:
    new = NewPicture(picture(), "a.png")
    (stored,) = store_pictures([new], store.images)
    assert new.image == stored


def test_a_path_gives_bytes_and_name(tmp_path: Path, picture: Pictures) -> None:
    (tmp_path / "a.png").write_bytes(picture())
    assert read_one(str(tmp_path / "a.png")) == NewPicture(picture(), "a.png")


def test_a_pil_image_becomes_the_same_file_each_time() -> None:
    image = PIL.Image.new("RGBA", (8, 8), (10, 20, 30, 40))
    first, second = read_one(image), read_one(image.copy())
    assert first == second
    with PIL.Image.open(io.BytesIO(first.data)) as written:
        assert written.format == "PNG"
        assert written.convert("RGBA").tobytes() == bytes((10, 20, 30, 40)) * 64


def test_a_pil_image_is_not_altered() -> None:
    image = PIL.Image.new("CMYK", (4, 4))
    read_one(image)
    assert image.mode == "CMYK"


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
def test_converted_modes_keep_their_colours(mode: str) -> None:
    image = PIL.Image.new("RGB", (4, 4), (200, 30, 60)).convert(mode)
    with open_upright(read_one(image).data) as seen:
        pixel = seen.getpixel((0, 0))
    assert isinstance(pixel, tuple)
    assert all(abs(value - wanted) <= 3 for value, wanted in zip(pixel, (200, 30, 60), strict=True))


def test_a_folder_a_device_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="is not a file; give the path of a picture"):
        read_pictures([tmp_path])
    with pytest.raises(ImageError, match="is not a file"):
        read_pictures(["/dev/zero"])
    with pytest.raises(ImageError, match=r"cannot be read \(No such file or directory\); check the path"):
        read_pictures([tmp_path / "missing.png"])
    with pytest.raises(ImageError, match="cannot be read"):
        read_pictures(["bad\0name.png"])
    with pytest.raises(ImageError, match="cannot be read"):
        read_pictures(["x" * 5000])


def test_a_file_too_large_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(10**12)  # a hole: takes no space
    with pytest.raises(ImageError, match=r"has 1000000 MB; at most 50 MB can be sent"):
        read_pictures([path])


def test_a_pil_image_too_large_is_refused_without_encoding_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "DEFAULT_LIMITS", ImageLimits(pixels=99))
    with pytest.raises(ImageError, match="10 × 10 pixels"):
        read_pictures([PIL.Image.new("L", (10, 10))])


def test_a_broken_pil_image_is_refused(picture: Pictures) -> None:
    data = io.BytesIO(picture(size=(300, 300))[:-40])
    with PIL.Image.open(data) as broken, pytest.raises(ImageError, match="cannot be saved as PNG"):
        read_pictures([broken])


def test_of_several_the_bad_one_is_named(store: Store, picture: Pictures, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(ImageError, match=r"^bad\.png: This is not a picture"):
        store_pictures(read_pictures([picture(), tmp_path / "bad.png"]), store.images)
    with pytest.raises(ImageError, match=r"^Picture 2 of the message: The file is empty"):
        store_pictures(read_pictures([picture(), b""]), store.images)
    assert NewPicture(picture()).image.sha256 not in store.images


def test_a_picture_said_to_be_stored_has_to_be(store: Store, picture: Pictures) -> None:
    with pytest.raises(ImageError):
        store_pictures([NewPicture(picture()), Image("0" * 64)], store.images)
    assert NewPicture(picture()).image.sha256 not in store.images


def test_what_is_no_picture_at_all_is_refused() -> None:
    with pytest.raises(ImageError, match="not int"):
        read_pictures([7])  # type: ignore[list-item]


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP"])
def test_a_chosen_frame_is_sent_as_the_pil_image_that_stands_at_it(kind: str) -> None:
    frames = [PIL.Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    options = {"duration": 50} if kind != "TIFF" else {}
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    with PIL.Image.open(io.BytesIO(data)) as animation:
        animation.seek(2)
        chosen = read_one(animation).data
    assert near(open_upright(chosen).getpixel((5, 5)), (0, 0, 255))
    assert near(open_upright(data).getpixel((5, 5)), (255, 0, 0))


def names(sources: list[pictures.ImageSource], **options: int) -> list[str | None]:
    """What the pictures of some sources are called."""
    found = read_pictures(sources, **options)  # type: ignore[arg-type]
    return [picture.name for picture in found]


def test_a_pdf_becomes_its_pages(tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(pdf(3))
    assert names([tmp_path / "report.pdf"]) == [f"report.pdf, page {number}" for number in (1, 2, 3)]
    assert names([pdf(1)]) == ["PDF, page 1"]


def test_a_video_becomes_frames_with_their_times(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(clip(3))
    assert names([str(tmp_path / "clip.mp4")]) == ["clip.mp4, 0:00", "clip.mp4, 0:01", "clip.mp4, 0:02"]
    assert names([clip(1)]) == ["Video, 0:00"]


def test_a_document_takes_the_room_that_other_pictures_leave(picture: Pictures) -> None:
    assert names([pdf(5)], at_most=3) == [f"PDF, page {number} of 5" for number in (1, 2, 3)]
    assert names([picture(), pdf(5), picture()], at_most=3) == [None, "PDF, page 1 of 5", None]
    assert len(names([clip(5), pdf(5)], at_most=4)) == 4
    with pytest.raises(MessageError, match="3 pictures and this model can look at 2 at once"):
        read_pictures([pdf(1), picture(), picture()], at_most=2)


def test_a_bad_document_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    with pytest.raises(ImageError, match=r"^bad\.pdf: The PDF is damaged"):
        read_pictures([tmp_path / "bad.pdf"])
    (tmp_path / "bad.mp4").write_bytes(clip(1)[:60])
    with pytest.raises(ImageError, match=r"^bad\.mp4: The video"):
        read_pictures([tmp_path / "bad.mp4"])


def test_a_document_may_be_larger_than_a_picture_but_not_without_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(pdf(1))
    monkeypatch.setattr(pictures, "DEFAULT_LIMITS", ImageLimits(file_bytes=100))
    assert names([file]) == ["report.pdf, page 1"]
    with file.open("r+b") as growing:
        growing.truncate(10**12)
    with pytest.raises(ImageError, match=r"at most 200 MB can be sent\. Send a part of it"):
        read_pictures([file])


def test_pages_and_frames_are_in_the_conversation_under_their_names() -> None:
    with Chat("echo", database=":memory:") as chat:
        reply = chat.send("Look", images=[pdf(2), clip(2)])
        assert "#2 (1200 × 1600) and #3 (64 × 48) and #4" in reply.text
        shown = [image.name for image in chat.messages[0].images]
    assert shown == ["PDF, page 1", "PDF, page 2", "Video, 0:00", "Video, 0:01"]

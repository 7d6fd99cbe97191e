"""Moments of a video as pictures."""

from __future__ import annotations

import random
import sys
from itertools import pairwise

import pytest

from memory import ImageError, video
from memory.decoding import ImageLimits
from memory.images import open_upright
from memory.video import MAX_FRAMES, clock, container_of, take_frames
from tests.helpers.documents import COLOURS, clip, turned
from tests.helpers.pictures import encode, near, quarters

KINDS = [
    ("mp4", "mpeg4", "mov"),
    ("mov", "mpeg4", "mov"),
    ("matroska", "mpeg4", "matroska"),
    ("webm", "libvpx", "matroska"),
    ("avi", "mpeg4", "avi"),
]


@pytest.mark.parametrize(("kind", "codec", "container"), KINDS)
def test_a_short_video_gives_a_frame_for_every_second(kind: str, codec: str, container: str) -> None:
    data = clip(4, kind, codec)
    assert container_of(data) == container
    frames = take_frames(data)
    assert [clock(time) for time, _ in frames] == ["0:00", "0:01", "0:02", "0:03"]
    for (_, frame), colour in zip(frames, COLOURS, strict=True):
        picture = open_upright(frame)
        assert picture.size == (64, 48)
        assert near(picture.getpixel((48, 32)), colour, 40)


def test_a_long_video_gives_few_frames_spread_evenly() -> None:
    times = [time for time, _ in take_frames(clip(40))]
    assert len(times) == MAX_FRAMES
    steps = [later - earlier for earlier, later in pairwise(times)]
    assert all(abs(step - 5) < 0.5 for step in steps)
    assert abs(times[0] - 2.5) < 0.5


def test_there_are_no_more_frames_than_asked_for() -> None:
    [(time, _)] = take_frames(clip(6), 1)
    assert abs(time - 3) < 0.5


def test_a_video_of_one_moment_gives_one_frame() -> None:
    assert [clock(time) for time, _ in take_frames(clip(0.2))] == ["0:00"]


def test_a_recording_that_does_not_say_how_long_it_is_is_read_through() -> None:
    data = clip(4, "webm", "libvpx", streamed=True)
    assert [clock(time) for time, _ in take_frames(data)] == ["0:00", "0:01", "0:02", "0:03"]


def test_a_video_recorded_upright_is_shown_upright() -> None:
    [(_, frame)] = take_frames(turned(clip(1)))
    picture = open_upright(frame)
    assert picture.size == (48, 64)
    # The black corner, top left as recorded, comes to stand top right.
    assert near(picture.getpixel((44, 4)), (0, 0, 0), 40)
    assert near(picture.getpixel((4, 4)), COLOURS[0], 40)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0, "0:00"), (12.9, "0:12"), (60, "1:00"), (3723, "1:02:03"), (36000, "10:00:00")],
)
def test_times_read_as_on_a_player(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


@pytest.mark.parametrize("kind", ["AVIF", "HEIF", "WEBP", "PNG", "JPEG", "GIF"])
def test_a_picture_is_no_video(kind: str) -> None:
    assert container_of(encode(quarters(), kind)) is None


BAD = {
    "only a header": (clip(1)[:40], "damaged"),
    "cut short": (clip(4)[:900], "cut short"),
    "nonsense": (b"\0\0\0\x18ftypisom" + bytes(300), "damaged"),
    "a recording cut short": (clip(2, "webm", "libvpx")[:60], "damaged|No frame|cut short"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_video_is_refused_in_words(kind: str) -> None:
    data, words = BAD[kind]
    assert container_of(data)
    with pytest.raises(ImageError, match=words):
        take_frames(data)


def test_a_video_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "DEFAULT_LIMITS", ImageLimits(pixels=64 * 48 - 1))
    with pytest.raises(ImageError, match="64 × 48 pixels"):
        take_frames(clip(1))


def test_damaged_videos_are_refused_in_words_or_shown() -> None:
    wholes = [clip(2), clip(2, "webm", "libvpx"), clip(2, "avi")]
    refused = 0
    for number in range(150):
        chance = random.Random(number)
        data = bytearray(wholes[number % 3])
        for _ in range(chance.randint(1, 30)):
            data[chance.randrange(12, len(data))] = chance.randrange(256)
        if number % 4 == 0:
            del data[chance.randrange(12, len(data)) :]
        try:
            frames = take_frames(bytes(data), 2)
        except ImageError:
            refused += 1
        else:
            assert all(open_upright(frame).mode == "RGB" for _, frame in frames)
    assert 0 < refused < 150


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    data = clip(1)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ImageError, match="pip install av"):
        take_frames(data)

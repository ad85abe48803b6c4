"""Pictures of raw video files in batches, with what metrics derive from them kept per batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from ctc.errors import MetricError
from ctc.metrics.base import VideoFile
from reference_sw.video.format import ColourModel, VideoFormat

Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
Derived = TypeVar("Derived")

# Four pictures of 256x256: enough for full speed.
BATCH_SAMPLES = 4 * 256 * 256
PLANES = {ColourModel.YCBCR: ("y", "u", "v"), ColourModel.RGB: ("r", "g", "b")}


class PictureBatch:
    """Consecutive pictures of one file.

    planes: arrays of shape (pictures, height, width), uint8 or uint16, 0..2^bit_depth - 1.
    Derived arrays (converted colours, features) live as long as the batch, so that every metric
    and every decoded file compared with this batch shares them. before: the one picture ahead of
    the batch, None at the start of the file.
    """

    def __init__(
        self,
        video: VideoFormat,
        first: int,
        planes: tuple[Samples, ...],
        before: PictureBatch | None = None,
    ) -> None:
        self.before = before
        self.format = video
        self.first = first
        self.planes = planes
        self._derived: dict[str, Any] = {}

    def __len__(self) -> int:
        return int(self.planes[0].shape[0])

    def derived(self, key: str, make: Callable[[], Derived]) -> Derived:
        """Return what `make` gives, computed at most once for this batch and key."""
        if key not in self._derived:
            self._derived[key] = make()
        return cast(Derived, self._derived[key])

    def last_picture(self) -> PictureBatch:
        """Return the last picture as a batch of its own, without what was derived."""
        planes = tuple(plane[-1:] for plane in self.planes)
        return PictureBatch(self.format, self.first + len(self) - 1, planes)

    def plane(self, name: str) -> Samples:
        """Return plane y, u, v, r, g or b of every picture: (pictures, height, width).

        Raises:
            MetricError: the file has no such plane.
        """
        names = PLANES[self.format.colour][: len(self.planes)]
        if name not in names:
            raise MetricError(f"plane '{name}': the file has {', '.join(names)}")
        return self.planes[names.index(name)]


def pictures_per_batch(video: VideoFormat, samples: int = BATCH_SAMPLES) -> int:
    """Return how many pictures of so many luma samples in all: 4 of 256x256, 1 from 512x512 up.

    >>> pictures_per_batch(VideoFormat(256, 256)), pictures_per_batch(VideoFormat(1920, 1080))
    (4, 1)
    """
    return max(1, samples // (video.width * video.height))


def check_file(video: VideoFile, role: str) -> None:
    """Refuse a file whose size is not that of its pictures.

    Raises:
        MetricError: missing, or not exactly `frames` pictures long.
    """
    try:
        size = video.path.stat().st_size
    except OSError as problem:
        raise MetricError(f"{role} {video.path}: cannot be read: {problem.strerror}") from problem
    per_picture = video.format.bytes_per_picture
    if video.frames < 1:
        raise MetricError(f"{role} {video.path}: frames = {video.frames}: shall be at least 1")
    if size != video.frames * per_picture:
        raise MetricError(
            f"{role} {video.path}: {size} bytes: shall be {video.frames} pictures of "
            f"{per_picture} bytes = {video.frames * per_picture}"
        )


def check_pair(original: VideoFile, decoded: VideoFile) -> None:
    """Refuse a pair that cannot be compared picture by picture.

    Raises:
        MetricError: a file of the wrong size, different frame counts or different formats.
    """
    check_file(original, "original")
    check_file(decoded, "decoded")
    if original.frames != decoded.frames:
        raise MetricError(
            f"decoded {decoded.path}: {decoded.frames} pictures: shall be {original.frames} "
            f"as in {original.path}"
        )
    for element in ("width", "height", "bit_depth", "chroma_format", "colour", "full_range"):
        expected, found = getattr(original.format, element), getattr(decoded.format, element)
        if expected != found:
            raise MetricError(
                f"decoded {decoded.path}: {element} = {_text(found)}: shall be {_text(expected)} "
                f"as in {original.path}"
            )


def _text(value: object) -> str:
    return str(getattr(value, "value", value))


def read_batches(video: VideoFile, pictures: int = 0) -> Iterator[PictureBatch]:
    """Yield the pictures of a file in order, `pictures` at a time (0: as many as is usual).

    Raises:
        MetricError: the file ends early, or a sample is above 2^bit_depth - 1.
    """
    step = pictures or pictures_per_batch(video.format)
    before: PictureBatch | None = None
    with video.path.open("rb") as stream:
        for first in range(0, video.frames, step):
            count = min(step, video.frames - first)
            data = stream.read(count * video.format.bytes_per_picture)
            batch = PictureBatch(video.format, first, _split(video, first, count, data), before)
            before = batch.last_picture()
            yield batch


def _split(video: VideoFile, first: int, count: int, data: bytes) -> tuple[Samples, ...]:
    layout = video.format
    if len(data) != count * layout.bytes_per_picture:
        raise MetricError(f"{video.path}: ends within pictures {first}..{first + count - 1}")
    samples = np.frombuffer(data, layout.sample_dtype).reshape(count, -1)
    limit = (1 << layout.bit_depth) - 1
    if layout.bit_depth not in (8, 16) and int(samples.max()) > limit:
        bad = first + int(np.argmax(samples.max(axis=1) > limit))
        raise MetricError(
            f"{video.path}: picture {bad}: sample {int(samples.max())}: "
            f"shall be in 0..{limit} at bit depth {layout.bit_depth}"
        )
    planes: list[Samples] = []
    start = 0
    for height, width in layout.plane_shapes:
        plane = samples[:, start : start + height * width].reshape(count, height, width)
        planes.append(cast(Samples, plane))
        start += height * width
    return tuple(planes)

"""Raw planar video files: exact reading and writing, one picture after another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import get_ident
from types import TracebackType
from typing import BinaryIO

import numpy as np

from reference_sw.video.format import Picture, Plane, VideoFormat, VideoFormatError


class VideoReader:
    """Pictures of a video file, read on demand through a memory map.

    Raises:
        VideoFormatError: the file cannot be read, holds no picture, or its size is not
            frames x bytes_per_picture (any whole number of pictures if `frames` is None).
    """

    def __init__(self, path: Path, video: VideoFormat, frames: int | None = None) -> None:
        self.path = path
        self.format = video
        size = file_size(path)
        per_picture = video.bytes_per_picture
        if frames is not None and frames < 1:
            raise VideoFormatError(f"{path}: frames {frames}: shall be at least 1")
        if frames is not None and size != frames * per_picture:
            raise VideoFormatError(
                f"{path}: {size} bytes, but {frames} pictures of {describe(video)} "
                f"are {frames * per_picture} bytes"
            )
        if size == 0 or size % per_picture:
            raise VideoFormatError(
                f"{path}: {size} bytes, not a whole number of pictures of {describe(video)} "
                f"({per_picture} bytes each)"
            )
        self._frames = size // per_picture
        self._bytes = np.asarray(np.memmap(path, dtype=np.uint8, mode="r"))

    def __len__(self) -> int:
        return self._frames

    def __iter__(self) -> Iterator[Picture]:
        return (self.picture(index) for index in range(len(self)))

    def picture(self, index: int) -> Picture:
        """Return picture `index`, 0..len - 1; its planes are read-only views of the file.

        Raises:
            IndexError: no such picture.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"{self.path}: picture {index}: shall be in 0..{len(self) - 1}")
        start = self._offset(index)
        data = self._bytes[start : start + self.format.bytes_per_picture]
        samples = np.require(data.view(self.format.sample_dtype), requirements="A")
        return planes_of(samples, self.format)

    def _offset(self, index: int) -> int:
        return index * self.format.bytes_per_picture


class VideoWriter:
    """Writer of a raw planar file; the file appears under its name only when complete.

    Use as a context manager: an exception inside removes what was written.
    """

    def __init__(self, path: Path, video: VideoFormat) -> None:
        self.path = path
        self.format = video
        self.frames = 0
        self._partial = path.with_name(f".{os.getpid()}-{get_ident()}.{path.name}")
        self._file: BinaryIO = self._partial.open("wb")

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
            if kind is None:
                self._partial.replace(self.path)
        finally:
            self._partial.unlink(missing_ok=True)

    def write(self, picture: Picture) -> None:
        """Append one picture.

        Raises:
            VideoFormatError: planes whose number, shape or range is not the format's.
        """
        check_picture(picture, self.format)
        self._begin_picture()
        for plane in picture.planes:
            self._file.write(np.ascontiguousarray(plane, dtype=self.format.sample_dtype).data)
        self.frames += 1

    def _begin_picture(self) -> None:
        """Write what precedes each picture: nothing in a raw file."""


def check_picture(picture: Picture, video: VideoFormat) -> None:
    """Check that the planes are those of the format.

    Raises:
        VideoFormatError: their number, shape or range is another.
    """
    shapes = tuple(plane.shape for plane in picture.planes)
    if shapes != video.plane_shapes:
        raise VideoFormatError(f"planes {shapes}: shall be {video.plane_shapes}")
    for index, plane in enumerate(picture.planes):
        if plane.dtype.kind != "u":
            raise VideoFormatError(f"plane {index}: {plane.dtype}: shall be unsigned integers")
        if plane.dtype.itemsize > 1 and int(plane.max()) >= 1 << video.bit_depth:
            raise VideoFormatError(
                f"plane {index}: sample {int(plane.max())}: "
                f"shall be in 0..{(1 << video.bit_depth) - 1}"
            )


def planes_of(samples: Plane, video: VideoFormat) -> Picture:
    """Return the picture whose samples lie one plane after the other in a vector."""
    planes = []
    start = 0
    for height, width in video.plane_shapes:
        planes.append(samples[start : start + height * width].reshape(height, width))
        start += height * width
    return Picture(tuple(planes))


def file_size(path: Path) -> int:
    """Return the size in bytes.

    Raises:
        VideoFormatError: no such file, or not a plain file.
    """
    try:
        status = path.stat()
    except OSError as problem:
        raise VideoFormatError(f"{path}: cannot be read: {problem.strerror}") from problem
    if not path.is_file():
        raise VideoFormatError(f"{path}: not a plain file")
    return status.st_size


def describe(video: VideoFormat) -> str:
    """Return the format in words, for errors and lists.

    >>> describe(VideoFormat(256, 256))
    '256x256 8-bit YCbCr 4:2:0'
    """
    colour = {"ycbcr": "YCbCr", "rgb": "RGB"}[video.colour.value]
    return (
        f"{video.width}x{video.height} {video.bit_depth}-bit {colour} {video.chroma_format.value}"
    )

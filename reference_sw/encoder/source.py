"""The original, in the formats an encoder works in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from reference_sw.decoder.synthesis import network_format
from reference_sw.encoder.distortion import Luma, luma
from reference_sw.video.convert import convert_picture
from reference_sw.video.format import Picture, Plane, as_plane
from reference_sw.video.raw import VideoReader

MULTIPLE = 8
MIN_SIDE = 64


def padding(side: int) -> int:
    """Return the samples to add to a side, to a multiple of 8 that is at least 64.

    >>> [padding(n) for n in (256, 250, 10)]
    [0, 6, 54]
    """
    return max(MIN_SIDE, -(-side // MULTIPLE) * MULTIPLE) - side


class Source:
    """Pictures of a raw file: as they are, padded to the coded size, and as network input."""

    def __init__(self, reader: VideoReader) -> None:
        self._reader = reader
        self.format = reader.format
        width, height = reader.format.width, reader.format.height
        self.padding = (padding(width), padding(height))
        self.coded = replace(
            reader.format, width=width + self.padding[0], height=height + self.padding[1]
        )
        self._rgb = network_format(self.coded)

    def __len__(self) -> int:
        return len(self._reader)

    def padded(self, index: int) -> Picture:
        """Return a picture at the coded size, its last row and column repeated."""
        picture = self._reader.picture(index)
        planes: list[Plane] = []
        for plane, (height, width) in zip(picture.planes, self.coded.plane_shapes, strict=True):
            extra = ((0, height - plane.shape[0]), (0, width - plane.shape[1]))
            planes.append(as_plane(np.pad(plane, extra, mode="edge"), self.format.bit_depth))
        return Picture(tuple(planes))

    def luma(self, index: int) -> Luma:
        """Return the brightness of a picture at its own size."""
        return luma(self._reader.picture(index), self.format)

    def rgb(self, indices: range) -> torch.Tensor:
        """Return pictures at the coded size as (N, 3, H, W) float32, 0..255."""
        converted = (convert_picture(self.padded(i), self.coded, self._rgb) for i in indices)
        stacked = np.stack([np.stack(picture.planes) for picture in converted])
        return torch.from_numpy(stacked.astype(np.float32))

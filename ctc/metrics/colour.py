"""Pictures as R, G, B: the one colour path of every metric that looks at RGB.

RGB files are taken as they are; Y'CbCr files go through reference_sw.video's exact conversion at
their own bit depth (8-bit BT.601 limited 4:2:0 as OpenCV's I420).
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import numpy.typing as npt

from ctc.metrics.pictures import PictureBatch, Samples
from reference_sw.video.convert import CONVERSION_VERSION, convert_picture
from reference_sw.video.format import ChromaFormat, ColourModel, Picture

COLOUR_PATH = f"rgb:as-is-or-converted-v{CONVERSION_VERSION}"


def rgb(batch: PictureBatch) -> Samples:
    """Return R, G, B of each picture: (pictures, 3, height, width), 0..2^bit_depth - 1."""
    return batch.derived("rgb", lambda: _rgb(batch))


def rgb_unit(batch: PictureBatch) -> npt.NDArray[np.float32]:
    """Return R, G, B of each picture as float32 in 0..1: (pictures, 3, height, width)."""
    peak = np.float32((1 << batch.format.bit_depth) - 1)
    return batch.derived("rgb unit", lambda: rgb(batch).astype(np.float32) / peak)


def _rgb(batch: PictureBatch) -> Samples:
    source = batch.format
    if source.colour is ColourModel.RGB:
        return cast(Samples, np.stack(batch.planes, axis=1))
    if source.chroma_format is ChromaFormat.MONOCHROME:
        return cast(Samples, np.repeat(batch.planes[0][:, None], 3, axis=1))
    target = replace(source, colour=ColourModel.RGB, chroma_format=ChromaFormat.C444)
    pictures = [
        convert_picture(Picture(tuple(plane[index] for plane in batch.planes)), source, target)
        for index in range(len(batch))
    ]
    return cast(Samples, np.stack([np.stack(picture.planes) for picture in pictures]))

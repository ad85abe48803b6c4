"""Grey pictures for the metrics that were defined on grey values of 0 to 255.

Y'CbCr and grey files give their luma plane as it is, scaled by 255 / (2^b - 1); RGB files give
.299 R + .587 G + .114 B.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ctc.metrics.colour import rgb
from ctc.metrics.pictures import PictureBatch
from reference_sw.video.format import ColourModel

Maps = npt.NDArray[np.float64]

LUMA_PATH = "y or .299R+.587G+.114B, 0..255"
YIQ_PATH = "yiq of rgb, 0..255"
_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def luma(batch: PictureBatch) -> Maps:
    """Return grey pictures (n, height, width), float64, 0..255."""

    def make() -> Maps:
        if batch.format.colour is ColourModel.RGB:
            return yiq(batch)[0]
        scale = 255.0 / ((1 << batch.format.bit_depth) - 1)
        return batch.planes[0].astype(np.float64) * scale

    return batch.derived("luma", make)


def yiq(batch: PictureBatch) -> tuple[Maps, Maps, Maps]:
    """Return Y, I and Q of the RGB pictures, each (n, height, width), of 0..255 RGB."""

    def make() -> tuple[Maps, Maps, Maps]:
        scale = 255.0 / ((1 << batch.format.bit_depth) - 1)
        planes = rgb(batch).astype(np.float64) * scale
        y, i, q = np.einsum("ck,nkhw->cnhw", _YIQ, planes)
        return y, i, q

    return batch.derived("yiq", make)


def similarity(a: Maps, b: Maps, constant: float) -> Maps:
    """Return (2ab + c) / (a^2 + b^2 + c), sample by sample."""
    return np.asarray((2 * a * b + constant) / (a * a + b * b + constant), dtype=np.float64)


def block_means(planes: Maps, factor: int) -> Maps:
    """Return means over factor x factor, zeros beyond the edges, every factor-th sample.

    As Matlab's conv2(x, ones(f)/f^2, 'same') and x(1:f:end, 1:f:end).

    >>> block_means(np.arange(9.0).reshape(1, 3, 3), 2).tolist()
    [[[2.0, 1.75], [3.25, 2.0]]]
    """
    before = factor - 1 - factor // 2
    padded = np.pad(planes, ((0, 0), (before, factor // 2), (before, factor // 2)))
    sums = np.zeros_like(planes)
    height, width = planes.shape[1:]
    for dy in range(factor):
        for dx in range(factor):
            sums += padded[:, dy : dy + height, dx : dx + width]
    return sums[:, ::factor, ::factor] / factor**2

"""The metrics of the GFVC common software v1 and v2, by name, so that old results compare.

Figures of v1 and v2 are not comparable with one another: v1's RGB PSNR is the mean of three
planes' dB, v2's is of BT.709 luma alone; v1's SSIM is the mean of R, G and B, v2's is of R alone
(though called MS-SSIM there). LPIPS-VGG and DISTS are the same in both, as is the YUV 4:2:0 set.
Source: Berlin0610/GFVC_Software 18e1c8b, evaluate/multiMetric_rgb444.py and
multiMetric_yuv420.py; xyzysz/GFVC_Software_v2 80b7b52, evaluate/eval_utils/metrics.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ctc.metrics.base import Metric
from ctc.metrics.colour import rgb
from ctc.metrics.dists import RESIZE_GFVC, Dists
from ctc.metrics.lpips import Lpips
from ctc.metrics.per_picture import PictureMetric, Values
from ctc.metrics.pictures import PictureBatch, Samples
from ctc.metrics.psnr import DB_OF_MEAN, Psnr, WeightedPsnr, decibel
from ctc.metrics.ssim import WINDOW, Maps, Ssim, filter_valid, similarity_maps
from reference_sw.video.format import ChromaFormat, ColourModel, Matrix, VideoFormat

ZERO_MSE_DB = 100.0
_NEEDS_RGB = "defined for 8-bit RGB 4:4:4"
_NEEDS_I420 = "defined for 8-bit BT.601 limited-range 4:2:0 of even size"

Integers = npt.NDArray[np.int64]


def luma_bt709(pictures: Samples) -> Integers:
    """Return full-range BT.709 luma of R, G, B (n, 3, h, w), rounded half to even: (n, h, w).

    >>> luma_bt709(np.array([[[[255]], [[0]], [[1]]]], np.uint8)).item()
    54
    """
    red, green, blue = (pictures[:, plane].astype(np.int64) for plane in range(3))
    scaled = 2126 * red + 7152 * green + 722 * blue
    return np.rint(scaled / 10000).astype(np.int64)


def opencv_yuv444(pictures: Samples) -> tuple[Integers, Integers, Integers]:
    """Return OpenCV's 8-bit RGB to YUV of R, G, B (n, 3, h, w): three arrays (n, h, w), 0..255."""
    red, green, blue = (pictures[:, plane].astype(np.int64) for plane in range(3))
    half = 1 << 13
    y = (4899 * red + 9617 * green + 1868 * blue + half) >> 14
    u = ((blue - y) * 8061 + (128 << 14) + half) >> 14
    v = ((red - y) * 14369 + (128 << 14) + half) >> 14
    return y, np.clip(u, 0, 255), np.clip(v, 0, 255)


@dataclass(frozen=True)
class GfvcPsnrY(PictureMetric):
    """v2's PSNR of an RGB track: BT.709 full-range luma rounded to 8 bits, peak 255."""

    name: ClassVar[str] = "gfvc2-psnr-y"
    unit: ClassVar[str] = "dB"

    luma: str = "bt709-full-rounded"
    peak: str = "255"
    zero_mse: float = ZERO_MSE_DB

    @property
    def title(self) -> str:
        """`PSNR Y (GFVC v2)`."""
        return "PSNR Y (GFVC v2)"

    def applies_to(self, video: VideoFormat) -> str:
        """Defined for the RGB track."""
        rgb_track = video.colour is ColourModel.RGB and video.bit_depth == 8
        return "" if rgb_track else _NEEDS_RGB

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the PSNR of each picture in dB."""
        a, b = _luma(original), _luma(decoded)
        mse = ((a - b) ** 2).mean(axis=(1, 2))
        return decibel(mse, 255, self.zero_mse)


def _luma(batch: PictureBatch) -> Integers:
    return batch.derived("luma bt709", lambda: luma_bt709(rgb(batch)))


@dataclass(frozen=True)
class GfvcSsimYuv(PictureMetric):
    """SSIM of a 4:2:0 track: I420 to RGB to OpenCV's YUV 4:4:4, then one plane or (4Y+U+V)/6."""

    name: ClassVar[str] = "gfvc-yuv-ssim"

    planes: str = "yuv"
    path: str = "i420>rgb>opencv-yuv444"
    window: str = "gaussian11x11,1.5,valid"

    @property
    def title(self) -> str:
        """`SSIM YUV (GFVC)`."""
        return f"SSIM {self.planes.upper()} (GFVC)"

    def applies_to(self, video: VideoFormat) -> str:
        """Defined for the 4:2:0 track."""
        i420 = (video.colour, video.bit_depth, video.chroma_format, video.matrix)
        wanted = (ColourModel.YCBCR, 8, ChromaFormat.C420, Matrix.BT601)
        even = video.width % 2 == video.height % 2 == 0
        if i420 != wanted or video.full_range or not even:
            return _NEEDS_I420
        small = min(video.width, video.height) < WINDOW
        return f"pictures are smaller than {WINDOW}x{WINDOW}" if small else ""

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the SSIM of each picture."""
        weights = {"y": 4, "u": 1, "v": 1}
        total = np.zeros(len(original))
        for plane in self.planes:
            total += weights[plane] * _ssim_of_plane(original, decoded, "yuv".index(plane))
        return total / sum(weights[plane] for plane in self.planes)


def _planes(batch: PictureBatch) -> tuple[Maps, ...]:
    def make() -> tuple[Maps, ...]:
        return tuple(plane.astype(np.float64) for plane in opencv_yuv444(rgb(batch)))

    return batch.derived("opencv yuv444", make)


def _ssim_of_plane(original: PictureBatch, decoded: PictureBatch, index: int) -> Values:
    def compute() -> Values:
        a, b = _planes(original)[index], _planes(decoded)[index]
        mean_a = original.derived(f"opencv yuv444 mean {index}", lambda: filter_valid(a))
        return np.asarray(similarity_maps(a, b, mean_a, 255)[0].mean(axis=(1, 2)), dtype=np.float64)

    return decoded.derived(f"gfvc ssim {index} against {id(original)}", compute)


_LEARNED: dict[str, Metric] = {"lpips": Lpips("vgg"), "dists": Dists(resize=RESIZE_GFVC)}
_YUV: dict[str, Metric] = {
    # Lifting 8 bits to 10 multiplies MSE and squared peak alike: the same dB as at 8 bits.
    "gfvc-yuv-psnr": WeightedPsnr(weights="4:1:1", weighted="MSE", average=DB_OF_MEAN),
    **{f"gfvc-yuv-psnr-{plane}": Psnr(plane) for plane in "yuv"},
    "gfvc-yuv-ssim": GfvcSsimYuv(),
    **{f"gfvc-yuv-ssim-{plane}": GfvcSsimYuv(plane) for plane in "yuv"},
}
_RGB_V1: dict[str, Metric] = {
    "gfvc1-psnr-rgb": WeightedPsnr("rgb", "1:1:1", zero_mse=ZERO_MSE_DB),
    "gfvc1-ssim-rgb": Ssim("rgb"),
    **{f"gfvc1-{name}": metric for name, metric in _LEARNED.items()},
}
_RGB_V2: dict[str, Metric] = {
    "gfvc2-psnr-y": GfvcPsnrY(),
    "gfvc2-ssim-r": Ssim("r"),
    **{f"gfvc2-{name}": metric for name, metric in _LEARNED.items()},
}
METRICS: dict[str, Metric] = {**_RGB_V1, **_RGB_V2, **_YUV}
SETS: dict[str, tuple[str, ...]] = {
    "gfvc-v1-rgb": tuple(_RGB_V1),
    "gfvc-v2-rgb": tuple(_RGB_V2),
    "gfvc-v1-yuv": tuple(_YUV),
    "gfvc-v2-yuv": tuple(_YUV),
}

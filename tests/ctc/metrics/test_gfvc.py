"""The GFVC common software's metrics against hand-computed cases and direct evaluation."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import convolve2d

from ctc.metrics import VideoFile, metric_by_name
from ctc.metrics.gfvc import SETS, luma_bt709, opencv_yuv444
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat
from tests.ctc.metrics.clips import noisy, smooth_planes, write
from tests.ctc.metrics.oracles import figure

RGB = VideoFormat(32, 16, chroma_format=ChromaFormat.C444, colour=ColourModel.RGB)
I420 = VideoFormat(32, 16)
DB255 = 20 * math.log10(255)


def flat(path: Path, video: VideoFormat, *values: tuple[int, int, int]) -> VideoFile:
    planes = [
        [np.full(s, value) for s, value in zip(video.plane_shapes, picture, strict=True)]
        for picture in values
    ]
    return write(path, planes, video)


def test_v1_rgb_psnr_by_hand(tmp_path: Path) -> None:
    """Picture 0 differs by 1, 2, 0: dB 48.13, 42.11, 100; picture 1 is identical: 100."""
    original = flat(tmp_path / "o", RGB, (10, 20, 30), (10, 20, 30))
    decoded = flat(tmp_path / "d", RGB, (11, 22, 30), (10, 20, 30))
    first = (DB255 + DB255 - 20 * math.log10(2) + 100) / 3
    assert first == pytest.approx(63.414, abs=1e-3)
    found = figure(metric_by_name("gfvc1-psnr-rgb"), original, decoded)
    assert found == pytest.approx((first + 100) / 2)


def test_v2_psnr_sees_rounded_bt709_luma_alone(tmp_path: Path) -> None:
    """(100, 50, 200) has Y 71.46 -> 71; (104, 50, 200) has 72.31 -> 72: an error of 1.
    (100, 50, 203) has 71.68 -> 72 as well; a change of blue by 1 to 201 stays at 71.53 -> 72."""
    pictures = np.array([[100, 50, 200], [104, 50, 200], [100, 50, 203], [100, 50, 201]], np.uint8)
    assert luma_bt709(pictures[:, :, None, None]).ravel().tolist() == [71, 72, 72, 72]
    original = flat(tmp_path / "o", RGB, (100, 50, 200))
    decoded = flat(tmp_path / "d", RGB, (104, 50, 200))
    metric = metric_by_name("gfvc2-psnr-y")
    assert figure(metric, original, decoded) == pytest.approx(DB255)
    assert figure(metric, original, original) == 100.0
    assert metric.applies_to(I420) == "defined for 8-bit RGB 4:4:4"


def test_yuv_psnr_averages_mse_before_the_logarithm(tmp_path: Path) -> None:
    """Lifted to 10 bits: errors 4, 8, 0 then 0: MSE (4*16 + 64)/6 and 0, peak 1020."""
    original = flat(tmp_path / "o", I420, (100, 90, 80), (100, 90, 80))
    decoded = flat(tmp_path / "d", I420, (101, 92, 80), (100, 90, 80))
    lifted = ((4 * 16 + 64 + 0) / 6 + 0) / 2
    expected = 10 * math.log10(1020**2 / lifted)
    assert figure(metric_by_name("gfvc-yuv-psnr"), original, decoded) == pytest.approx(expected)


def direct_ssim(a: np.ndarray, b: np.ndarray) -> float:
    """The two-dimensional window and convolve2d, as the common software's script has them."""
    y, x = np.ogrid[-5:6, -5:6]
    window = np.exp(-(x * x + y * y) / (2 * 1.5 * 1.5))
    window /= window.sum()

    def mean(z: np.ndarray) -> np.ndarray:
        return np.asarray(convolve2d(z, window, mode="valid"))

    a, b = a.astype(np.float64), b.astype(np.float64)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    ma, mb = mean(a), mean(b)
    va, vb, cov = mean(a * a) - ma * ma, mean(b * b) - mb * mb, mean(a * b) - ma * mb
    ssim = (2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
    return float(ssim.mean())


def test_rgb_ssim_of_v1_is_the_mean_and_of_v2_is_red_alone(tmp_path: Path) -> None:
    clip = smooth_planes(RGB, 1)
    worse = [
        [
            p if i else q
            for i, (p, q) in enumerate(zip(clip[0], noisy(clip, RGB, 20)[0], strict=True))
        ]
    ]
    original, decoded = write(tmp_path / "o", clip, RGB), write(tmp_path / "d", worse, RGB)
    red = direct_ssim(clip[0][0], worse[0][0])
    assert red < 0.9
    assert figure(metric_by_name("gfvc2-ssim-r"), original, decoded) == pytest.approx(red, abs=1e-9)
    mean = (red + 1 + 1) / 3
    assert figure(metric_by_name("gfvc1-ssim-rgb"), original, decoded) == pytest.approx(
        mean, abs=1e-9
    )


# B, G, R and the Y, U, V that OpenCV 4 (cvtColor, COLOR_BGR2YUV) gives.
OPENCV = [
    [95, 130, 194, 145, 103, 171],
    [217, 207, 235, 217, 128, 144],
    [15, 163, 33, 107, 83, 63],
    [215, 217, 130, 191, 140, 75],
    [49, 102, 222, 132, 87, 207],
    [65, 240, 224, 215, 54, 136],
    [137, 157, 101, 138, 128, 96],
    [26, 153, 195, 151, 66, 167],
]


def test_yuv444_is_opencvs() -> None:
    rows = np.array(OPENCV)
    pictures = rows[:, 2::-1].astype(np.uint8)[:, :, None, None]
    ours = np.stack([plane.ravel() for plane in opencv_yuv444(pictures)], axis=1)
    assert ours.tolist() == rows[:, 3:].tolist()


def test_yuv_ssim_goes_through_rgb_and_back(tmp_path: Path) -> None:
    clip = smooth_planes(I420, 1)
    worse = noisy(clip, I420, 15)
    original, decoded = write(tmp_path / "o", clip, I420), write(tmp_path / "d", worse, I420)

    def planes(picture: list[np.ndarray]) -> list[np.ndarray]:
        """I420 to RGB in OpenCV's 20-bit fixed point, then to YUV 4:4:4, sample by sample."""
        out = np.zeros((3, 16, 32), int)
        for row in range(16):
            for column in range(32):
                y = max(0, int(picture[0][row, column]) - 16) * 1220542
                u, v = (int(p[row // 2, column // 2]) - 128 for p in picture[1:])
                terms = (1673527 * v, -409993 * u - 852492 * v, 2116026 * u)
                r, g, b = (min(255, max(0, (y + t + (1 << 19)) >> 20)) for t in terms)
                luma = (4899 * r + 9617 * g + 1868 * b + 8192) >> 14
                chroma = [
                    ((x - luma) * k + (128 << 14) + 8192) >> 14 for x, k in ((b, 8061), (r, 14369))
                ]
                out[:, row, column] = [luma, *(min(255, max(0, c)) for c in chroma)]
        return list(out)

    pairs = list(zip(planes(clip[0]), planes(worse[0]), strict=True))
    y, u, v = (direct_ssim(a, b) for a, b in pairs)
    assert figure(metric_by_name("gfvc-yuv-ssim"), original, decoded) == pytest.approx(
        (4 * y + u + v) / 6, abs=1e-9
    )
    assert figure(metric_by_name("gfvc-yuv-ssim-u"), original, decoded) == pytest.approx(
        u, abs=1e-9
    )


def test_the_sets_name_known_metrics() -> None:
    for names in SETS.values():
        for name in names:
            assert metric_by_name(name).title
    assert metric_by_name("gfvc1-lpips") == metric_by_name("lpips-vgg")
    assert metric_by_name("gfvc2-dists") == metric_by_name("dists-gfvc")

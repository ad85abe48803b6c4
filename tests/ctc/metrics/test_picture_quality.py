"""FSIM, GMSD, HaarPSI, VIFp, CIEDE2000: published values and other implementations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from ctc.metrics import metric_by_name
from ctc.metrics.ciede2000 import ciede2000, lab_of_srgb
from ctc.metrics.vifp import _information
from reference_sw.video.format import VideoFormat
from tests.ctc.metrics.clips import noisy, smooth_planes, write
from tests.ctc.metrics.oracles import IQA, figure, grey_file, oracle_picture, rgb_file

# IQA-PyTorch ResultsCalibra/results_official.csv: what the authors' Matlab programs give.
OFFICIAL = {
    "fsimc": ("rgb", 5e-5, (0.689, 0.9702, 0.9927, 0.9575, 0.822)),
    "gmsd-y": (
        "grey",
        1e-9,
        (
            0.220347639470143,
            0.0005220585050504579,
            0.0004482814810014102,
            0.134631933046914,
            0.204996493556054,
        ),
    ),
    "ssim-y": ("grey", 5e-5, (0.6993, 0.9978, 0.9989, 0.9669, 0.6519)),
    # piq 0.8.0 in double precision, on the same grey pictures.
    "haarpsi-y": ("grey", 1e-6, (0.277436, 0.998177, 0.998362, 0.66434, 0.416477)),
    # piq's YIQ matrix has other digits than the authors'.
    "haarpsi-colour": ("rgb", 2e-4, (0.333203, 0.427981, 0.833891, 0.710305, 0.445957)),
    "vifp-y": ("grey", 1e-6, (0.070086, 0.971347, 0.978037, 0.92651, 0.201911)),
}


@pytest.mark.parametrize("name", sorted(OFFICIAL))
def test_values_of_the_calibration_pictures(tmp_path: Path, name: str) -> None:
    kind, tolerance, values = OFFICIAL[name]
    to_file = grey_file if kind == "grey" else rgb_file
    metric = metric_by_name(name)
    for picture, value in zip(IQA, values, strict=True):
        pair = [
            to_file(tmp_path / side, oracle_picture(f"iqa_{picture}_{side}.png"))
            for side in ("ref", "dist")
        ]
        assert figure(metric, *pair) == pytest.approx(value, abs=tolerance), picture


@pytest.mark.parametrize(
    "name", ["fsim-y", "fsimc", "gmsd-y", "haarpsi-y", "haarpsi-colour", "vifp-y", "ciede2000"]
)
def test_identity_order_and_batches(tmp_path: Path, name: str) -> None:
    video = VideoFormat(72, 56)
    clip = smooth_planes(video, 5)
    original = write(tmp_path / "o", clip, video)
    metric = metric_by_name(name)
    best = 1.0 if metric.higher_is_better else 0.0
    assert metric.applies_to(video) == ""
    same = metric.measure(original, [original])[0]
    assert same.pictures == pytest.approx([best] * 5, abs=1e-6)
    files = [write(tmp_path / f"d{s}", noisy(clip, video, s), video) for s in (3, 12)]
    little, much = (metric.measure(original, [f])[0].sequence or 0.0 for f in files)
    assert abs(best - little) < abs(best - much)
    last = (
        write(tmp_path / "o4", clip[4:], video),
        write(tmp_path / "d4", noisy(clip, video, 3)[4:], video),
    )
    assert metric.measure(last[0], [last[1]])[0].sequence == pytest.approx(
        metric.measure(original, [files[0]])[0].pictures[4]
    )


def test_vif_information_of_a_halved_contrast_by_hand() -> None:
    """b = a/2 exactly: gain 1/2 and no error, so each window carries log(1 + var/4/2)."""
    a = np.random.default_rng(1).normal(100, 30, (1, 17, 17))
    carried, total = _information(a, a / 2, 17)
    window = np.exp(-(np.arange(-8, 9) ** 2) / (2 * (17 / 5) ** 2))
    weights = np.outer(window, window) / window.sum() ** 2
    variance = float((weights * a[0] ** 2).sum() - (weights * a[0]).sum() ** 2)
    assert carried[0] == pytest.approx(np.log10(1 + variance / 4 / 2), rel=1e-6)
    assert total[0] == pytest.approx(np.log10(1 + variance / 2), rel=1e-12)


def test_flat_pictures_have_no_vif_but_a_reason(tmp_path: Path) -> None:
    video = VideoFormat(48, 48)
    flat = [[np.full(s, 100) for s in video.plane_shapes]]
    original = write(tmp_path / "o", flat, video)
    score = metric_by_name("vifp-y").measure(original, [original])[0]
    assert (score.sequence, score.reason) == (None, "undefined in 1 of 1 pictures")
    assert metric_by_name("haarpsi-y").measure(original, [original])[0].sequence is not None


# Rows of table 1 of Sharma, Wu and Dalal: L*, a*, b* twice, and the difference.
SHARMA = (
    (50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425),
    (50, 3.1571, -77.2803, 50, 0, -82.7485, 2.8615),
    (50, 2.8361, -74.0200, 50, 0, -82.7485, 3.4412),
    (50, -1.3802, -84.2814, 50, 0, -82.7485, 1.0000),
    (50, -1.1848, -84.8006, 50, 0, -82.7485, 1.0000),
    (50, -0.9009, -85.5211, 50, 0, -82.7485, 1.0000),
    (50, 0, 0, 50, -1, 2, 2.3669),
    (50, -1, 2, 50, 0, 0, 2.3669),
    (50, 2.4900, -0.0010, 50, -2.4900, 0.0009, 7.1792),
    (50, 2.4900, -0.0010, 50, -2.4900, 0.0010, 7.1792),
    (50, 2.4900, -0.0010, 50, -2.4900, 0.0011, 7.2195),
    (50, 2.4900, -0.0010, 50, -2.4900, 0.0012, 7.2195),
    (50, -0.0010, 2.4900, 50, 0.0009, -2.4900, 4.8045),
    (50, -0.0010, 2.4900, 50, 0.0010, -2.4900, 4.8045),
    (50, -0.0010, 2.4900, 50, 0.0011, -2.4900, 4.7461),
    (50, 2.5000, 0, 50, 0, -2.5000, 4.3065),
    (50, 2.5, 0, 73, 25, -18, 27.1492),
    (50, 2.5, 0, 61, -5, 29, 22.8977),
    (50, 2.5, 0, 56, -27, -3, 31.9030),
    (50, 2.5, 0, 58, 24, 15, 19.4535),
    (50, 2.5, 0, 50, 3.1736, 0.5854, 1.0000),
    (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
    (63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630),
    (35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645),
    (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
    (90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441),
    (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
)


def test_colour_difference_of_the_published_pairs() -> None:
    rows = np.array(SHARMA)
    found = ciede2000(rows[:, :3].T, rows[:, 3:6].T)
    np.testing.assert_allclose(found, rows[:, 6], atol=5.1e-5)


def test_colour_difference_agrees_with_scikit_image(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    pair = rng.integers(0, 256, (2, 1, 3, 24, 20), dtype=np.uint8)
    labs = [lab_of_srgb(p / 255.0) for p in pair]
    theirs = [rgb2lab(p[0].transpose(1, 2, 0)) for p in pair]
    np.testing.assert_allclose(labs[0][:, 0].transpose(1, 2, 0), theirs[0], atol=0.02)
    files = [rgb_file(tmp_path / str(i), p) for i, p in enumerate(pair)]
    expected = float(deltaE_ciede2000(*theirs).mean())
    assert figure(metric_by_name("ciede2000"), *files) == pytest.approx(expected, abs=2e-3)

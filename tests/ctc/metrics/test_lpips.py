"""LPIPS and DISTS: published values, an independent plain implementation, sharing of features."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from ctc.metrics import measure_all, metric_by_name
from ctc.metrics.networks import backbones, perceptual
from reference_sw.video.format import VideoFormat
from tests.ctc.metrics.clips import noisy, smooth_planes, write
from tests.ctc.metrics.oracles import IQA, available, figure, oracle_picture, rgb_file

Array = npt.NDArray[np.float64]
Arrays = dict[str, Array]


def oracle_figure(tmp_path: Path, name: str, ref: str, dist: str) -> float:
    metric = available(name)
    pair = [rgb_file(tmp_path / n, oracle_picture(n)) for n in (ref, dist)]
    return figure(metric, pair[0], pair[1])


@pytest.mark.parametrize(
    ("name", "dist", "value", "tolerance"),
    [
        ("lpips-alex", "ex_p0.png", 0.722, 5e-4),
        ("lpips-alex", "ex_p1.png", 0.138, 5e-4),
        ("lpips-alex", "ex_p0.png", 0.721881, 1e-6),
        ("lpips-alex", "ex_p1.png", 0.137566, 1e-6),
        ("lpips-squeeze", "ex_p0.png", 0.71104753, 1e-6),
        ("lpips-squeeze", "ex_p1.png", 0.14790162, 1e-6),
    ],
)
def test_published_lpips_of_the_authors_example(
    tmp_path: Path, name: str, dist: str, value: float, tolerance: float
) -> None:
    """Alex: the figure the authors print, and its digits; squeeze: an independent ONNX export."""
    assert oracle_figure(tmp_path, name, "ex_ref.png", dist) == pytest.approx(value, abs=tolerance)


@pytest.mark.parametrize(
    ("picture", "value"), list(zip(IQA, (0.7237, 0.2572, 0.05079, 0.05205, 0.4253), strict=True))
)
def test_published_lpips_of_the_calibration_pictures(
    tmp_path: Path, picture: str, value: float
) -> None:
    names = (f"iqa_{picture}_ref.png", f"iqa_{picture}_dist.png")
    assert oracle_figure(tmp_path, "lpips-alex", *names) == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize(
    ("ref", "dist", "value"),
    [
        ("r0.png", "r1.png", 0.3347),
        ("iqa_I03_ref.png", "iqa_I03_dist.png", 0.4742),
        ("iqa_I04_ref.png", "iqa_I04_dist.png", 0.1424),
        ("iqa_I06_ref.png", "iqa_I06_dist.png", 0.06825),
        ("iqa_I08_ref.png", "iqa_I08_dist.png", 0.02867),
        ("iqa_I19_ref.png", "iqa_I19_dist.png", 0.3123),
    ],
)
def test_published_dists_waits_for_the_backbone(
    tmp_path: Path, ref: str, dist: str, value: float
) -> None:
    assert oracle_figure(tmp_path, "dists", ref, dist) == pytest.approx(value, abs=1e-3)


# An independent plain implementation: float64 loops over taps, no torch.


def plain_conv(x: Array, weight: Array, bias: Array) -> Array:
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    out = np.zeros((weight.shape[0], *x.shape[1:]))
    for dy in range(3):
        for dx in range(3):
            window = padded[:, dy : dy + x.shape[1], dx : dx + x.shape[2]]
            out += np.tensordot(weight[:, :, dy, dx], window, 1)
    return np.maximum(out + bias[:, None, None], 0)


def plain_maximum(x: Array) -> Array:
    c, h, w = x.shape
    return x[:, : h // 2 * 2, : w // 2 * 2].reshape(c, h // 2, 2, w // 2, 2).max((2, 4))


def plain_l2(x: Array) -> Array:
    taps = np.hanning(5)[1:-1]
    window = np.outer(taps, taps) / taps.sum() ** 2
    padded = np.pad(x**2, ((0, 0), (1, 1), (1, 1)))
    h, w = (x.shape[1] + 1) // 2, (x.shape[2] + 1) // 2
    out = np.zeros((x.shape[0], h, w))
    for row in range(h):
        for column in range(w):
            block = padded[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
            out[:, row, column] = (block * window).sum((1, 2))
    return np.sqrt(out + 1e-12)


def plain_vgg(x: Array, weights: Arrays, pool: Any, stages: int = 5) -> list[Array]:
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    x = (x - mean[:, None, None]) / std[:, None, None]
    outputs: list[Array] = []
    for layers in [(0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)][:stages]:
        x = pool(x) if outputs else x
        for index in layers:
            x = plain_conv(
                x, weights[f"features.{index}.weight"], weights[f"features.{index}.bias"]
            )
        outputs.append(x)
    return outputs


def plain_lpips(a: list[Array], b: list[Array], heads: list[Array]) -> float:
    total = 0.0
    for x, y, head in zip(a, b, heads, strict=True):
        x, y = (z / (np.sqrt((z**2).sum(0)) + 1e-10) for z in (x, y))
        total += float((head[:, None, None] * (x - y) ** 2).sum(0).mean())
    return total


def plain_dists(a: list[Array], b: list[Array], alpha: Array, beta: Array) -> float:
    similarity, start = 0.0, 0
    for x, y in zip(a, b, strict=True):
        for u, v in zip(x, y, strict=True):
            covariance = ((u - u.mean()) * (v - v.mean())).mean()
            texture = (2 * u.mean() * v.mean() + 1e-6) / (u.mean() ** 2 + v.mean() ** 2 + 1e-6)
            structure = (2 * covariance + 1e-6) / (u.var() + v.var() + 1e-6)
            similarity += alpha[start] * texture + beta[start] * structure
            start += 1
    return 1 - similarity / (alpha.sum() + beta.sum())


def random_vgg(seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    weights: Arrays = {}
    incoming = 3
    for layers, channels in zip(backbones.VGG_STAGES, backbones.VGG_CHANNELS, strict=True):
        for index in layers:
            spread = np.sqrt(2 / (9 * incoming))
            shape = (channels, incoming, 3, 3)
            weights[f"features.{index}.weight"] = rng.normal(0, spread, shape)
            weights[f"features.{index}.bias"] = rng.normal(0, 0.1, channels)
            incoming = channels
    return weights


def as_tensors(weights: Arrays) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(value.astype(np.float32)) for name, value in weights.items()}


@pytest.mark.parametrize("pool", ["maximum", "l2"])
def test_vgg_layer_by_layer_against_a_plain_implementation(pool: str) -> None:
    rng = np.random.default_rng(5)
    pair = [rng.random((3, 36, 33)), rng.random((3, 36, 33))]
    weights = random_vgg(6)
    plain_pool, our_pool = {
        "maximum": (plain_maximum, backbones.halve_by_maximum),
        "l2": (plain_l2, perceptual.l2_pool),
    }[pool]
    theirs = [plain_vgg(x, weights, plain_pool) for x in pair]
    tensors = as_tensors(weights)
    ours = []
    for x in pair:
        picture = torch.from_numpy(x[None].astype(np.float32))
        first = backbones.vgg_stage(tensors, 0, perceptual.normalised_input(picture))
        ours.append([picture, *backbones.vgg16(tensors, first, our_pool)])
    for mine, other in zip(ours, theirs, strict=True):
        for layer, expected in zip(mine[1:], other, strict=True):
            np.testing.assert_allclose(layer[0].numpy(), expected, rtol=2e-4, atol=2e-4)
    heads = [rng.random(c) for c in backbones.VGG_CHANNELS]
    if pool == "maximum":
        kernels = [torch.from_numpy(h.astype(np.float32))[None, :, None, None] for h in heads]
        found = perceptual.lpips_distance(ours[0][1:], ours[1][1:], kernels).item()
        assert found == pytest.approx(plain_lpips(*theirs, heads), rel=1e-4)
    else:
        alpha, beta = rng.random(1475), rng.random(1475)
        both = [torch.from_numpy(w.astype(np.float32)) for w in (alpha, beta)]
        known = perceptual.dists_statistics(ours[0])
        found = perceptual.dists_distance(known, ours[1], both[0], both[1]).item()
        expected = plain_dists([pair[0], *theirs[0]], [pair[1], *theirs[1]], alpha, beta)
        assert found == pytest.approx(expected, abs=2e-5)


def test_first_two_stages_with_the_real_weights() -> None:
    path = Path(os.environ.get("GVC_DATA", "/nowhere")) / "weights" / "vgg16_tv_conv1-2_only.npz"
    if not path.is_file():
        pytest.skip("GVC_DATA is not set, or holds no vgg16_tv_conv1-2_only.npz")
    weights = {name: value.astype(np.float64) for name, value in np.load(path).items()}
    x = oracle_picture("ex_ref.png").astype(np.float64) / 255
    theirs = plain_vgg(x, weights, plain_maximum, stages=2)
    tensors = as_tensors(weights)
    picture = torch.from_numpy(x[None].astype(np.float32))
    first = backbones.vgg_stage(tensors, 0, perceptual.normalised_input(picture))
    second = backbones.vgg_stage(tensors, 1, backbones.halve_by_maximum(first))
    for layer, expected in zip((first, second), theirs, strict=True):
        np.testing.assert_allclose(layer[0].numpy(), expected, rtol=1e-4, atol=1e-4)


def test_sharing_batches_and_one_minus_change_no_figure(tmp_path: Path) -> None:
    names = ("lpips-alex", "1-lpips-alex", "lpips-squeeze", "psnr-y")
    metrics = [available(name) for name in names]
    video = VideoFormat(64, 48)
    clip = smooth_planes(video, 5)
    original = write(tmp_path / "o", clip, video)
    decoded = [write(tmp_path / f"d{s}", noisy(clip, video, s, s), video) for s in (3, 9)]
    together = measure_all(metrics, original, decoded)
    for metric, scores in zip(metrics, together, strict=True):
        for score, file in zip(scores, decoded, strict=True):
            alone = metric.measure(original, [file])[0]
            assert score.pictures == pytest.approx(alone.pictures, abs=1e-6)
    alex, one_minus = together[0], together[1]
    assert one_minus[0].sequence == pytest.approx(1 - (alex[0].sequence or 0), abs=1e-12)
    assert metrics[1].higher_is_better and not metrics[0].higher_is_better
    assert metrics[0].measure(original, [original])[0].sequence == 0.0


def test_names_print_the_backbone_and_its_digest() -> None:
    assert metric_by_name("lpips-vgg").title == "LPIPS-VGG"
    assert metric_by_name("1-lpips-vgg").signature().startswith("1-lpips|net:vgg|")
    signature = available("lpips-alex").signature()
    assert "weights:alexnet=8299f699,lpips-alex-heads=a87dd659" in signature


def test_gpu_agrees_with_the_cpu_to_the_stated_tolerance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    metric = available("lpips-alex")
    video = VideoFormat(64, 64)
    clip = smooth_planes(video, 2)
    pair = [write(tmp_path / "o", clip, video), write(tmp_path / "d", noisy(clip, video, 8), video)]
    on_cpu = figure(metric, *pair)
    monkeypatch.setenv("CTC_DEVICE", "cuda")
    assert figure(metric, *pair) == pytest.approx(on_cpu, abs=1e-4)
    assert "device:cuda" in metric.signature()

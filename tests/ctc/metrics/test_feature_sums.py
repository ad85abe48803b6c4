"""Compiled sums over features against plain float64 formulas, and against torch's form for GPUs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ctc.metrics.networks import perceptual


def features(channels: int, size: tuple[int, int], seed: int, level: float = 0.0) -> torch.Tensor:
    x = torch.rand((2, channels, *size), generator=torch.Generator().manual_seed(seed)) + level
    x[:, 0] = level  # a channel that never fires, or always alike
    return x.to(memory_format=torch.channels_last)


@pytest.mark.parametrize("size", [(1, 1), (5, 8), (31, 17)])
@pytest.mark.parametrize(("channels", "level"), [(3, 0.0), (64, 0.0), (192, 0.0), (64, 1000.0)])
def test_means_variances_and_covariances(
    channels: int, size: tuple[int, int], level: float
) -> None:
    pair = [features(channels, size, seed, level) for seed in (1, 2)]
    known = [perceptual._statistics(x) for x in pair]
    plain = [x.numpy().astype(np.float64).reshape(2, channels, -1) for x in pair]
    for found, x in zip(known, plain, strict=True):
        np.testing.assert_allclose(found.mean, x.mean(2), rtol=1e-12)
        np.testing.assert_allclose(found.variance, x.var(2), rtol=1e-6, atol=1e-9)
    centred = [x - x.mean(2, keepdims=True) for x in plain]
    expected = (centred[0] * centred[1]).mean(2)
    found = perceptual._covariance(known[0], known[1])
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("channels", [3, 48, 512])
def test_difference_of_unit_lengths(channels: int) -> None:
    a, b = features(channels, (7, 9), 3), features(channels, (7, 9), 4)
    b[:, :, 2, 3] = 0  # nothing fires here: the unit vector is zero
    head = torch.rand(channels, generator=torch.Generator().manual_seed(5))
    x, y = (z.double() / (z.double().square().sum(1, keepdim=True).sqrt() + 1e-10) for z in (a, b))
    expected = ((x - y).square() * head[:, None, None]).sum(1).mean((1, 2))
    found = perceptual.lpips_distance([a], [b], [head])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert perceptual.lpips_distance([a], [a], [head]).tolist() == [0.0, 0.0]


def test_the_form_for_other_devices_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    sides = [[features(c, (12, 11), seed) for c in (3, 64, 128)] for seed in (6, 7)]
    heads = [torch.rand(c, generator=torch.Generator().manual_seed(c)) for c in (3, 64, 128)]
    alpha, beta = torch.rand((2, 195), generator=torch.Generator().manual_seed(8))

    def figures() -> list[torch.Tensor]:
        known = perceptual.dists_statistics(sides[0])
        return [
            perceptual.lpips_distance(sides[0], sides[1], heads),
            perceptual.dists_distance(known, sides[1], alpha, beta),
            *(perceptual.l2_pool(x) for x in sides[0]),
        ]

    compiled = figures()
    monkeypatch.setattr(perceptual, "_compiled_serves", lambda x: False)
    for found, expected in zip(figures(), compiled, strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-6)

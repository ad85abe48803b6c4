"""Winograd's form of a convolution against the direct one, by layer and by figure."""

from __future__ import annotations

import gc

import pytest
import torch
from torch.nn.functional import conv2d

from ctc.metrics.networks import backbones, perceptual, winograd
from tests.ctc.metrics.test_lpips import as_tensors, random_vgg

needs_product = pytest.mark.skipif(
    not winograd.available(), reason="this build of torch lacks oneDNN's packed matrix product"
)


def layer(inputs: int, outputs: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    spread = (2 / (9 * inputs)) ** 0.5
    weight = torch.randn((outputs, inputs, 3, 3), generator=generator) * spread
    return weight, torch.randn(outputs, generator=generator) * 0.1


@needs_product
@pytest.mark.parametrize("size", [(1, 1), (4, 4), (13, 10), (64, 48)])
def test_it_is_the_convolution(size: tuple[int, int]) -> None:
    weight, bias = layer(128, 256, 1)
    generator = torch.Generator().manual_seed(2)
    x = torch.rand((2, 128, *size), generator=generator).to(memory_format=torch.channels_last)
    expected = conv2d(x.double(), weight.double(), bias.double(), padding=1).relu()
    found = winograd.relu_convolution(x, weight, bias)
    assert found.shape == expected.shape
    assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()


@needs_product
def test_the_transform_of_one_tap_by_hand() -> None:
    """A kernel of its middle tap alone passes the picture through."""
    weight = torch.zeros((256, 128, 3, 3))
    weight[torch.arange(128), torch.arange(128), 1, 1] = 1
    x = torch.arange(128 * 35.0).view(1, 128, 5, 7) / 4480
    found = winograd.relu_convolution(x, weight, torch.zeros(256))
    torch.testing.assert_close(found[:, :128], x, atol=2e-6, rtol=0)
    assert found[:, 128:].abs().max() == 0


def test_it_serves_wide_layers_on_the_cpu_alone() -> None:
    weight, _ = layer(128, 256, 3)
    x = torch.zeros((1, 128, 8, 8))
    assert winograd.serves(x, weight) == winograd.available()
    assert not winograd.serves(x.to("meta"), weight)
    assert not winograd.serves(x.double(), weight)
    assert not winograd.serves(x, weight[:128])
    assert not winograd.serves(x[:, :64], weight[:, :64])
    assert not winograd.serves(x, weight[..., :1, :1])


@needs_product
def test_what_is_derived_from_a_weight_goes_with_it() -> None:
    weight, bias = layer(128, 256, 4)
    before = len(winograd._layers)
    winograd.relu_convolution(torch.zeros((1, 128, 4, 4)), weight, bias)
    assert len(winograd._layers) == before + 1
    del weight
    gc.collect()
    assert len(winograd._layers) == before


@needs_product
def test_lpips_vgg_and_dists_agree_with_direct_convolutions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tensors = as_tensors(random_vgg(7))
    generator = torch.Generator().manual_seed(8)
    first = torch.rand((1, 3, 64, 80), generator=generator)
    second = (first + 0.1 * torch.randn(first.shape, generator=generator)).clamp(0, 1)
    heads = [torch.rand((1, c, 1, 1), generator=generator) for c in backbones.VGG_CHANNELS]
    alpha, beta = (torch.rand(1475, generator=generator) for _ in range(2))

    def figures() -> tuple[float, float]:
        sides = []
        for x in (first, second):
            stage = backbones.vgg_stage(tensors, 0, perceptual.normalised_input(x))
            maxima = backbones.vgg16(tensors, stage, backbones.halve_by_maximum)
            sides.append((maxima, perceptual.dists_features(tensors, x, stage)))
        (a, c), (b, d) = sides
        lpips = perceptual.lpips_distance(perceptual.unit_length(a), b, heads)
        dists = perceptual.dists_distance(perceptual.dists_statistics(c), d, alpha, beta)
        return float(lpips), float(dists)

    fast = figures()
    monkeypatch.setattr(winograd, "available", lambda: False)
    assert fast == pytest.approx(figures(), abs=1e-6)
    assert fast[0] > 0.05 and fast[1] > 0.005

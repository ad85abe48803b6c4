"""Winograd's form of a convolution against the direct one, by layer and by figure."""

from __future__ import annotations

import gc

import pytest
import skimage.data
import torch
from torch.nn.functional import conv2d

from ctc.metrics.networks import backbones, perceptual, winograd
from tests.ctc.metrics.test_lpips import as_tensors, random_vgg


def layer(inputs: int, outputs: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    spread = (2 / (9 * inputs)) ** 0.5
    weight = torch.randn((outputs, inputs, 3, 3), generator=generator) * spread
    return weight, torch.randn(outputs, generator=generator) * 0.1


@pytest.mark.parametrize("channels", [(64, 64), (64, 128), (128, 256)])
@pytest.mark.parametrize("size", [(1, 1), (4, 4), (3, 9), (13, 10), (64, 48)])
def test_it_is_the_convolution(size: tuple[int, int], channels: tuple[int, int]) -> None:
    weight, bias = layer(*channels, 1)
    generator = torch.Generator().manual_seed(2)
    x = torch.rand((2, channels[0], *size), generator=generator)
    x = x.to(memory_format=torch.channels_last)
    expected = conv2d(x.double(), weight.double(), bias.double(), padding=1).relu()
    found = winograd.relu_convolution(x, weight, bias)
    assert found.shape == expected.shape
    assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_the_transform_of_one_tap_by_hand() -> None:
    """A kernel of its middle tap alone passes the picture through."""
    weight = torch.zeros((256, 128, 3, 3))
    weight[torch.arange(128), torch.arange(128), 1, 1] = 1
    x = torch.arange(128 * 35.0).view(1, 128, 5, 7) / 4480
    found = winograd.relu_convolution(x, weight, torch.zeros(256))
    torch.testing.assert_close(found[:, :128], x, atol=2e-6, rtol=0)
    assert found[:, 128:].abs().max() == 0


def test_pictures_in_any_memory_format_give_the_same() -> None:
    weight, bias = layer(64, 64, 5)
    x = torch.rand((2, 64, 9, 6), generator=torch.Generator().manual_seed(6))
    last = winograd.relu_convolution(x.to(memory_format=torch.channels_last), weight, bias)
    assert torch.equal(winograd.relu_convolution(x, weight, bias), last)


def test_threads_and_strips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    weight, bias = layer(64, 128, 9)
    x = torch.rand((2, 64, 37, 30), generator=torch.Generator().manual_seed(10))
    expected = winograd.relu_convolution(x, weight, bias)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert torch.equal(winograd.relu_convolution(x, weight, bias), expected)
    monkeypatch.setattr(winograd, "STRIP", 12)
    assert torch.equal(winograd.relu_convolution(x, weight, bias), expected)


def test_what_is_not_a_number_stays_so() -> None:
    weight, bias = layer(64, 64, 11)
    x = torch.zeros((1, 64, 8, 8))
    x[0, 3, 1, 1] = torch.nan
    assert winograd.relu_convolution(x, weight, bias)[0, :, 1, 1].isnan().all()


def test_it_serves_wide_layers_on_the_cpu_alone() -> None:
    weight, _ = layer(128, 256, 3)
    x = torch.zeros((1, 128, 8, 8))
    assert winograd.available()
    assert winograd.serves(x, weight)
    assert not winograd.serves(x.to("meta"), weight)
    assert not winograd.serves(x.double(), weight)
    assert not winograd.serves(x, weight[:100])
    assert not winograd.serves(x[:, :3], weight[:, :3])
    assert not winograd.serves(x, weight[..., :1, :1])


def test_what_is_derived_from_a_weight_goes_with_it() -> None:
    weight, bias = layer(128, 256, 4)
    before = len(winograd._kernels)
    winograd.relu_convolution(torch.zeros((1, 128, 4, 4)), weight, bias)
    assert len(winograd._kernels) == before + 1
    del weight
    gc.collect()
    assert len(winograd._kernels) == before


def noise(side: int) -> torch.Tensor:
    return torch.rand((1, 3, 64, side), generator=torch.Generator().manual_seed(8))


def portrait(top: int) -> torch.Tensor:
    """128x128 of a photograph."""
    picture = skimage.data.astronaut()[top : top + 128, 160:288]
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None] / 255


@pytest.mark.parametrize("first", [noise(80), portrait(60), portrait(300)])
@pytest.mark.parametrize("strength", [0.02, 0.2])
def test_lpips_vgg_and_dists_agree_with_direct_convolutions(
    first: torch.Tensor, strength: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensors = as_tensors(random_vgg(7))
    generator = torch.Generator().manual_seed(8)
    second = (first + strength * torch.randn(first.shape, generator=generator)).clamp(0, 1)
    heads = [torch.rand((1, c, 1, 1), generator=generator) for c in backbones.VGG_CHANNELS]
    alpha, beta = (torch.rand(1475, generator=generator) for _ in range(2))

    def figures() -> tuple[float, float]:
        sides = []
        for x in (first, second):
            stage = backbones.vgg_stage(tensors, 0, perceptual.normalised_input(x))
            maxima = backbones.vgg16(tensors, stage, backbones.halve_by_maximum)
            sides.append((maxima, perceptual.dists_features(tensors, x, stage)))
        (a, c), (b, d) = sides
        lpips = perceptual.lpips_distance(a, b, heads)
        dists = perceptual.dists_distance(perceptual.dists_statistics(c), d, alpha, beta)
        return float(lpips), float(dists)

    fast = figures()
    monkeypatch.setattr(winograd, "available", lambda: False)
    assert fast == pytest.approx(figures(), abs=1e-6)
    assert fast[0] > 0.001 and fast[1] > 0.0001
    print(fast, figures())

"""Networks on another device: torch's `meta` device refuses to mix its tensors with the CPU's.

It holds no values, so this shows that nothing is left behind on the CPU, as a GPU would; figures
are compared where there is a GPU (test_lpips).
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.metrics import _shapes
from ctc.errors import MetricError
from ctc.metrics import metric_by_name
from ctc.metrics.dists import RESIZE_GFVC, RESIZE_NONE, Dists
from ctc.metrics.learned import rgb_tensor, tensors_of
from ctc.metrics.networks import perceptual, winograd
from ctc.metrics.networks.face_detector import detect
from ctc.metrics.networks.face_identity import INPUT_SIDE as IDENTITY_SIDE
from ctc.metrics.networks.face_identity import embedding
from ctc.metrics.networks.face_mesh import INPUT_SIDE as MESH_SIDE
from ctc.metrics.networks.face_mesh import face_points
from ctc.metrics.pictures import PictureBatch
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat
from tests.ctc.metrics.oracles import available

META = torch.device("meta")
Tensors = dict[str, torch.Tensor]


def batch(width: int = 64, height: int = 48) -> PictureBatch:
    video = VideoFormat(width, height, chroma_format=ChromaFormat.C444, colour=ColourModel.RGB)
    plane = np.zeros((2, height, width), np.uint8)
    return PictureBatch(video, 0, (plane, plane, plane))


@pytest.fixture
def weights(monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensors]:
    """Weights of all perceptual networks, of the right shapes, on the meta device."""
    monkeypatch.setenv("CTC_DEVICE", "meta")
    return {
        name: {key: torch.empty(shape, device=META) for key, shape in shapes.items()}
        for name, shapes in _shapes().items()
    }


@pytest.mark.parametrize("net", ["alex", "squeeze", "vgg"])
def test_lpips_stays_on_its_device(weights: dict[str, Tensors], net: str) -> None:
    backbone = {"alex": "alexnet", "squeeze": "squeezenet", "vgg": "vgg16"}[net]
    heads = list(weights[f"lpips-{net}-heads"].values())
    sides = [perceptual.backbone_features(net, weights[backbone], batch()) for _ in range(2)]
    figures = perceptual.lpips_distance(sides[0], sides[1], heads)
    assert figures.device == META and figures.shape == (2,)


@pytest.mark.parametrize("resize", [RESIZE_NONE, RESIZE_GFVC])
def test_dists_stays_on_its_device(weights: dict[str, Tensors], resize: str) -> None:
    metric = Dists(resize=resize)
    first, second = (metric._features(batch(512, 512), weights["vgg16"]) for _ in range(2))
    alpha, beta = (weights["dists-alpha-beta"][name] for name in ("alpha", "beta"))
    known = perceptual.dists_statistics(first)
    figures = perceptual.dists_distance(known, second, alpha, beta)
    assert figures.device == META and figures.shape == (2,)


def test_face_networks_stay_on_their_device(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("landmark-distance", "identity-similarity"):
        available(name)
    monkeypatch.setenv("CTC_DEVICE", "meta")
    boxes, probability = detect(tensors_of("ultraface-rfb320"), rgb_tensor(batch()))
    assert boxes.device == probability.device == META
    faces = torch.empty((2, 3, MESH_SIDE, MESH_SIDE), device=META)
    assert face_points(tensors_of("facemesh468"), faces).device == META
    faces = torch.empty((2, 3, IDENTITY_SIDE, IDENTITY_SIDE), device=META)
    assert embedding(tensors_of("mobilefacenet"), faces).device == META


def test_the_forms_for_the_cpu_are_left_to_the_cpu(weights: dict[str, Tensors]) -> None:
    wide = weights["vgg16"]["features.19.weight"]
    assert not winograd.serves(torch.empty((1, 512, 8, 8), device=META), wide)


def test_the_device_is_named_in_signatures_and_a_wrong_one_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CTC_DEVICE", "abacus")
    assert "device:abacus" in metric_by_name("dists").signature()
    with pytest.raises(MetricError, match=r"^CTC_DEVICE=abacus: .*abacus") as caught:
        rgb_tensor(batch())
    assert "\n" not in str(caught.value)

"""Held-out sequences through the exported integer model, against the frozen key picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reference_sw.decoder.synthesis import key_inputs
from reference_sw.encoder.analysis_file import AnalysisNetwork
from reference_sw.encoder.lpips import LpipsAlex
from reference_sw.encoder.motion_parameters import FeatureGrid, Keypoints, integer_parameters
from reference_sw.network.runtime import IntegerModel
from reference_sw.training.dataset import TrainingSequence
from reference_sw.training.objective import round_grid, round_parameters

POINT_EXPONENT = 7
MATRIX_EXPONENT = 5
FEATURE_EXPONENT = 3


@dataclass(frozen=True)
class HeldOut:
    """Mean LPIPS-Alex of one sequence: key picture repeated, and the model's output."""

    name: str
    frozen: float
    output: float


def measure(
    model: IntegerModel,
    detector: AnalysisNetwork,
    sequence: TrainingSequence,
    lpips: LpipsAlex,
    pictures: int = 8,
) -> HeldOut:
    """Pictures spread over the first 125 of a sequence, the first one (uncoded) as key."""
    last = min(len(sequence.pictures), 125) - 1
    index = np.linspace(min(8, last), last, pictures).astype(int)
    current = torch.from_numpy(np.array(sequence.pictures[index]))
    key = torch.from_numpy(np.array(sequence.pictures[:1]))
    made = synthesise(model, detector, key, current)
    with torch.no_grad():
        targets = lpips.features(current.float())
        frozen = lpips.per_picture(key.float().expand(len(current), -1, -1, -1), targets)
        output = lpips.per_picture(made.float(), targets)
    return HeldOut(sequence.name, float(frozen.mean()), float(output.mean()))


def measure_restoration(
    model: IntegerModel, sequences: list[TrainingSequence], lpips: LpipsAlex
) -> dict[str, list[float]]:
    """Mean LPIPS-Alex of really coded pictures as decoded and as restored, by their QP."""
    rows: dict[str, list[tuple[float, float]]] = {}
    for sequence in sequences:
        if sequence.coded is None:
            continue
        middle = len(sequence.coded.index) // 2
        original = sequence.pictures[int(sequence.coded.index[middle])][None]
        with torch.no_grad():
            target = lpips.features(torch.from_numpy(np.array(original)).float())
        for qp, pictures in zip(sequence.coded.qp, sequence.coded.pictures, strict=True):
            decoded = torch.from_numpy(np.array(pictures[middle][None]))
            size = (decoded.shape[2], decoded.shape[3])
            both = torch.cat([decoded, key_inputs(model, decoded, size)["key"].to(decoded)])
            with torch.no_grad():
                before, after = lpips.per_picture(both.float(), target).tolist()
            rows.setdefault(f"QP {qp}", []).append((before, after))
    return {
        qp: [round(sum(part) / len(part), 4) for part in zip(*pairs, strict=True)]
        for qp, pairs in rows.items()
    }


def synthesise(
    model: IntegerModel, detector: AnalysisNetwork, key: Tensor, current: Tensor
) -> Tensor:
    """Outputs of the integer model for (N, 3, H, W) uint8 pictures and one key picture."""
    size, n = (key.shape[2], key.shape[3]), len(current)
    with torch.no_grad():
        found = detector(torch.cat([key, current]).float())
    values = integer_parameters(_rounded(found))
    state = key_inputs(model, key, size)
    inputs = {name: value.expand(n, -1, -1, -1) for name, value in state.items()}
    inputs |= {f"key_{name}": value[:1].expand(n, -1, -1, -1) for name, value in values.items()}
    inputs |= {name: value[1:] for name, value in values.items()}
    return model.run("picture", inputs, size)["output"]


def rounding_of(model: IntegerModel) -> str:
    """How parameters are rounded for the measurement, in words."""
    if "features" in model.graphs["picture"].graph.inputs:
        return f"features rounded to 1/{1 << FEATURE_EXPONENT}"
    return f"points rounded to 1/{1 << POINT_EXPONENT}, matrices to 1/{1 << MATRIX_EXPONENT}"


def _rounded(found: Keypoints | FeatureGrid) -> Keypoints | FeatureGrid:
    """Parameters as coded finely."""
    if isinstance(found, FeatureGrid):
        return round_grid(found, FEATURE_EXPONENT)
    return round_parameters(found, POINT_EXPONENT, MATRIX_EXPONENT, still=False)

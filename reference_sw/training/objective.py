"""The weighted sum of losses of one batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from reference_sw.encoder.analysis import KeypointDetector
from reference_sw.encoder.analysis_file import AnalysisNetwork
from reference_sw.encoder.lpips import LpipsAlex
from reference_sw.encoder.motion_parameters import FeatureGrid, Keypoints, MotionParameters
from reference_sw.encoder.refine import change_bits
from reference_sw.encoder.twin import FaceTwin, TwinPictures
from reference_sw.training.dataset import Batch
from reference_sw.training.discriminator import PatchDiscriminator, generator_loss
from reference_sw.training.equivariance import equivariance_loss
from reference_sw.training.identity import FaceEmbedding
from reference_sw.training.motion_teacher import MotionTeacher, motion_loss
from reference_sw.training.recipe import Losses
from reference_sw.training.vgg import VggFeatures

STRIDE = 4
LPIPS_FILE = "lpips_alex_v0.1.npz"
VGG_FILE = "vgg16_tv_conv1-2_only.npz"
IDENTITY_FILE = "mobilefacenet_foamliu.npz"


def round_parameters(parameters: Keypoints, points: int, matrices: int, still: bool) -> Keypoints:
    """Parameters on grids of 2^-points and 2^-matrices, gradients passing straight through.

    still: every matrix is the identity, as in a family without matrices.
    """

    def snap(x: Tensor, exponent: int) -> Tensor:
        scaled = x * 2.0**exponent
        return (scaled + (torch.round(scaled) - scaled).detach()) / 2.0**exponent

    found = snap(parameters.matrices, matrices).clamp(-4, 4)
    if still:
        found = torch.eye(2).to(found).expand_as(found)
    return Keypoints(snap(parameters.points, points).clamp(-1.5, 1.5), found)


def round_grid(grid: FeatureGrid, exponent: int) -> FeatureGrid:
    """Features on a grid of 2^-exponent, gradients passing straight through."""
    scaled = grid.features * 2.0**exponent
    return FeatureGrid((scaled + (torch.round(scaled) - scaled).detach()) / 2.0**exponent)


def taught_loss(points: Tensor, taught: Tensor) -> Tensor:
    """Mean absolute error of the last T of K points (N, K, 2), where (N, T, 2) tells their place.

    Points outside the picture teach nothing.
    """
    known = (taught.abs() < 1).all(2, keepdim=True)
    error = (points[:, -taught.shape[1] :] - taught.nan_to_num(0.0)).abs()
    return (error * known).sum() / (2 * known.sum()).clamp_min(1)


@dataclass(frozen=True)
class Analysed:
    """Parameters of the key, the previous and the current pictures, and as rounded for coding.

    steps: quantiser step of each coded tensor.
    """

    current: MotionParameters
    previous: MotionParameters | None
    key_coded: MotionParameters
    current_coded: MotionParameters
    previous_coded: MotionParameters | None
    steps: Mapping[str, float]

    def rate(self) -> Tensor:
        """Mean estimate of the bits of a picture's change."""
        if self.previous is None or not self.steps:
            return torch.zeros(())
        now, before = self.current.tensors, self.previous.tensors
        bits = [change_bits((now[k] - before[k]) / step) for k, step in self.steps.items()]
        return torch.stack(bits).sum(0).mean()


class Objective:
    """Computes the terms whose weights are not zero."""

    def __init__(self, losses: Losses, weights: Path) -> None:
        self.losses = losses
        self.lpips = LpipsAlex(weights / LPIPS_FILE, fast=True)
        self.vgg = VggFeatures(weights / VGG_FILE) if losses.vgg else None
        self.identity = FaceEmbedding(weights / IDENTITY_FILE) if losses.identity else None
        self.discriminator = PatchDiscriminator() if losses.adversarial else None

    def terms(
        self,
        detector: AnalysisNetwork,
        twin: FaceTwin,
        batch: Batch,
        analysed: Analysed,
        with_equivariance: bool,
    ) -> tuple[dict[str, Tensor], TwinPictures]:
        """Each term times its weight, and the pictures made."""
        w, current = self.losses, batch.current
        made = twin(batch.key, analysed.key_coded, analysed.current_coded)
        found = self._distances(made, current)
        if w.taught and batch.taught.shape[1]:
            points = analysed.current.tensors["points"]
            found["taught"] = w.taught * taught_loss(points, batch.taught)
        if w.rate:
            found["rate"] = w.rate * analysed.rate()
        if self.vgg is not None:
            found["vgg"] = w.vgg * self.vgg(made.output, current)
        if self.identity is not None:
            found["identity"] = w.identity * self.identity(made.output, current)
        if self.discriminator is not None:
            found["adversarial"] = w.adversarial * generator_loss(self.discriminator, made.output)
        if w.temporal and analysed.previous_coded is not None:
            before = twin(batch.key, analysed.key_coded, analysed.previous_coded).output
            change = (made.output - before) - (current - batch.previous)
            found["temporal"] = w.temporal * change.abs().mean() / 128
        keypoints = analysed.current
        if (
            w.equivariance
            and with_equivariance
            and isinstance(detector, KeypointDetector)
            and isinstance(keypoints, Keypoints)
        ):
            moved = equivariance_loss(detector, current, keypoints)
            found["equivariance"] = w.equivariance * moved
        return found, made

    def motion_terms(
        self, teacher: MotionTeacher, twin: FaceTwin, batch: Batch, analysed: Analysed
    ) -> dict[str, Tensor]:
        """The terms of steps that learn motion alone."""
        wanted = teacher.field(batch.key, batch.current)
        made = twin.field(batch.key, analysed.key_coded, analysed.current_coded)
        found = {"motion": self.losses.motion * motion_loss(made, wanted)}
        if self.losses.rate:
            found["rate"] = self.losses.rate * analysed.rate()
        return found

    def _distances(self, made: TwinPictures, current: Tensor) -> dict[str, Tensor]:
        """LPIPS and L1 of the three pictures."""
        w, found = self.losses, {}
        # The backbone samples every fourth place: from one fixed place dots would grow between.
        top, left = (int(x) for x in torch.randint(STRIDE, (2,)))
        with torch.no_grad():
            full = self.lpips.features(current[..., top:, left:])
            half = self.lpips.features(functional.avg_pool2d(current, 2))
        if w.lpips_output:
            output = made.output[..., top:, left:]
            found["lpips_output"] = w.lpips_output * self.lpips(output, full)
        if w.lpips_warped:
            small = functional.avg_pool2d(made.warped, 2)
            found["lpips_warped"] = w.lpips_warped * self.lpips(small, half)
        for name, weight, picture in (
            ("l1_output", w.l1_output, made.output),
            ("l1_warped", w.l1_warped, made.warped),
            ("l1_synthesised", w.l1_synthesised, made.synthesised),
        ):
            if weight:
                found[name] = weight * (picture - current).abs().mean() / 128
        return found

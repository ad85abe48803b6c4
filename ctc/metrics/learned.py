"""What all learned metrics share: weights in the signature, absence with its remedy, the device."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from ctc import weights
from ctc.errors import MetricError
from ctc.metrics.base import Metric
from ctc.metrics.colour import COLOUR_PATH, rgb_unit
from ctc.metrics.per_picture import PictureMetric
from ctc.metrics.pictures import PictureBatch

if TYPE_CHECKING:
    import torch

    Tensors = dict[str, torch.Tensor]

DEVICE_VARIABLE = "CTC_DEVICE"
# VGG16's features of one picture of 256x256 are 16 MiB a layer at first: more at once is slower.
VGG_SAMPLES = 256 * 256


def device_name() -> str:
    """Return where networks run: `cpu` unless CTC_DEVICE names another.

    Figures of a GPU agree with the CPU's to 1e-4 (no TF32), so the device enters the signature.
    """
    return os.environ.get(DEVICE_VARIABLE, "cpu")


class Learned(Metric):
    """A metric computed by networks whose weights a user has."""

    def extra_signature(self) -> list[str]:
        """Each set of weights with the first 8 hex digits of its digest, and the colour path."""
        parts = [
            f"{name}={weights.find(name).digest[:8] or 'absent'}" for name in self.weight_sets()
        ]
        device = [] if device_name() == "cpu" else [f"device:{device_name()}"]
        return [f"weights:{','.join(parts)}", COLOUR_PATH, *device]

    def unavailable(self) -> str:
        """The first set of weights that is missing or mismatched, and the command that mends it."""
        problems = (weights.find(name).problem for name in self.weight_sets())
        return next((problem for problem in problems if problem), "")


class LearnedPictureMetric(Learned, PictureMetric):
    """A learned metric that scores picture by picture."""


@lru_cache(maxsize=8)
def _loaded(_digests: tuple[str, ...], _device: str, names: tuple[str, ...]) -> Tensors:
    return load_tensors(*names)


def tensors_of(*names: str) -> Tensors:
    """Return the tensors of sets of weights, kept while their digests stay the same."""
    return _loaded(tuple(weights.find(name).digest for name in names), device_name(), names)


def load_tensors(*names: str) -> Tensors:
    """Return the tensors of these sets of weights, on the device, ready for convolutions.

    Raises:
        MetricError: missing or mismatched weights, or a device that torch does not have.
    """
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    found: dict[str, torch.Tensor] = {}
    for name in names:
        for key, value in weights.load(name).items():
            tensor = torch.from_numpy(value.copy())
            if tensor.ndim == 4:
                tensor = tensor.contiguous(memory_format=torch.channels_last)
            found[key] = _to_device(tensor)
    return found


def rgb_tensor(batch: PictureBatch) -> torch.Tensor:
    """Return R, G, B in 0..1 on the device: (pictures, 3, height, width), channels last."""
    import torch

    def make() -> torch.Tensor:
        tensor = torch.from_numpy(rgb_unit(batch))
        return _to_device(tensor.contiguous(memory_format=torch.channels_last))

    return batch.derived(f"rgb tensor {device_name()}", make)


def _to_device(tensor: torch.Tensor) -> torch.Tensor:
    try:
        return tensor.to(device_name())
    except (RuntimeError, AssertionError) as problem:
        reason = str(problem).splitlines()[0]
        raise MetricError(f"{DEVICE_VARIABLE}={device_name()}: {reason}") from problem

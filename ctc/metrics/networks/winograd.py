"""3x3 convolution with ReLU as products of matrices, on the CPU: a quarter of the multiplications.

Pictures are cut into 4x4 outputs of 6x6 inputs each; both sides are brought to 36 points, where a
convolution is a product at each point. Strips of tiles go through all steps while caches hold them.
Results differ from the direct form by float32 rounding alone, some 1e-5 of the largest output.
Source: A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016,
clause 4.1, F(4x4, 3x3).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.weak import WeakTensorKeyDictionary

if TYPE_CHECKING:
    from types import ModuleType

# Tiles at a time: enough that reading the kernel costs nothing, few enough for the caches.
STRIP = 66

_KERNEL = (
    (6, 0, 0),
    (-4, -4, -4),
    (-4, 4, -4),
    (1, 2, 4),
    (1, -2, 4),
    (0, 0, 24),
)  # fmt: skip, in 24ths


@lru_cache(maxsize=1)
def available() -> bool:
    """Return whether the compiled loops can be had on this machine."""
    try:
        _loops()
    except ImportError:
        return False
    return True


def serves(x: torch.Tensor, weight: torch.Tensor) -> bool:
    """Return whether this form is the faster one for a layer: on the CPU, many channels, 3x3."""
    outputs, inputs, *size = weight.shape
    if size != [3, 3] or x.device.type != "cpu" or x.dtype != torch.float32 or not available():
        return False
    loops = _loops()
    return inputs >= 64 and inputs % loops.LANES == 0 and outputs % loops.PANEL == 0


def relu_convolution(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return relu(conv2d(x, weight, bias, padding=1)) for x (n, inputs, h, w), channels last.

    weight: (outputs, inputs, 3, 3); what is derived from it is kept for as long as it lives.
    """
    if weight not in _kernels:
        _kernels[weight] = transformed_kernel(weight)
    loops = _loops()
    outputs, inputs = weight.shape[:2]
    count, _, height, width = x.shape
    out = torch.empty((count, height, width, outputs))
    tiles = count * -(-height // loops.TILE) * -(-width // loops.TILE)
    arrays = (_flat(x.permute(0, 2, 3, 1)), _kernels[weight], _flat(bias), _flat(out))
    sizes = (height, width, inputs, outputs)
    threads = min(torch.get_num_threads(), -(-tiles // loops.ROWS))

    def work(part: int) -> None:
        first, last = (tiles * (part + k) // threads for k in (0, 1))
        loops.convolve(*arrays, sizes, first, last, STRIP)

    if threads == 1:
        work(0)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, range(threads)))
    return out.permute(0, 3, 1, 2)


def transformed_kernel(weight: torch.Tensor) -> npt.NDArray[np.float32]:
    """Return a kernel (outputs, inputs, 3, 3) at the 36 points, in float64 until the last step.

    The result is flat, of shape (36, outputs / PANEL, inputs, PANEL).
    """
    matrix = torch.tensor(_KERNEL, dtype=torch.float64) / 24
    points = torch.einsum("ia,ocab,jb->ijco", matrix, weight.double(), matrix).float()
    outputs, inputs = weight.shape[:2]
    panels = points.reshape(-1, inputs, outputs // _loops().PANEL, _loops().PANEL)
    return _flat(panels.transpose(1, 2))


def _flat(tensor: torch.Tensor) -> npt.NDArray[np.float32]:
    return np.asarray(tensor.contiguous().view(-1).numpy(), dtype=np.float32)


def _loops() -> ModuleType:
    """Return the compiled loops; their import takes as long as the rest of a small measurement."""
    from ctc.metrics.networks import winograd_compiled

    return winograd_compiled


_kernels: MutableMapping[torch.Tensor, npt.NDArray[np.float32]] = WeakTensorKeyDictionary()

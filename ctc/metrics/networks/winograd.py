"""3x3 convolution with ReLU as products of matrices, on the CPU: a quarter of the multiplications.

Pictures are cut into 4x4 outputs of 6x6 inputs each; both sides are brought to 36 points, where a
convolution is a product at each point. In wide layers the transforms cost less than they save.
Results differ from the direct form by float32 rounding alone, some 1e-5 of the largest output.
Source: A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016,
clause 4.1, F(4x4, 3x3).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch.nn.functional import pad
from torch.utils.weak import WeakTensorKeyDictionary

TILE = 4
WINDOW = TILE + 2
POINTS = WINDOW * WINDOW
LEAST_INPUTS, LEAST_OUTPUTS = 128, 256
# Of one strip of tiles, times channels: 36 points of it are 4.5 MiB, which caches hold.
STRIP = 1 << 15

_INPUT = (
    (4, 0, -5, 0, 1, 0), (0, -4, -4, 1, 1, 0), (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0), (0, 2, -1, -2, 1, 0), (0, 4, 0, -5, 0, 1),
)  # fmt: skip
_KERNEL = (
    (6, 0, 0),
    (-4, -4, -4),
    (-4, 4, -4),
    (1, 2, 4),
    (1, -2, 4),
    (0, 0, 24),
)  # fmt: skip, in 24ths
_OUTPUT = (
    (1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1),
)  # fmt: skip


@dataclass(frozen=True)
class WinogradLayer:
    """A layer's kernel at the 36 points, each (outputs, inputs) in the product's own layout."""

    points: tuple[torch.Tensor, ...]
    outputs: int


@lru_cache(maxsize=1)
def available() -> bool:
    """Return whether this build of torch has the fast matrix product that makes it worth while.

    The ordinary product reaches half the speed of convolutions on some processors, so that
    nothing would be gained.
    """
    try:
        probe = torch.eye(16)
        found = _product(probe, _packed(probe + 1, 16))
    except (AttributeError, RuntimeError):
        return False
    return bool(torch.equal(found, probe + 1))


def serves(x: torch.Tensor, weight: torch.Tensor) -> bool:
    """Return whether this form is the faster one for a layer: on the CPU, wide, 3x3."""
    outputs, inputs, *size = weight.shape
    wide = inputs >= LEAST_INPUTS and outputs >= LEAST_OUTPUTS and size == [3, 3]
    return wide and x.device.type == "cpu" and x.dtype == torch.float32 and available()


def relu_convolution(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return relu(conv2d(x, weight, bias, padding=1)) for x (n, inputs, h, w), channels last.

    weight: (outputs, inputs, 3, 3); what is derived from it is kept for as long as it lives.
    """
    if weight not in _layers:
        _layers[weight] = transformed_kernel(weight)
    layer = _layers[weight]
    count, _, height, width = x.shape
    down, across = -(-height // TILE), -(-width // TILE)
    margins = (0, 0, 1, 1 + TILE * across - width, 1, 1 + TILE * down - height)
    padded = pad(x.permute(0, 2, 3, 1), margins)
    out = x.new_empty((count, down, TILE, across, TILE, layer.outputs))
    step = max(1, STRIP // (across * x.shape[1]))
    for picture in range(count):
        for first in range(0, down, step):
            last = min(first + step, down)
            rows = padded[picture, TILE * first : TILE * last + 2]
            torch.add(_strip(rows, layer), bias, out=out[picture, first:last])
    whole = out.view(count, TILE * down, TILE * across, layer.outputs)
    return whole.relu_()[:, :height, :width].permute(0, 3, 1, 2)


def transformed_kernel(weight: torch.Tensor) -> WinogradLayer:
    """Return a kernel (outputs, inputs, 3, 3) at the 36 points; computed in float64."""
    matrix = torch.tensor(_KERNEL, dtype=torch.float64) / 24
    points = torch.einsum("ia,ocab,jb->ijoc", matrix, weight.double(), matrix).float()
    flat = points.reshape(POINTS, weight.shape[0], weight.shape[1])
    return WinogradLayer(tuple(_packed(point.contiguous(), 256) for point in flat), len(weight))


def _strip(rows: torch.Tensor, layer: WinogradLayer) -> torch.Tensor:
    """Return the outputs of one strip of tiles, (tiles down, 4, tiles across, 4, outputs)."""
    tiles = rows.unfold(0, WINDOW, TILE).unfold(1, WINDOW, TILE)
    down, across, inputs = tiles.shape[:3]
    gathered = tiles.permute(3, 4, 0, 1, 2).reshape(POINTS, -1)
    at_points = torch.mm(_squared(_INPUT), gathered).view(POINTS, down * across, inputs)
    products = [_product(x, w) for x, w in zip(at_points, layer.points, strict=True)]
    outputs = torch.mm(_squared(_OUTPUT), torch.cat(products).view(POINTS, -1))
    return outputs.view(TILE, TILE, down, across, layer.outputs).permute(2, 0, 3, 1, 4)


@lru_cache(maxsize=2)
def _squared(matrix: tuple[tuple[int, ...], ...]) -> torch.Tensor:
    """Return the matrix that acts on rows and columns at once."""
    once = torch.tensor(matrix, dtype=torch.float32)
    return torch.kron(once, once)


def _packed(weight: torch.Tensor, rows: int) -> torch.Tensor:
    """Return a weight (outputs, inputs) in the layout that the product likes for so many rows."""
    packed: torch.Tensor = torch.ops.mkldnn._reorder_linear_weight(weight, rows)
    return packed


def _product(x: torch.Tensor, packed: torch.Tensor) -> torch.Tensor:
    """Return x (rows, inputs) times the transpose of a packed weight: (rows, outputs)."""
    product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], "")
    return product


_layers: MutableMapping[torch.Tensor, WinogradLayer] = WeakTensorKeyDictionary()

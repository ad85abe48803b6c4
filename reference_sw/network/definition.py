"""The operators as the specification defines them: plain int64 arithmetic, slow, obvious.

The fast runtime shall equal this module to the bit.
Source: specification clause 13.4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from reference_sw.network.graph import Graph, Operator
from reference_sw.network.model_file import IntArray

Size = tuple[int, int]


def round_shift(x: IntArray, shift: IntArray | int) -> IntArray:
    """floor(x / 2^shift + 1/2).

    >>> round_shift(np.array([-3, -2, 1, 2]), 2).tolist()
    [-1, 0, 0, 1]
    """
    half = np.where(np.asarray(shift) > 0, 1 << np.maximum(np.asarray(shift) - 1, 0), 0)
    return np.asarray((x + half) >> shift, np.int64)


def round_divide(x: IntArray, y: IntArray | int) -> IntArray:
    """floor(x / y + 1/2) for y above 0.

    >>> round_divide(np.array([-7, 7]), 2).tolist()
    [-3, 4]
    """
    return np.asarray((2 * x + y) // (2 * np.asarray(y)), np.int64)


def conv2d(x: IntArray, op: Operator, tensors: Mapping[str, IntArray]) -> IntArray:
    """RoundShift(sum of weight times sample + bias, shift), zero samples outside."""
    weight, bias, shift = (tensors[k] for k in ("weight", "bias", "shift"))
    stride, pad, groups = (op.attributes[k] for k in ("stride", "padding", "groups"))
    n, channels, height, width = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    outputs, per_group = len(weight), channels // groups
    rows, columns = -(-height // stride), -(-width // stride)
    total = np.zeros((n, outputs, rows, columns), np.int64)
    for g in range(groups):
        out = slice(g * outputs // groups, (g + 1) * outputs // groups)
        part = padded[:, g * per_group : (g + 1) * per_group]
        for i in range(weight.shape[2]):
            for j in range(weight.shape[3]):
                samples = part[:, :, i : i + height : stride, j : j + width : stride]
                total[:, out] += np.einsum("oi,nihw->nohw", weight[out, :, i, j], samples)
    return round_shift(total + bias[:, None, None], shift[:, None, None])


def area_weights(source: int, target: int) -> IntArray:
    """(target, source) overlaps of target sample i, [i source, (i + 1) source), with source sample
    j, [j target, (j + 1) target); rows sum to `source`.

    >>> area_weights(3, 2).tolist()
    [[2, 1, 0], [0, 1, 2]]
    """
    i, j = np.arange(target)[:, None], np.arange(source)[None]
    overlap = np.minimum((i + 1) * source, (j + 1) * target) - np.maximum(i * source, j * target)
    return np.asarray(np.maximum(overlap, 0), np.int64)


def bilinear_weights(source: int, target: int) -> IntArray:
    """(target, source) weights of linear interpolation between sample centres; rows sum to
    2 target.

    >>> bilinear_weights(2, 4).tolist()
    [[8, 0], [6, 2], [2, 6], [0, 8]]
    """
    weights = np.zeros((target, source), np.int64)
    position = (2 * np.arange(target) + 1) * source - target
    first, rest = position // (2 * target), position % (2 * target)
    rows = np.arange(target)
    np.add.at(weights, (rows, np.clip(first, 0, source - 1)), 2 * target - rest)
    np.add.at(weights, (rows, np.clip(first + 1, 0, source - 1)), rest)
    return weights


def resize(x: IntArray, rows: IntArray, columns: IntArray) -> IntArray:
    """Weighted means with the given row and column weights, rounded once."""
    total = np.einsum("ph,nchw,qw->ncpq", rows, x, columns, optimize=True)
    return round_divide(total, int(rows[0].sum() * columns[0].sum()))


def cubic_weights() -> IntArray:
    """(32, 4) weights of the samples at -1, 0, 1, 2 for positions u / 32; rows sum to 128.

    Cubic convolution with a = -3/4, rounded to 1/128.

    >>> cubic_weights()[[0, 8, 16]].tolist()
    [[0, 128, 0, 0], [-13, 111, 34, -4], [-12, 76, 76, -12]]
    """
    u = np.arange(32)
    v = 32 - u
    before, after = -3 * u * v * v, -3 * u * u * v
    right = 5 * v**3 - 288 * v * v + 131072
    sides = [round_shift(w, 10) for w in (before, right, after)]
    return np.stack([sides[0], 128 - sum(sides), sides[1], sides[2]], 1)


def sample_positions(motion: IntArray, height: int, width: int) -> tuple[IntArray, IntArray]:
    """Columns and rows in 1/32 sample, (N, G, H, W), limited to the picture."""
    d = motion.reshape(len(motion), -1, 2, height, width)
    xs = np.arange(width) * 32 + round_shift(d[:, :, 0] * width, 9)
    ys = np.arange(height)[:, None] * 32 + round_shift(d[:, :, 1] * height, 9)
    return np.clip(xs, 0, 32 * (width - 1)), np.clip(ys, 0, 32 * (height - 1))


def warp_cubic(source: IntArray, motion: IntArray) -> IntArray:
    """As warp with 4x4 taps of `cubic_weights`, not clipped."""
    n, channels, height, width = source.shape
    xs, ys = sample_positions(motion, height, width)
    taps, groups = cubic_weights(), motion.shape[1] // 2
    out = np.zeros((n, groups, channels, height, width), np.int64)
    for i in range(n):
        for g in range(groups):
            x, y = xs[i, g], ys[i, g]
            for row in range(4):
                for column in range(4):
                    at_y = np.clip((y >> 5) + row - 1, 0, height - 1)
                    at_x = np.clip((x >> 5) + column - 1, 0, width - 1)
                    weight = taps[y & 31, row] * taps[x & 31, column]
                    out[i, g] += source[i][:, at_y, at_x] * weight
    return round_shift(out, 14).reshape(n, groups * channels, height, width)


def warp(source: IntArray, motion: IntArray) -> IntArray:
    """Bilinear samples at 1/32 sample; motion channel pairs are x, y in 2^-13 half pictures."""
    n, channels, height, width = source.shape
    groups = motion.shape[1] // 2
    xs, ys = sample_positions(motion, height, width)
    x0, y0, fx, fy = xs >> 5, ys >> 5, xs & 31, ys & 31
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    out = np.zeros((n, groups, channels, height, width), np.int64)
    for i in range(n):
        for g in range(groups):
            a = (slice(None), y0[i, g], x0[i, g])
            b = (slice(None), y0[i, g], x1[i, g])
            c = (slice(None), y1[i, g], x0[i, g])
            e = (slice(None), y1[i, g], x1[i, g])
            u, v, s = fx[i, g], fy[i, g], source[i]
            top, bottom = s[a] * (32 - u) + s[b] * u, s[c] * (32 - u) + s[e] * u
            out[i, g] = (top * (32 - v) + bottom * v + 512) >> 10
    return out.reshape(n, groups * channels, height, width)


def grid_centres(size: int) -> IntArray:
    """Centres of `size` samples in 2^-13 half pictures, multiples of 1 / size rounded down.

    >>> grid_centres(4).tolist()
    [-6144, -2048, 2048, 6144]
    """
    return ((2 * np.arange(size) + 1) * 8192) // size - 8192


def affine_motion(
    key_points: IntArray, key_matrices: IntArray, points: IntArray, matrices: IntArray, size: Size
) -> IntArray:
    """(N, 2 (K + 1), rows, columns): zero motion, then T_k(z) - z of each point."""
    n, count = key_points.shape[0], key_points.shape[1] // 2
    shape = (n, count, 2)
    p, q = (8 * a.reshape(*shape, 1, 1) for a in (key_points, points))
    key, current = (a.reshape(*shape, 2) for a in (key_matrices, matrices))
    a, b, c, d = (current[..., i, j] for i in (0, 1) for j in (0, 1))
    det = a * d - b * c
    sign = np.where(det < 0, -1, 1)
    det = np.maximum(np.abs(det), 1 << 12)
    adjugate = np.stack([d, -b, -c, a], -1).reshape(*shape, 2)
    product = np.einsum("nkij,nkjl->nkil", key, adjugate) * sign[..., None, None]
    m = np.clip(round_divide(product << 12, det[..., None, None]), -(1 << 15), 1 << 15)
    m = m[..., None, None]
    rows, columns = size
    x, y = grid_centres(columns)[None, :], grid_centres(rows)[:, None]
    dx, dy = x - q[:, :, 0], y - q[:, :, 1]
    moved_x = round_shift(m[:, :, 0, 0] * dx + m[:, :, 0, 1] * dy, 12) + p[:, :, 0] - x
    moved_y = round_shift(m[:, :, 1, 0] * dx + m[:, :, 1, 1] * dy, 12) + p[:, :, 1] - y
    moved = np.stack([moved_x, moved_y], 2).reshape(n, 2 * count, rows, columns)
    moved = np.clip(moved, -(1 << 15), (1 << 15) - 1)
    return np.concatenate([np.zeros((n, 2, rows, columns), np.int64), moved], 1)


def heat_difference(
    points: IntArray, key_points: IntArray, table: IntArray, shift: int, size: Size
) -> IntArray:
    """(N, K, rows, columns): product of two table values at the current point minus the same at
    the key point."""

    def heat(p: IntArray) -> IntArray:
        q = 8 * p.reshape(len(p), -1, 2, 1)
        last = len(table) - 1
        along_x = table[np.minimum(np.abs(grid_centres(size[1]) - q[:, :, 0]) >> 5, last)]
        along_y = table[np.minimum(np.abs(grid_centres(size[0]) - q[:, :, 1]) >> 5, last)]
        return round_shift(along_y[..., :, None] * along_x[..., None, :], shift)

    return heat(points) - heat(key_points)


def mix_motion(logits: IntArray, candidates: IntArray, table: IntArray) -> IntArray:
    """(N, 2, rows, columns): mean of the candidates weighted by table[largest logit - logit]."""
    n, count, rows, columns = logits.shape
    weight = table[np.minimum(logits.max(1, keepdims=True) - logits, len(table) - 1)]
    total = (weight[:, :, None] * candidates.reshape(n, count, 2, rows, columns)).sum(1)
    return round_divide(total, weight.sum(1)[:, None])


def pixel_shuffle(x: IntArray) -> IntArray:
    """Channel 4 c + 2 i + j to channel c, row 2 y + i, column 2 x + j."""
    n, c, h, w = x.shape
    y = x.reshape(n, c // 4, 2, 2, h, w).transpose(0, 1, 4, 2, 5, 3)
    return y.reshape(n, c // 4, 2 * h, 2 * w)


def pixel_unshuffle(x: IntArray) -> IntArray:
    """The inverse of pixel_shuffle."""
    n, c, h, w = x.shape
    y = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 3, 5, 2, 4)
    return y.reshape(n, 4 * c, h // 2, w // 2)


def average_pool(x: IntArray) -> IntArray:
    """Rounded mean of each 2x2 samples."""
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2] + 2) >> 2


Elementary = Callable[[Operator, list[IntArray], Mapping[str, IntArray]], IntArray]
ELEMENTARY: Mapping[str, Elementary] = {
    "conv2d": lambda op, x, t: conv2d(x[0], op, t),
    "add": lambda op, x, t: x[0] + x[1],
    "subtract": lambda op, x, t: x[0] - x[1],
    "multiply": lambda op, x, t: round_shift(x[0] * x[1], op.attributes["shift"]),
    "offset": lambda op, x, t: x[0] + op.attributes["value"],
    "clamp": lambda op, x, t: np.clip(x[0], op.attributes["low"], op.attributes["high"]),
    "table": lambda op, x, t: t["table"][
        np.clip(x[0] - op.attributes["first"], 0, len(t["table"]) - 1)
    ],
    "average_pool": lambda op, x, t: average_pool(x[0]),
    "upsample": lambda op, x, t: x[0].repeat(2, 2).repeat(2, 3),
    "pixel_shuffle": lambda op, x, t: pixel_shuffle(x[0]),
    "pixel_unshuffle": lambda op, x, t: pixel_unshuffle(x[0]),
    "concat": lambda op, x, t: np.concatenate(x, 1),
    "channels": lambda op, x, t: x[0][
        :, op.attributes["first"] : op.attributes["first"] + op.attributes["count"]
    ],
    "warp": lambda op, x, t: warp(x[0], x[1]),
    "warp_cubic": lambda op, x, t: warp_cubic(x[0], x[1]),
    "mix_motion": lambda op, x, t: mix_motion(x[0], x[1], t["table"]),
}


def sized(op: Operator, x: list[IntArray], tensors: Mapping[str, IntArray], to: Size) -> IntArray:
    """An operator whose extent is an attribute, for that extent."""
    h, w = x[0].shape[2:]
    if op.op == "area_resize":
        return resize(x[0], area_weights(h, to[0]), area_weights(w, to[1]))
    if op.op == "bilinear_resize":
        return resize(x[0], bilinear_weights(h, to[0]), bilinear_weights(w, to[1]))
    if op.op == "affine_motion":
        return affine_motion(x[0], x[1], x[2], x[3], to)
    return heat_difference(x[0], x[1], tensors["table"], op.attributes["shift"], to)


def run_graph(
    graph: Graph, tensors: Mapping[str, IntArray], inputs: Mapping[str, IntArray], size: Size
) -> dict[str, IntArray]:
    """Outputs of a graph for a picture of `size` (rows, columns)."""
    values = dict(inputs)
    for op in graph.operators:
        x = [values[name] for name in op.inputs]
        named = {key: tensors[name] for key, name in op.tensors.items()}
        if op.extent is not None:
            values[op.output] = sized(op, x, named, op.extent.at(*size))
        else:
            values[op.output] = ELEMENTARY[op.op](op, x, named)
    return {name: values[name] for name in graph.outputs}

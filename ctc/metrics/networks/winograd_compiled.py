"""Compiled loops of winograd.py: tiles to points, products at the points, points to tiles.

All is float32 in vectors of LANES neighbouring channels, spelt out for the compiler, because loops
over arrays whose sizes are unknown to it come out several times slower. Every tile is computed by
itself in one order of operations, so that results depend on neither threads nor strips.
The cache on disk notices a change of this module alone, so all that is compiled stays in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

Matrix = tuple[tuple[int, ...], ...]

TILE = 4
WINDOW = TILE + 2
POINTS = WINDOW * WINDOW
INPUT: Matrix = (
    (4, 0, -5, 0, 1, 0), (0, -4, -4, 1, 1, 0), (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0), (0, 2, -1, -2, 1, 0), (0, 4, 0, -5, 0, 1),
)  # fmt: skip
OUTPUT: Matrix = (
    (1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1),
)  # fmt: skip


def _vector_shape() -> tuple[int, int]:
    """Return the floats of a vector of this processor, and how many vectors a product is wide.

    Sums of 6 rows stay in registers beside what they are made of: 24 of 32, or 12 of 16.
    """
    features = llvmlite.binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 16, 4
    if features.get("avx"):
        return 8, 2
    return (4, 4) if features.get("neon") else (4, 2)


LANES, VECTORS = _vector_shape()
ROWS = 6
PANEL = LANES * VECTORS
SPACE = 16

_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, LANES)
# A product may be fused with the sum it goes into.
_FUSE = ("contract",)


def _constant(value: float) -> ir.Constant:
    return ir.Constant(_VECTOR, [float(value)] * LANES)


def _load(builder: Any, pointer: Any) -> Any:
    return builder.load(builder.bitcast(pointer, _VECTOR.as_pointer()), align=4)


def _store(builder: Any, value: Any, pointer: Any) -> None:
    builder.store(value, builder.bitcast(pointer, _VECTOR.as_pointer()), align=4)


def _at(builder: Any, pointer: Any, *offsets: Any) -> Any:
    """Return the pointer moved on by the sum of the offsets."""
    for offset in offsets:
        pointer = builder.gep(pointer, [offset])
    return pointer


def _spaced(builder: Any, pointer: Any, start: Any, step: Any, count: int) -> list[Any]:
    """Return pointers to start, start + step, ..."""
    whole = [builder.mul(step, ir.Constant(step.type, k)) for k in range(count)]
    return [_at(builder, pointer, start, offset) for offset in whole]


def _data(context: Any, builder: Any, signature: Any, arguments: Any, index: int) -> Any:
    kind = signature.args[index]
    return context.make_array(kind)(context, builder, arguments[index]).data


def _variable(builder: Any) -> Any:
    return cgutils.alloca_once(builder, _VECTOR)  # type: ignore[no-untyped-call]


def _combined(builder: Any, factors: Sequence[int], vectors: Sequence[Any]) -> Any:
    """Return the sum of the vectors times their factors, sums of plain vectors first."""
    terms = [(f, v) for f, v in zip(factors, vectors, strict=True) if f]
    terms.sort(key=lambda term: (abs(term[0]) != 1, -term[0]))
    (factor, vector), *others = terms
    total = vector if factor == 1 else builder.fmul(vector, _constant(factor))
    for factor, vector in others:
        if factor == 1:
            total = builder.fadd(total, vector)
        elif factor == -1:
            total = builder.fsub(total, vector)
        else:
            product = builder.fmul(vector, _constant(factor), flags=_FUSE)
            total = builder.fadd(product, total, flags=_FUSE)
    return total


def _transform(matrix: Matrix, with_bias: bool = False) -> Callable[..., None]:
    """Return a function for compiled code that brings vectors of channels through a matrix.

    to[at + i to_step + c] = sum over j of matrix[i][j] from[from_at + j from_step + c]; with_bias:
    plus bias[c], negative ones 0. Channels are a multiple of LANES.
    """

    def apply(_context, to, at, to_step, source, source_at, source_step, bias, channels):  # type: ignore[no-untyped-def]
        signature = types.void(to, at, to_step, source, source_at, source_step, bias, channels)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _, at, to_step, _, source_at, source_step, _, channels = arguments
            into, origin, biases = (
                _data(context, builder, signature, arguments, k) for k in (0, 3, 6)
            )
            sources = _spaced(builder, origin, source_at, source_step, len(matrix[0]))
            targets = _spaced(builder, into, at, to_step, len(matrix))
            zero, step = (ir.Constant(channels.type, k) for k in (0, LANES))
            with cgutils.for_range_slice(builder, zero, channels, step, channels.type) as (c, _):
                vectors = [_load(builder, _at(builder, pointer, c)) for pointer in sources]
                for factors, target in zip(matrix, targets, strict=True):
                    value = _combined(builder, factors, vectors)
                    if with_bias:
                        value = builder.fadd(value, _load(builder, _at(builder, biases, c)))
                        below = builder.fcmp_ordered("<", value, _constant(0))
                        value = builder.select(below, _constant(0), value)
                    _store(builder, value, _at(builder, target, c))
            return context.get_dummy_value()

        return signature, generate

    transform: Callable[..., None] = intrinsic(apply)
    return transform


_to_input_points = _transform(INPUT)
_to_output_rows = _transform(OUTPUT)
_to_outputs = _transform(OUTPUT, with_bias=True)


def _typed_product(_context, to, at, to_step, rows, rows_at, rows_step, panel, panel_at, depth):  # type: ignore[no-untyped-def]
    """Write ROWS rows of `depth` values times a panel (depth, PANEL): ROWS rows of PANEL values."""
    signature = types.void(to, at, to_step, rows, rows_at, rows_step, panel, panel_at, depth)
    return signature, _generate_product


def _generate_product(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    _, at, to_step, _, rows_at, rows_step, _, panel_at, depth = arguments
    into, origin, panels = (_data(context, builder, signature, arguments, k) for k in (0, 3, 6))
    rows = _spaced(builder, origin, rows_at, rows_step, ROWS)
    panel = _at(builder, panels, panel_at)
    sums = [[_variable(builder) for _ in range(VECTORS)] for _ in rows]
    for total in (total for row in sums for total in row):
        builder.store(_constant(0), total)
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    first = ir.Constant(ir.IntType(32), 0)
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    with cgutils.for_range(builder, depth) as loop:
        k = loop.index
        line = builder.mul(k, ir.Constant(k.type, PANEL))
        offsets = [ir.Constant(k.type, LANES * j) for j in range(VECTORS)]
        weights = [_load(builder, _at(builder, panel, line, offset)) for offset in offsets]
        for row, totals in zip(rows, sums, strict=True):
            single = builder.insert_element(undefined, builder.load(_at(builder, row, k)), first)
            value = builder.shuffle_vector(single, undefined, everywhere)
            for weight, total in zip(weights, totals, strict=True):
                product = builder.fmul(value, weight, flags=_FUSE)
                builder.store(builder.fadd(product, builder.load(total), flags=_FUSE), total)
    for target, totals in zip(_spaced(builder, into, at, to_step, ROWS), sums, strict=True):
        for j, total in enumerate(totals):
            place = _at(builder, target, ir.Constant(at.type, LANES * j))
            _store(builder, builder.load(total), place)
    return context.get_dummy_value()


_product: Callable[..., None] = intrinsic(_typed_product)
_compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True)


@_compiled
def _window(x, top, left, sizes, scratch, place):  # type: ignore[no-untyped-def]
    """Copy the 6x6 inputs of a tile that reaches beyond the picture, 0 outside."""
    picture, height, width, inputs = sizes
    for i in range(WINDOW):
        for j in range(WINDOW):
            at = place + (i * WINDOW + j) * inputs
            y, x_ = top + i, left + j
            inside = 0 <= y < height and 0 <= x_ < width
            start = ((picture * height + y) * width + x_) * inputs
            for c in range(inputs):
                scratch[at + c] = x[start + c] if inside else np.float32(0)


@_compiled
def _tile_to_points(x, top, left, sizes, scratch, bias, points, at, step):  # type: ignore[no-untyped-def]
    """Write the 36 points of one tile's inputs at points[at + step p]."""
    picture, height, width, inputs = sizes
    source, start, line = x, ((picture * height + top) * width + left) * inputs, width * inputs
    if top < 0 or left < 0 or top + WINDOW > height or left + WINDOW > width:
        place = WINDOW * WINDOW * inputs
        _window(x, top, left, sizes, scratch, place)
        source, start, line = scratch, place, WINDOW * inputs
    across = WINDOW * inputs
    for j in range(WINDOW):
        _to_input_points(
            scratch, j * inputs, across, source, start + j * inputs, line, bias, inputs
        )
    for i in range(WINDOW):
        to = at + i * WINDOW * step
        _to_input_points(points, to, step, scratch, i * across, inputs, bias, inputs)


@_compiled
def _points_to_tile(products, at, step, scratch, bias, out, top, left, sizes):  # type: ignore[no-untyped-def]
    """Write the 4x4 outputs of one tile, with bias and ReLU, as far as they are in the picture."""
    picture, height, width, outputs = sizes
    across = WINDOW * outputs
    for j in range(WINDOW):
        to = j * outputs
        _to_output_rows(scratch, to, across, products, at + j * step, WINDOW * step, bias, outputs)
    whole = left + TILE <= width
    for i in range(min(TILE, height - top)):
        start = ((picture * height + top + i) * width + left) * outputs
        if whole:
            _to_outputs(out, start, outputs, scratch, i * across, outputs, bias, outputs)
        else:
            place = WINDOW * across
            _to_outputs(scratch, place, outputs, scratch, i * across, outputs, bias, outputs)
            for c in range((width - left) * outputs):
                out[start + c] = scratch[place + c]


@_compiled
def convolve(x, kernel, bias, out, sizes, first, last, strip):  # type: ignore[no-untyped-def]
    """Write relu(convolution + bias) of tiles first..last-1, counted along rows and pictures.

    x, out: (pictures, height, width, channels), flat; kernel: (36, outputs / PANEL, inputs, PANEL),
    flat; sizes: (height, width, inputs, outputs); strip: tiles at a time, a multiple of ROWS.
    """
    height, width, inputs, outputs = sizes
    down, across = (height + TILE - 1) // TILE, (width + TILE - 1) // TILE
    # A line of the cache apart from a power of two, lest the points of a tile drive out each other.
    in_step, out_step = strip * inputs + SPACE, strip * outputs + SPACE
    points = np.zeros(POINTS * in_step, np.float32)
    products = np.empty(POINTS * out_step, np.float32)
    scratch = np.empty(2 * POINTS * max(inputs, outputs), np.float32)
    for start in range(first, last, strip):
        count = min(strip, last - start)
        for t in range(count):
            line, column = (start + t) // across, (start + t) % across
            place = (line // down, height, width, inputs)
            top, left = line % down * TILE - 1, column * TILE - 1
            _tile_to_points(x, top, left, place, scratch, bias, points, t * inputs, in_step)
        for p in range(POINTS):
            for panel in range(outputs // PANEL):
                weights = (p * (outputs // PANEL) + panel) * inputs * PANEL
                for t in range(0, count, ROWS):
                    to = p * out_step + t * outputs + panel * PANEL
                    rows = p * in_step + t * inputs
                    _product(products, to, outputs, points, rows, inputs, kernel, weights, inputs)
        for t in range(count):
            line, column = (start + t) // across, (start + t) % across
            place = (line // down, height, width, outputs)
            top, left = line % down * TILE, column * TILE
            _points_to_tile(products, t * outputs, out_step, scratch, bias, out, top, left, place)

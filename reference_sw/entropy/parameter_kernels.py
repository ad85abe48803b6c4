"""Compiled twin of the walk over one group's residuals: parameter_contexts.py, parameter_coder.py.

Arguments `engine`, `source` and `sink` are those of engine_kernels.py, by whose digest the
compiled code that is kept on disk becomes stale when that module changes. The contexts of a group
are rows of one array: for each kind of bin those of the five inputs, then the escape's prefixes.
"""

from __future__ import annotations

from typing import NamedTuple

from reference_sw.entropy.compiled import compiled
from reference_sw.entropy.engine_kernels import (
    FAST,
    SLOW,
    Bytes,
    Engine,
    Integers,
    Source,
    code_bin,
    code_bypass,
    estimate,
    learn,
)

ENGINE_KERNELS_DIGEST = "9227e0217cffd593"

NUM_LEVELS = 12
PREFIX_CONTEXTS = 33
INPUT_PLACES = (0, 144, 252, 333, 765)
"""First context of each input within a kind; input 4, which grows with the group, comes last."""

LAST, BEFORE_LAST, MAGNITUDE, DRIFT = 0, 1, 2, 3
"""Rows of a group's history."""


class ResidualArrays(NamedTuple):
    """All arrays of one group: its adaptive state, the constant tables, and space for one value.

    contexts: [5 * (765 + n) + 12 * 33, 3] windows and counts; weights: [5, 5] of each kind and
    input, shared by the groups; history: [4, n]; stretch: [4096]; squash: [65]; magnitude_indices,
    sign_indices and inputs: [5].
    """

    contexts: Integers
    weights: Integers
    history: Integers
    stretch: Integers
    squash: Integers
    magnitude_indices: Integers
    sign_indices: Integers
    inputs: Integers


@compiled
def level(activity: int) -> int:
    """Class 0..11 of a mean magnitude in units of 1/16.  Clause 10.4.1."""
    found = 0
    for threshold in (1, 2, 4, 7, 12, 20, 32, 52, 84, 136, 220):
        found += activity >= threshold
    return found


@compiled
def sign_class(residual: int) -> int:
    """0 for zero, 1 for a positive, 2 for a negative residual."""
    return 0 if residual == 0 else 1 if residual > 0 else 2


@compiled
def find_magnitude_contexts(
    arrays: ResidualArrays,
    residuals: Integers,
    i: int,
    components: int,
    picture_level: int,
    matching: int,
    other_level: int,
) -> int:
    """Find the contexts of the magnitude bins and return the history's level.  Clause 10.4.2."""
    component = i % components
    history, found = arrays.history, arrays.magnitude_indices
    west = abs(residuals[i - 1]) if component > 0 else 0
    north = abs(residuals[i - components]) if i >= components else 0
    in_point = 0
    for j in range(i - component, i):
        in_point += min(abs(residuals[j]), 5)
    recent = 3 * min(abs(history[LAST, i]), 2) + min(abs(history[BEFORE_LAST, i]), 2)
    own_level = level(history[MAGNITUDE, i])
    found[0] = NUM_LEVELS * own_level + picture_level
    found[1] = NUM_LEVELS * recent + own_level
    found[2] = 27 * min(west, 2) + 9 * min(north, 2) + recent
    found[3] = NUM_LEVELS * (6 * matching + min(in_point, 5)) + other_level
    found[4] = i
    return own_level


@compiled
def find_sign_contexts(
    arrays: ResidualArrays, residuals: Integers, i: int, components: int
) -> None:
    """Find the contexts of the sign bin.  Clause 10.4.3."""
    component = i % components
    history, found = arrays.history, arrays.sign_indices
    last, before = sign_class(history[LAST, i]), sign_class(history[BEFORE_LAST, i])
    west = sign_class(residuals[i - 1]) if component > 0 else 0
    west_2 = sign_class(residuals[i - 2]) if component > 1 else 0
    north = sign_class(residuals[i - components]) if i >= components else 0
    north_2 = sign_class(residuals[i - 2 * components]) if i >= 2 * components else 0
    drift = history[DRIFT, i]
    size = int(abs(drift) >= 6) + int(abs(drift) >= 20)
    found[0] = 15 * last + 5 * before + 2 + (size if drift >= 0 else -size)
    found[1] = 9 * north + 3 * west + north_2
    found[2] = 9 * last + 3 * north + west
    found[3] = 9 * min(component, 11) + 3 * west + west_2
    found[4] = i


@compiled
def code_mixed_bin(
    engine: Engine, source: Source, sink: Bytes, arrays: ResidualArrays, kind: int, value: int
) -> tuple[Engine, int]:
    """Code one bin by the mixed estimate of its contexts, which then learn from it.  10.5."""
    contexts, weights, inputs = arrays.contexts, arrays.weights, arrays.inputs
    indices = arrays.sign_indices if kind == 1 else arrays.magnitude_indices
    base = kind * (INPUT_PLACES[4] + arrays.history.shape[1])
    total = 0
    for k in range(5):
        row = base + INPUT_PLACES[k] + indices[k]
        inputs[k] = arrays.stretch[(16 * contexts[row, FAST] + contexts[row, SLOW]) >> 3]
        total += weights[kind, k] * inputs[k]
    odds = min(max(total >> 16, -2047), 2047) + 2048
    low, high, fraction = arrays.squash[odds >> 6], arrays.squash[(odds >> 6) + 1], odds & 63
    probability = min(max((low * (64 - fraction) + high * fraction + 32) >> 6, 32), 65504)
    engine, coded = code_bin(engine, source, sink, probability, value)
    error = (coded << 16) - probability
    for k in range(5):
        moved = weights[kind, k] + ((inputs[k] * error * 3 + 32768) >> 16)
        weights[kind, k] = min(max(moved, -65536), 131071)
        learn(contexts, base + INPUT_PLACES[k] + indices[k], 4, 7, coded)
    return engine, coded


@compiled
def code_escape(
    engine: Engine, source: Source, sink: Bytes, contexts: Integers, first: int, value: int
) -> tuple[Engine, int]:
    """Exp-Golomb code of order 0 whose prefix adapts; first: the prefix's context.  10.3.3."""
    value, size = max(value, 0), 0
    while (value + 1) >> (size + 1):
        size += 1
    prefix = 0
    while prefix < PREFIX_CONTEXTS:
        row = first + prefix
        more = int(prefix < size)
        engine, more = code_bin(engine, source, sink, estimate(contexts, row), more)
        learn(contexts, row, 4, 7, more)
        if not more:
            break
        prefix += 1
    known, suffix, left = value + 1 - (1 << size), 0, prefix
    while left > 0:
        bits = min(left, 16)
        left -= bits
        engine, part = code_bypass(engine, source, sink, bits, (known >> left) & ((1 << bits) - 1))
        suffix = suffix << bits | part
    return engine, (1 << prefix) - 1 + suffix


@compiled
def code_residual(
    engine: Engine, source: Source, sink: Bytes, arrays: ResidualArrays, own_level: int, value: int
) -> tuple[Engine, int]:
    """residual( ) of clause 10.3."""
    size = abs(value)
    engine, coded = code_mixed_bin(engine, source, sink, arrays, 0, int(size > 0))
    if not coded:
        return engine, 0
    engine, negative = code_mixed_bin(engine, source, sink, arrays, 1, int(value < 0))
    decoded = 1
    while decoded < 5:
        kind, more = min(decoded + 1, 4), int(size > decoded)
        engine, more = code_mixed_bin(engine, source, sink, arrays, kind, more)
        if not more:
            break
        decoded += 1
    if decoded == 5:
        first = 5 * (INPUT_PLACES[4] + arrays.history.shape[1]) + PREFIX_CONTEXTS * own_level
        engine, escape = code_escape(engine, source, sink, arrays.contexts, first, size - 5)
        decoded += escape
    return engine, -decoded if negative else decoded


@compiled
def end_picture(arrays: ResidualArrays, residuals: Integers) -> None:
    """Take the residuals of a finished picture into the history.  Clause 10.4.4."""
    history = arrays.history
    for i in range(residuals.size):
        size = min(abs(residuals[i]), 1023)
        present = 4 if size else 0
        history[MAGNITUDE, i] += ((size << 4) + present - history[MAGNITUDE, i]) >> 3
        limited = min(max(residuals[i], -1023), 1023)
        history[DRIFT, i] += ((limited << 6) - history[DRIFT, i]) >> 2
        history[BEFORE_LAST, i] = history[LAST, i]
        history[LAST, i] = residuals[i]


@compiled
def code_group(
    engine: Engine,
    source: Source,
    sink: Bytes,
    arrays: ResidualArrays,
    components: int,
    activity: int,
    other_level: int,
    other_points: Integers,
    residuals: Integers,
) -> tuple[Engine, int]:
    """Code the residuals of a group in place; return also its new activity.  Clause 10.4.

    activity: mean magnitude of the group's last picture times 16; other_points: sums of the
    limited magnitudes of each point of the group before, empty where there is none.
    """
    so_far = 0
    same_points = other_points.size * components == residuals.size
    for i in range(residuals.size):
        picture_level = level((16 * so_far + 4 * activity) // (i + 4))
        matching = min(other_points[i // components], 5) if same_points else 0
        own_level = find_magnitude_contexts(
            arrays, residuals, i, components, picture_level, matching, other_level
        )
        find_sign_contexts(arrays, residuals, i, components)
        engine, residuals[i] = code_residual(engine, source, sink, arrays, own_level, residuals[i])
        so_far += min(abs(residuals[i]), 1023)
    end_picture(arrays, residuals)
    return engine, 16 * so_far // residuals.size

"""Compiled twins of adaptive bins and of latent coding.

Arguments `engine`, `source` and `sink` are those of engine_kernels.py, by whose digest the
compiled code that is kept on disk becomes stale when that module changes.
"""

from __future__ import annotations

from reference_sw.entropy.compiled import compiled
from reference_sw.entropy.engine_kernels import (
    FAST,
    SLOW,
    Bytes,
    Engine,
    Integers,
    Small,
    Source,
    code_bin,
    code_bypass,
    code_interval,
    estimate,
    learn,
)

ENGINE_KERNELS_DIGEST = "9227e0217cffd593"


@compiled
def code_adaptive_bins(
    engine: Engine,
    source: Source,
    sink: Bytes,
    contexts: Integers,
    shifts: Integers,
    indices: Integers,
    bins: Bytes,
) -> Engine:
    """Code bins[n] by contexts[indices[n]], which adapts with shifts[indices[n]]; all in place."""
    for n in range(indices.size):
        index = indices[n]
        engine, coded = code_bin(engine, source, sink, estimate(contexts, index), int(bins[n]))
        learn(contexts, index, shifts[index, FAST], shifts[index, SLOW], coded)
        bins[n] = coded
    return engine


@compiled
def code_distance(engine: Engine, source: Source, sink: Bytes, distance: int) -> tuple[Engine, int]:
    """Exp-Golomb code of order 0 in bypass bins, prefix at most 20.  Clause 11.4.3."""
    distance, size = max(distance, 0), 0
    while (distance + 1) >> (size + 1):
        size += 1
    prefix = 0
    while prefix < 20:
        engine, more = code_bypass(engine, source, sink, 1, int(prefix < size))
        if not more:
            break
        prefix += 1
    suffix = distance + 1 - (1 << size)
    low_bits = min(prefix, 16)
    high, low = 0, 0
    if prefix > 16:
        engine, high = code_bypass(engine, source, sink, prefix - 16, suffix >> 16)
    if low_bits:
        engine, low = code_bypass(engine, source, sink, low_bits, suffix & (1 << low_bits) - 1)
    return engine, (1 << prefix) - 1 + (high << low_bits | low)


@compiled
def code_latents(
    engine: Engine,
    source: Source,
    sink: Bytes,
    tables: Integers,
    cumulative: Integers,
    lookup: Integers,
    indices: Integers,
    latents: Small,
) -> Engine:
    """Code latents[n] by table indices[n].  Clause 11.4.2.

    tables: for each its (first_value, escape, place in cumulative); lookup: for each of 256
    steps of the frequency, the place in cumulative of the symbol that holds the step's start.
    """
    for n in range(indices.size):
        table = indices[n]
        first, escape, place = tables[table, 0], tables[table, 1], tables[table, 2]
        if source is None:
            symbol = latents[n] - first
            if symbol < 0 or symbol > escape:
                symbol = escape
            at = place + symbol
        else:
            target = min(engine[1] // (engine[0] >> 16), 65535)
            at = lookup[table, target >> 8]
            while cumulative[at + 1] <= target:
                at += 1
            symbol = at - place
        start = cumulative[at]
        engine = code_interval(engine, source, sink, start, cumulative[at + 1] - start, 16)
        if symbol == escape:
            engine, below = code_bypass(engine, source, sink, 1, int(latents[n] < first))
            given = first - 1 - latents[n] if below else latents[n] - first - escape
            engine, distance = code_distance(engine, source, sink, given)
            latents[n] = first - 1 - distance if below else first + escape + distance
        elif source is not None:
            latents[n] = first + symbol
    return engine

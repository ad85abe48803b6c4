"""The compiled twins against the plain definitions: same bytes, same values, same errors."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_sw.entropy import engine_kernels, parameter_kernels, symbol_kernels
from reference_sw.entropy.arithmetic_decoder import ArithmeticDecoder
from reference_sw.entropy.arithmetic_encoder import ArithmeticEncoder
from reference_sw.entropy.cdf_tables import CdfTables, table_from_frequencies
from reference_sw.entropy.compiled_engine import CompiledDecoding, CompiledEncoding
from reference_sw.entropy.compiled_latents import CompiledLatentDecoder, CompiledLatentEncoder
from reference_sw.entropy.compiled_parameters import (
    CompiledResidualDecoder,
    CompiledResidualEncoder,
)
from reference_sw.entropy.context_model import ContextModel
from reference_sw.entropy.errors import EntropyError
from reference_sw.entropy.latent_decoder import LatentDecoder
from reference_sw.entropy.latent_encoder import LatentEncoder
from reference_sw.entropy.parameter_decoder import ParameterDecoder, PlainResidualDecoder
from reference_sw.entropy.parameter_encoder import ParameterEncoder
from reference_sw.entropy.parameter_layout import MAX_MAGNITUDE, ParameterGroup, ParameterLayout
from reference_sw.entropy.residual_choice import residual_decoder_for
from tests.reference_sw.entropy.test_latents import random_latents, random_tables
from tests.reference_sw.entropy.test_parameters import layouts, pictures_of, same

ROOT = Path(__file__).parents[3]


@given(
    layouts(),
    st.integers(0, 2**32),
    st.integers(1, 6),
    st.sampled_from([0, 1, 2, 5, 80, 70000, MAX_MAGNITUDE]),
)
@settings(max_examples=60, deadline=None)
def test_parameter_bytes_are_the_same(
    layout: ParameterLayout, seed: int, count: int, size: int
) -> None:
    pictures = pictures_of(layout, seed, count, size)
    plain, twin = ParameterEncoder(layout), ParameterEncoder(layout, CompiledResidualEncoder)
    decoder = ParameterDecoder(layout, CompiledResidualDecoder)
    for number in range(count):
        for encoder in (plain, twin):
            encoder.begin_segment()
            encoder.encode_picture(pictures[number], intra=number == 0)
        data = plain.end_segment()
        assert twin.end_segment() == data
        decoder.begin_segment(data)
        assert same([decoder.decode_picture(intra=number == 0)], [pictures[number]])
        decoder.end_segment()


@given(st.binary(max_size=200), layouts(), st.integers(1, 6))
@settings(max_examples=100, deadline=None)
def test_any_bytes_decode_to_the_same_values_or_error(
    data: bytes, layout: ParameterLayout, count: int
) -> None:
    outcomes = []
    for residual_decoder in (None, CompiledResidualDecoder):
        decoder = (
            ParameterDecoder(layout, residual_decoder)
            if residual_decoder
            else ParameterDecoder(layout)
        )
        decoder.begin_segment(data)
        seen: list[object] = []
        try:
            for number in range(count):
                seen += [v.tolist() for v in decoder.decode_picture(intra=number == 0)]
            decoder.end_segment()
        except EntropyError as error:
            seen.append(str(error))
        outcomes.append(seen)
    assert outcomes[0] == outcomes[1]


def adaptive_bins_plain(
    indices: list[int], bins: list[int], rates: list[int]
) -> tuple[bytes, list[ContextModel]]:
    contexts = [ContextModel(40 + i, rate) for i, rate in enumerate(rates)]
    encoder = ArithmeticEncoder()
    for index, value in zip(indices, bins, strict=True):
        encoder.code_bin(contexts[index].probability, value)
        contexts[index].update(value)
    return encoder.finish(), contexts


@given(
    st.lists(st.integers(0, 15), min_size=1, max_size=8),
    st.integers(0, 2**32),
    st.integers(0, 3000),
)
@settings(max_examples=40, deadline=None)
def test_adaptive_bins_are_the_same(rates: list[int], seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    indices = rng.integers(0, len(rates), count)
    bins = (rng.random(count) < rng.uniform(0, 1)).astype(np.uint8)
    data, models = adaptive_bins_plain(indices.tolist(), bins.tolist(), rates)

    initial = np.array([[(40 + i) << 3, (40 + i) << 7, 0] for i in range(len(rates))])
    shifts = np.array([[m.fast_shift, m.slow_shift] for m in models])
    coded, contexts = bins.copy(), initial.copy()
    coding = CompiledEncoding()
    coding.reserve(2 * count)
    coding.engine = symbol_kernels.code_adaptive_bins(
        coding.engine, coding.source, coding.sink, contexts, shifts, indices, coded
    )
    assert coding.finish() == data
    assert contexts.tolist() == [[m.fast, m.slow, m.count] for m in models]

    decoding, decoded = CompiledDecoding(data), np.zeros(count, np.uint8)
    decoding.engine = symbol_kernels.code_adaptive_bins(
        decoding.engine, decoding.source, decoding.sink, initial, shifts, indices, decoded
    )
    decoding.finish()
    assert np.array_equal(decoded, bins)
    plain = ArithmeticDecoder(data)
    contexts_plain = [ContextModel(40 + i, rate) for i, rate in enumerate(rates)]
    for index, value in zip(indices.tolist(), bins.tolist(), strict=True):
        assert plain.code_bin(contexts_plain[index].probability) == value
        contexts_plain[index].update(value)
    plain.finish()


@given(st.integers(0, 2**32), st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_latent_bytes_are_the_same(seed: int, count: int) -> None:
    tables = random_tables(seed)
    indices, latents = random_latents(tables, seed, count)
    plain, twin = LatentEncoder(tables), CompiledLatentEncoder(tables)
    for encoder in (plain, twin):
        encoder.encode(indices[: count // 2], latents[: count // 2])
        encoder.encode(indices[count // 2 :], latents[count // 2 :])
    data = plain.finish()
    assert twin.finish() == data
    decoder = CompiledLatentDecoder(tables, data)
    assert np.array_equal(decoder.decode(indices), latents)
    decoder.finish()


@given(st.binary(max_size=300), st.integers(0, 2**32), st.integers(1, 200))
@settings(max_examples=80, deadline=None)
def test_any_bytes_decode_to_the_same_latents(data: bytes, seed: int, count: int) -> None:
    tables = random_tables(seed)
    indices, _ = random_latents(tables, seed, count)
    outcomes = []
    for decoder in (LatentDecoder(tables, data), CompiledLatentDecoder(tables, data)):
        values = decoder.decode(indices)
        try:
            decoder.finish()
            outcomes.append((values.tolist(), ""))
        except EntropyError as error:
            outcomes.append((values.tolist(), str(error)))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("module", [symbol_kernels, parameter_kernels])
def test_kernels_name_the_engine_they_were_compiled_with(module: object) -> None:
    """A changed engine changes this digest, hence the module, hence its stale compiled code."""
    digest = hashlib.sha256(Path(engine_kernels.__file__).read_bytes()).hexdigest()[:16]
    assert digest == module.ENGINE_KERNELS_DIGEST  # type: ignore[attr-defined]


def test_the_plain_path_needs_no_numba() -> None:
    """Numba made absent in a fresh interpreter: definition and uncompiled twin still agree."""
    program = """
import sys
sys.modules["numba"] = None
import numpy as np
from reference_sw.entropy.compiled_parameters import CompiledResidualEncoder
from reference_sw.entropy.parameter_encoder import ParameterEncoder
from reference_sw.entropy.parameter_layout import ParameterGroup, ParameterLayout
layout = ParameterLayout((ParameterGroup("g", 6, components=2),))
for encoder in (ParameterEncoder(layout), ParameterEncoder(layout, CompiledResidualEncoder)):
    encoder.begin_segment()
    for n in range(4):
        encoder.encode_picture((np.arange(6) * n - 70 * (n == 2),), intra=n == 0)
    print(encoder.end_segment().hex())
"""
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    first, second = run.stdout.split()
    assert first == second
    assert len(first) > 20


def test_lookup_holds_for_tables_whose_symbols_end_on_its_steps() -> None:
    """256 symbols of 256 each: every lookup step is the start of a symbol."""
    tables = CdfTables((table_from_frequencies(0, [256] * 256),))
    latents = np.arange(255)
    encoder = CompiledLatentEncoder(tables)
    encoder.encode(np.zeros(255, int), latents)
    data = encoder.finish()
    assert len(data) == 255
    decoder = CompiledLatentDecoder(tables, data)
    assert np.array_equal(decoder.decode(np.zeros(255, int)), latents)
    decoder.finish()


@pytest.mark.parametrize(
    ("values", "expected"), [(255, PlainResidualDecoder), (256, CompiledResidualDecoder)]
)
def test_large_pictures_are_decoded_by_the_twin(values: int, expected: type) -> None:
    layout = ParameterLayout((ParameterGroup("g", values),))
    assert residual_decoder_for(layout) is expected

"""Golden words: fixed inputs and the bytes they shall give.

A change of any of these is a change of the bitstream: it needs a new syntax version, an entry in
CHANGELOG, and new words here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from reference_sw.entropy.arithmetic_encoder import ArithmeticEncoder
from reference_sw.entropy.cdf_tables import CdfTables, table_from_frequencies
from reference_sw.entropy.context_model import ContextModel
from reference_sw.entropy.latent_decoder import LatentDecoder
from reference_sw.entropy.latent_encoder import LatentEncoder
from reference_sw.entropy.logistic_mixing import SQUASH_TABLE, STRETCH_TABLE, squash
from reference_sw.entropy.parameter_decoder import ParameterDecoder
from reference_sw.entropy.parameter_encoder import ParameterEncoder
from reference_sw.entropy.parameter_layout import (
    ParameterGroup,
    ParameterLayout,
    PredictionMode,
)


def numbers(seed: int) -> Iterator[int]:
    """x' = 1103515245 x + 12345 modulo 2^31, the upper 15 bits: the same everywhere."""
    while True:
        seed = (1103515245 * seed + 12345) % (1 << 31)
        yield seed >> 16


def test_adaptive_bins() -> None:
    source, contexts = numbers(1), [ContextModel(20 + 9 * i, i) for i in range(10)]
    encoder = ArithmeticEncoder()
    for _ in range(300):
        context = contexts[next(source) % 10]
        value = int(next(source) < 9000)
        encoder.code_bin(context.probability, value)
        context.update(value)
    assert (
        encoder.finish().hex()
        == "44c848e43ae3f570d84b663b7d0e57d03bbae93d2ac75c91dd372e8d07517066976e83"
    )


LAYOUT = ParameterLayout(
    (
        ParameterGroup("points", 6, PredictionMode.PREVIOUS, 2),
        ParameterGroup("matrices", 12, PredictionMode.LINEAR, 4),
        ParameterGroup("offsets", 3, PredictionMode.KEY_PICTURE),
        ParameterGroup("levels", 2, PredictionMode.NONE),
    )
)


def golden_pictures() -> list[list[np.ndarray]]:  # type: ignore[type-arg]
    source, state = numbers(2), [[0] * group.num_values for group in LAYOUT.groups]
    pictures = []
    for number in range(8):
        for values in state:
            for i in range(len(values)):
                step = next(source) % 7 - 3
                values[i] += step if number % 4 else 40 * step
        pictures.append([np.array(values, np.int64) for values in state])
    pictures[6][2][1] = 1_000_000_000
    return pictures


def test_parameters() -> None:
    pictures = golden_pictures()
    encoder, segments = ParameterEncoder(LAYOUT), []
    for start in (0, 3, 6):
        encoder.begin_segment()
        for number, picture in enumerate(pictures[start : start + 3], start):
            encoder.encode_picture(picture, intra=number == 0)
        segments.append(encoder.end_segment().hex())
    assert segments == [
        (
            "22e8932022c446abd20bc9a63e7a5d237898c90eb7747f6d776dd94de85225ae1ba52999a703768f"
            "77e302cb796bc80278aa28e9ebe39b46774ad982e17551a08b76"
        ),
        (
            "994e9ba903a0c617a541ddbd30196679a1d6b49db8dd3556d631940e0bc65929c742a897f3629060"
            "dea0824afa4c1334ee935434f47331fc5fee5fec8d7c51df7c290d3a30b6788e5ddc6397d34e9d48"
        ),
        "86f98d28466ed7be161b5576db83e55fee0412a64f4ead3737850a49b5cceb8ad7eb15e6",
    ]
    decoder = ParameterDecoder(LAYOUT)
    for start, segment in zip((0, 3, 6), segments, strict=True):
        decoder.begin_segment(bytes.fromhex(segment))
        for number, picture in enumerate(pictures[start : start + 3], start):
            for a, b in zip(decoder.decode_picture(intra=number == 0), picture, strict=True):
                assert np.array_equal(a, b)
        decoder.end_segment()


def test_latents() -> None:
    tables = CdfTables(
        (
            table_from_frequencies(-2, (3000, 9000, 41000, 9535, 3000, 1)),
            table_from_frequencies(10, (1, 65535)),
            table_from_frequencies(0, (20000, 45000, 500, 36)),
        )
    )
    source = numbers(3)
    indices = np.array([next(source) % 3 for _ in range(60)])
    latents = np.array([next(source) % 5 - 2 for _ in range(60)])
    latents[::20] = (70_000, -70_000, 9)
    encoder = LatentEncoder(tables)
    encoder.encode(indices, latents)
    data = encoder.finish()
    assert data.hex() == (
        "ffed7fffa143c1084f40f46ddf5d881d6b11f2a9f824b69fa046571f0d4e54b68c1e24189876dfdf"
        "56792cf9298b4e9c6aa2f150db9dae45"
    )
    assert np.array_equal(LatentDecoder(tables, data).decode(indices), latents)


def test_one_value_worked_by_hand() -> None:
    """The value 0 in a layout of one: a single bin, 0, from five contexts in the initial state.

    45 of 128: windows 360 and 5760, state 16 * 360 + 5760 = 11520, stretch( 1440 ) = -157, since
    256 * ln( 1440.5 / 2655.5 ) = -156.6. Weights 65536 * 8 / 25 = 20971: 5 * 20971 * -157 is
    -16462235, shifted right by 16: -252. squash( -252 ) = ( 17625 * 60 + 21025 * 4 + 32 ) >> 6 =
    17838. The zero has [65535 * 17838, 2^32 - 1) = [45ADBA52, FFFFFFFF): the byte 46.
    """
    assert STRETCH_TABLE[1440] == -157
    assert squash(-252) == 17838
    encoder = ParameterEncoder(ParameterLayout((ParameterGroup("one", 1),)))
    encoder.begin_segment()
    encoder.encode_picture([np.array([0])], intra=True)
    assert encoder.end_segment() == b"\x46"


def test_tables_of_the_specification() -> None:
    """The stretch table is the inverse of squash; both against the logistic function in floats."""
    odds = (np.arange(65) - 32) / 4
    assert np.array_equal(SQUASH_TABLE, np.round(65536 / (1 + np.exp(-odds))))
    centre = (np.arange(4096) + 0.5) / 4096
    exact = 256 * np.log(centre / (1 - centre))
    inside = np.abs(exact) < 1900
    assert np.abs(np.array(STRETCH_TABLE) - exact)[inside].max() < 9
    assert all(-2047 <= x <= 2047 for x in STRETCH_TABLE)
    digest = hashlib.sha256(np.array(STRETCH_TABLE, "<i2").tobytes()).hexdigest()
    assert digest == "9905f596d4525d0abd14fd5d97f78b26fbd8930e5656d19cbb90c69a26ce053a"

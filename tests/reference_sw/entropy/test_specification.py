"""Clauses 10 and 11 against the code that cites them: clauses exist, tables and constants agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reference_sw.entropy import logistic_mixing, parameter_contexts
from reference_sw.entropy.arithmetic_decoder import MAX_END_BYTES, RENORMALISATION_LIMIT
from reference_sw.entropy.latent_coder import MAX_ESCAPE

ROOT = Path(__file__).parents[3] / "reference_sw"
TEXT = {
    number: next((ROOT / "specification").glob(f"{number}-*.md")).read_text(encoding="utf-8")
    for number in ("10", "11")
}
MODULES = sorted((ROOT / "entropy").glob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_cited_clauses_exist(path: Path) -> None:
    for clause in re.findall(r"\b(1[01](?:\.\d+)+)", path.read_text(encoding="utf-8")):
        heading = rf"(?m)^(?:#+ )?{re.escape(clause)} "
        assert re.search(heading, TEXT[clause[:2]]), f"{path.name} cites {clause}"


def numbers_behind(words: str, clause: str = "10") -> tuple[int, ...]:
    """The list of integers that follows some words of the text."""
    found = re.search(re.escape(words) + r"\s*((?:-?\d+, )*-?\d+)", TEXT[clause])
    assert found, f"clause {clause} does not say: {words}"
    return tuple(int(n) for n in found[1].split(", "))


def test_tables_of_the_text_are_those_of_the_code() -> None:
    contexts = parameter_contexts
    assert numbers_behind("Level( a ) is the number of thresholds") == contexts.LEVEL_THRESHOLDS
    assert numbers_behind("is the number of thresholds 6,") == contexts.DRIFT_THRESHOLDS[1:]
    kinds = numbers_behind("Initial probabilities, in units of 1/128: kinds 0..4:")
    assert kinds == contexts.INITIAL_PROBABILITIES
    assert numbers_behind("contexts of the escape's prefix:") == (
        contexts.ESCAPE_INITIAL_PROBABILITY,
    )
    assert numbers_behind("Every context has the rate") == (contexts.CONTEXT_RATE,)
    assert numbers_behind("The prefix is at most") == (contexts.MAX_PREFIX,)
    upper = numbers_behind("T[ 32 ]..T[ 64 ] are")
    assert upper == logistic_mixing.SQUASH_TABLE[32:]
    assert tuple(65536 - t for t in upper[:0:-1]) == logistic_mixing.SQUASH_TABLE[:32]
    weight = logistic_mixing.Mixer(contexts.NUM_INPUTS).weights[0]
    assert numbers_behind("shared by all groups; initially each is") == (weight,)


def test_constants_of_the_text_are_those_of_the_code() -> None:
    mixing = logistic_mixing
    assert f"Clip3( {mixing.MIN_WEIGHT}, {mixing.MAX_WEIGHT}," in TEXT["10"]
    assert f"* {mixing.LEARNING_RATE} + 32768 ) >> 16" in TEXT["10"]
    low = mixing.MIN_PROBABILITY
    assert f"Clip3( {low}, {65536 - low}, squash( odds ) )" in TEXT["10"]
    assert RENORMALISATION_LIMIT == 1 << 24
    assert "while( ivlRange < 2^24 )" in TEXT["11"]
    assert f"L shall be in numRead..numRead + {MAX_END_BYTES}" in TEXT["11"]
    assert MAX_ESCAPE == 2**21 - 2
    assert "at most 2^21 - 2" in TEXT["11"]

"""Models by the identity a parameter set gives: the first bytes of the file's sha256."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from reference_sw.bitstream.parameter_set import MODEL_DIGEST_BYTES, ParameterSet
from reference_sw.decoder.errors import DecodingError
from reference_sw.network.errors import ModelError
from reference_sw.network.runtime import IntegerModel, load_model

MODELS_FOLDER = Path(__file__).resolve().parents[1] / "models"
ANALYSIS_SUFFIX = ".analysis.safetensors"


def find_model(gps: ParameterSet, chosen: Path | None = None) -> IntegerModel:
    """Return the model a parameter set names, from `chosen` or from the folder of models.

    Raises:
        DecodingError: it is not there, or the file given is another model.
    """
    wanted = gps.gps_model_digest
    for path in [chosen] if chosen else shipped_models():
        if model_digest(path) == wanted:
            return _loaded(path, wanted)
    if chosen:
        raise DecodingError(
            f"{chosen}: sha256 begins with {model_digest(chosen).hex()}; the bitstream needs the "
            f"model whose sha256 begins with {wanted.hex()}"
        )
    raise DecodingError(
        f"the model whose sha256 begins with {wanted.hex()} (gps_model_id {gps.gps_model_id}) is "
        f"not in {MODELS_FOLDER.name}/; give its file with --model"
    )


def shipped_models() -> list[Path]:
    """Normative model files that come with the software; analysis networks are no models."""
    found = sorted(MODELS_FOLDER.glob("*.safetensors"))
    return [path for path in found if not path.name.endswith(ANALYSIS_SUFFIX)]


def model_digest(path: Path) -> bytes:
    """Return the first bytes of the file's sha256; raises DecodingError if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).digest()[:MODEL_DIGEST_BYTES]
    except OSError as problem:
        raise DecodingError(f"{path}: cannot be read: {problem.strerror}") from problem


@lru_cache(maxsize=4)
def _loaded(path: Path, _digest: bytes) -> IntegerModel:
    """The model; another under the same name is another."""
    try:
        return load_model(path)
    except ModelError as problem:
        raise DecodingError(str(problem)) from problem

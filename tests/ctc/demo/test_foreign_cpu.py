"""Pictures of the demo class are the same when compiled for another kind of processor."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ctc.demo.render import RENDERERS, renderer

ROOT = Path(__file__).parents[3]
PROGRAM = """
import hashlib
from ctc.demo.render import RENDERERS, renderer
for name in RENDERERS:
    print(hashlib.md5(renderer(name)(21).tobytes()).hexdigest())
"""


def vector_instructions() -> list[str]:
    """The instruction sets that this NumPy uses here beyond those it cannot do without."""
    config: dict[str, dict[str, list[str]]] = np.show_config(mode="dicts")
    return config["SIMD Extensions"].get("found", [])


@pytest.mark.slow
def test_the_same_without_this_processors_instructions(tmp_path: Path) -> None:
    """NumPy without its vector instructions and Numba for a generic processor."""
    foreign = {
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_CACHE_DIR": str(tmp_path),
        "NPY_DISABLE_CPU_FEATURES": " ".join(vector_instructions()),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(
        command, env=os.environ | foreign, cwd=ROOT, capture_output=True, text=True, check=True
    )
    here = [hashlib.md5(renderer(name)(21).tobytes()).hexdigest() for name in RENDERERS]
    assert done.stdout.split() == here

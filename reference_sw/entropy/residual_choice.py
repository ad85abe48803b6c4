"""Which residual coder to use: the plain definition for small pictures, its twin for large ones.

Both give the same values and bytes; the twin costs the import of numba and, once on a machine, some
seconds of compilation, the definition about 20 microseconds for each value.
"""

from __future__ import annotations

from collections.abc import Callable

from reference_sw.entropy.parameter_decoder import PlainResidualDecoder, ResidualDecoder
from reference_sw.entropy.parameter_layout import ParameterLayout

COMPILED_FROM_VALUES = 256


def residual_decoder_for(layout: ParameterLayout) -> Callable[[ParameterLayout], ResidualDecoder]:
    """Return the residual decoder for ParameterDecoder( layout, ... )."""
    if layout.num_values < COMPILED_FROM_VALUES:
        return PlainResidualDecoder
    from reference_sw.entropy.compiled_parameters import CompiledResidualDecoder

    return CompiledResidualDecoder

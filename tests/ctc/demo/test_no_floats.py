"""The demo renderers hold no floating point: no literal, true division, float type or library."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "ctc" / "demo"
FLOATING = {"float", "float32", "float64", "sqrt", "sin", "cos", "mean", "round_", "linspace", "pi"}


def floats_in(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(f"line {node.lineno}: {node.value}")
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            found.append(f"line {node.lineno}: true division")
        elif isinstance(node, ast.Attribute) and node.attr in FLOATING:
            found.append(f"line {node.lineno}: .{node.attr}")
        elif isinstance(node, ast.Name) and node.id in FLOATING:
            found.append(f"line {node.lineno}: {node.id}")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
            found += [f"line {node.lineno}: {n}" for n in names if n in ("math", "random", "scipy")]
    return found


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda p: p.name)
def test_no_floats(path: Path) -> None:
    assert floats_in(path.read_text("utf-8")) == []


def test_floats_are_seen() -> None:
    source = "import math\na = 1 / 2\na /= 3\nb = 0.5\nc = np.float64(1)\nd = float(2)\n"
    assert len(floats_in(source)) == 6

"""Who may import whom: the layers of the architecture, read from the source by ast."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("reference_sw", "ctc", "anchors")

# For each part: the parts of ours that it may import, itself apart.
ALLOWED: dict[str, tuple[str, ...]] = {
    "reference_sw.video": (),
    "reference_sw.bitstream": ("reference_sw.video",),
    "reference_sw.entropy": ("reference_sw.video",),
    "reference_sw.network": ("reference_sw.video",),
    "reference_sw.decoder": (
        "reference_sw.video",
        "reference_sw.bitstream",
        "reference_sw.entropy",
        "reference_sw.network",
    ),
    "reference_sw.encoder": (
        "reference_sw.video",
        "reference_sw.bitstream",
        "reference_sw.entropy",
        "reference_sw.network",
        "reference_sw.decoder",
    ),
    "reference_sw.training": (
        "reference_sw.video",
        "reference_sw.bitstream",
        "reference_sw.entropy",
        "reference_sw.network",
        "reference_sw.decoder",
        "reference_sw.encoder",
        # Teachers of the analysis networks, the very networks that the metrics use.
        "ctc.metrics.networks",
        # The renderer of the demonstration class, to draw other heads with.
        "ctc.demo",
    ),
    "ctc": ("reference_sw.video", "anchors"),
    "anchors": ("ctc.card", "ctc.process", "ctc.errors"),
}
DECODER_MAY_NOT = ("reference_sw.bitstream.writer",)


def part_of(module: str) -> str | None:
    """The longest key of ALLOWED that holds the module."""
    return max(
        (p for p in ALLOWED if module == p or module.startswith(p + ".")), key=len, default=None
    )


def imports_of(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in found if name.split(".")[0] in PACKAGES]


def module_files() -> list[Path]:
    return sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("path", module_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_stay_in_their_layer(path: Path) -> None:
    own = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    part = part_of(own)
    if part is None:
        assert own in {"reference_sw.__init__"}, f"{own} belongs to no layer"
        return
    for name in imports_of(path):
        allowed = (part, *ALLOWED[part])
        inside = any(name == a or name.startswith(a + ".") for a in allowed)
        assert inside or name in PACKAGES, f"{own} imports {name}"
        if part == "reference_sw.decoder":
            assert not name.startswith(DECODER_MAY_NOT), f"{own} imports {name}"


def test_a_breach_is_seen(tmp_path: Path) -> None:
    breach = tmp_path / "breach.py"
    breach.write_text("from reference_sw.encoder import presets\nimport ctc.card\n")
    assert imports_of(breach) == [
        "reference_sw.encoder",
        "reference_sw.encoder.presets",
        "ctc.card",
    ]
    assert part_of("reference_sw.decoder.motion") == "reference_sw.decoder"

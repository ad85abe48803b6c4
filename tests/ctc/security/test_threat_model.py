"""Every threat of docs/security.md has a test of its number, and every such test a threat."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
MODEL = HERE.parents[2] / "docs" / "security.md"


def test_each_threat_has_one_test_and_each_test_a_threat() -> None:
    threats = re.findall(r"^\| T(\d+) \|", MODEL.read_text(encoding="utf-8"), re.MULTILINE)
    tests = [
        name
        for path in sorted(HERE.glob("test_*.py"))
        for name in re.findall(
            r"^def test_t(\d\d)_", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert [int(number) for number in threats] == list(range(1, len(threats) + 1))
    assert sorted(int(number) for number in tests) == [int(number) for number in threats]

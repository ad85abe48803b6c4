"""LibreOffice as an independent spreadsheet: recalculates a workbook from nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def without_cached_values(source: Path, target: Path) -> int:
    """Copy a workbook with the stored result of every formula removed; return its formulas."""
    formulas = 0
    with zipfile.ZipFile(source) as book, zipfile.ZipFile(target, "w") as bare:
        for item in book.infolist():
            content = book.read(item)
            if item.filename.startswith("xl/worksheets/sheet"):
                text = re.sub(r"(</f>)<v>[^<]*</v>", r"\1", content.decode())
                formulas += text.count("</f>")
                content = text.encode()
            bare.writestr(item, content)
    return formulas


def recalculated(source: Path, folder: Path) -> Path:
    """Return the workbook as LibreOffice computes it, without any of our stored results."""
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(PROFILE)
    bare = folder / "bare.xlsx"
    assert without_cached_values(source, bare) > 0
    out = folder / "recalculated"
    arguments = [f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", "xlsx"]
    subprocess.run(
        [soffice, *arguments, "--outdir", str(out), str(bare)],
        check=True,
        capture_output=True,
        timeout=500,
    )
    return out / "bare.xlsx"

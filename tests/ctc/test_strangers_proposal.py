"""A proposal from outside: the tutorial's C program, a shell script, an installed package."""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ctc.results import Status
from ctc.results_reader import read_campaign
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import environment, write_conditions, write_sequences
from tests.ctc.zlib_codec import write_two, write_zlib_codec

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "your-own-codec.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def tutorial_blocks() -> list[tuple[str, str, str]]:
    """(language, file name or empty, text) of each block of the tutorial."""
    return [(m[1], m[2] or "", m[3]) for m in BLOCK.finditer(TUTORIAL.read_text())]


@pytest.fixture
def stranger(tmp_path: Path) -> SmallCampaign:
    """A machine with the harness, conditions on small sequences, and no codec of ours."""
    write_sequences(tmp_path, frames=12)
    return SmallCampaign(tmp_path, write_two(tmp_path))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_every_command_of_the_tutorial_works_as_written(stranger: SmallCampaign) -> None:
    """Only the name of the conditions is replaced: the demonstration takes minutes."""
    said: dict[str, str] = {}
    for language, name, text in tutorial_blocks():
        if name:
            (stranger.folder / name).write_text(text)
        if language != "sh":
            continue
        for line in text.splitlines():
            words = [str(stranger.conditions) if w == "demo" else w for w in shlex.split(line)]
            program = [sys.executable, "-m", "ctc"] if words[0] == "ctc" else [words[0]]
            done = subprocess.run(
                [*program, *words[1:]],
                cwd=stranger.folder,
                env=environment(stranger.folder),
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            assert done.returncode == 0, f"{line}: {done.stderr}{done.stdout}"
            said[line] = done.stdout
    points = read_campaign(stranger.folder / "reports" / "acme").configurations[0].points
    own = [p for p in points if p.card == "acme"]
    assert len(own) == 8 and all(p.status is Status.DONE for p in own)
    for sequence in ("alpha", "beta"):
        source = (stranger.folder / f"{sequence}.yuv").read_bytes()
        for point in (p for p in own if p.sequence == sequence):
            step = int(point.rate_point)
            pictures = bytes(min(255, (v + step // 2) // step * step) for v in source)
            assert point.decoded_sha256 == hashlib.sha256(pictures).hexdigest()
    assert "pictures: 8 identical" in said["ctc crosscheck acme.zip --codec acme.yaml"]
    assert "acme   Overall" in said["ctc compare reports/acme --sequences"]


@pytest.mark.slow
def test_a_shell_script_without_error_has_no_curve_and_says_so(stranger: SmallCampaign) -> None:
    if shutil.which("gzip") is None:
        pytest.skip("no gzip")
    for name, text in (
        ("pack", 'exec gzip -9nc "$1" > "$2"'),
        ("open", 'exec gzip -dc < "$1" > "$2"'),
    ):
        path = stranger.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    card = {
        "card": 1,
        "name": "archiver",
        "title": "gzip as a codec",
        "rate_points": {"name": "none", "values": ["lossless"]},
        "encoder": {"program": "./pack", "arguments": ["{source}", "{bitstream}"]},
        "decoder": {"program": "./open", "arguments": ["{bitstream}", "{decoded}"]},
    }
    (stranger.folder / "archiver.yaml").write_text(yaml.safe_dump(card))
    done = stranger.run("--codec", "archiver.yaml")
    assert done.returncode == 0, done.stderr + done.stdout
    compared = stranger.ctc("compare", "reports/small", "--sequences")
    assert compared.returncode == 1  # its mean is withheld
    assert "psnr-y: 12 pictures have no error (999.99 dB): no place on a curve" in compared.stdout
    point = read_campaign(stranger.reports).configurations[0].points[-1]
    assert point.card == "archiver" and point.metrics["psnr-y"].value == pytest.approx(999.99)


def install_package(stranger: SmallCampaign) -> tuple[Path, Path]:
    """Build a package with a codec, install it into a folder of its own, and remove its source.

    Returns that folder and where the codec's card was.
    """
    toml = next(text for language, _, text in tutorial_blocks() if language == "toml")
    source = stranger.folder / "package"
    cards = source / "acme_codec" / "cards"
    card = write_zlib_codec(cards, "acme", pad=10)
    (source / "acme_codec" / "__init__.py").write_text('raise SystemExit("listing runs no code")\n')
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "acme-codec"\nversion = "1.0"\n'
        f'[tool.setuptools]\npackages = ["acme_codec"]\n'
        f'[tool.setuptools.package-data]\nacme_codec = ["cards/*"]\n{toml}'
    )
    site = stranger.folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    installed = subprocess.run(
        [*pip, "--no-build-isolation", "--target", str(site), str(source)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "setuptools" in installed.stderr and installed.returncode:
        pytest.skip("no setuptools to build the package with")
    assert installed.returncode == 0, installed.stderr
    shutil.rmtree(source)
    return site, card


@pytest.mark.slow
def test_an_installed_package_brings_its_codec(stranger: SmallCampaign) -> None:
    """Really installed, into a folder of its own, with the entry point of the tutorial."""
    site, card = install_package(stranger)
    for program in ("acme-enc", "acme-dec"):
        (site / "acme_codec" / "cards" / program).chmod(0o755)  # wheels keep no modes of data
    env = environment(stranger.folder)
    env["PYTHONPATH"] = f"{env['PYTHONPATH']}:{site}"

    def ctc(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ctc", *arguments],
            cwd=stranger.folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    listed = ctc("codecs", "acme")
    assert listed.returncode == 0, listed.stderr
    assert "acme  found" in listed.stdout and card.stem == "acme"
    conditions = write_conditions(stranger.folder, stranger.folder / "large.yaml", ("acme",))
    done = ctc("run", str(conditions), "--name", "installed", "--jobs", "2", "--no-report")
    assert done.returncode == 0, done.stderr + done.stdout
    compared = ctc("compare", "reports/installed")
    assert compared.returncode == 0 and "acme   Overall" in compared.stdout

"""`ctc run --segments`: the same bytes, honest times, a plain refusal where they would differ."""

from __future__ import annotations

import hashlib
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from ctc.card import load_card
from ctc.segments import Segment, cut, refusal
from tests.anchors.moving_texture import moving_texture
from tests.ctc.conftest import SmallCampaign
from tests.ctc.null_codec import write_conditions, write_null_codec

ROOT = Path(__file__).parents[2]
STREAMS = ROOT / "tests" / "anchors" / "segments"
RULE = {"join": "vvc-random-access", "multiple": 32, "skip": "--FrameSkip={first_frame}"}
# Answers as VTM did when the streams were recorded, and uses a little of the processor.
REPLAY = """#!{python}
import sys, time
if sys.argv[1:] == ["--version"]:
    print("replay 1.0")
    sys.exit()
frames, bitstream, *skip = sys.argv[1:]
name = {{"0-33": "first", "32-33": "second", "0-65": "whole"}}
first = skip[0].partition("=")[2] if skip else "0"
end = time.process_time() + 0.2
while time.process_time() < end:
    pass
open(bitstream, "wb").write(open(f"{streams}/{{name[f'{{first}}-{{frames}}']}}.vvc", "rb").read())
"""
GREY = """#!{python}
import sys
open(sys.argv[2], "wb").write(bytes([128]) * (65 * 32 * 32 * 3 // 2))
"""


def write_replay(folder: Path, **changes: Any) -> Path:
    for name, text in (("enc", REPLAY), ("dec", GREY)):
        program = folder / f"replay-{name}"
        program.write_text(text.format(python=sys.executable, streams=STREAMS))
        program.chmod(0o755)
    card = {
        "card": 1,
        "name": "replay",
        "title": "Recorded streams",
        "rate_points": {"name": "QP", "values": [47]},
        "encoder": {"program": "./replay-enc", "arguments": ["{frames}", "{bitstream}"]},
        "decoder": {"program": "./replay-dec", "arguments": ["{bitstream}", "{decoded}"]},
        "version": {"arguments": ["--version"], "pattern": "replay ([0-9.]+)", "pinned": "1.0"},
        "segments": RULE,
        **changes,
    }
    path = folder / "replay.yaml"
    path.write_text(yaml.safe_dump(card))
    return path


def campaign(folder: Path, **changes: Any) -> SmallCampaign:
    folder.mkdir(exist_ok=True)
    data = moving_texture(65)
    (folder / "alpha.yuv").write_bytes(data)
    same = {"width": 32, "height": 32, "bit_depth": 8, "chroma_format": "4:2:0"}
    entry = {"file": "{name}.yuv", "frame_rate": "30", **same, "licence": "public domain"}
    listed = {"alpha": {"md5": hashlib.md5(data).hexdigest(), "frames": 65}}
    test = {"title": "made", "all": {**entry, "obtain": "make it"}, "sequences": listed}
    (folder / "sequences.yaml").write_text(
        yaml.safe_dump({"sequences": 1, "classes": {"TEST": test}})
    )
    cards = (write_replay(folder, **changes), write_null_codec(folder, rates=(2,)))
    return SmallCampaign(folder, write_conditions(folder, cards[0], (str(cards[1]),)))


def encode_record(small: SmallCampaign) -> dict[str, Any]:
    records = [json.loads(p.read_text()) for p in (small.reports / "records").rglob("*.json")]
    (found,) = [r for r in records if r["stage"] == "encode" and "replay" in r["where"]["version"]]
    return dict(found)


def test_the_same_key_and_bytes_and_the_time_of_all_segments(tmp_path: Path) -> None:
    serial, parallel = campaign(tmp_path / "serial"), campaign(tmp_path / "parallel")
    assert serial.run("--codec", str(serial.folder / "null.yaml")).returncode == 0
    ran = parallel.run("--segments", "2")
    assert ran.returncode == 0, ran.stderr
    assert "codec null: not in segments: no way of joining its segments is known" in ran.stderr
    assert "codec replay" not in ran.stderr
    one, two = encode_record(serial), encode_record(parallel)
    assert one["output"] == two["output"]
    assert (
        one["output"]["sha256"] == hashlib.sha256((STREAMS / "whole.vvc").read_bytes()).hexdigest()
    )
    assert one["inputs"]["arguments"] == two["inputs"]["arguments"]
    assert "segments" not in one["command"]
    detail = two["command"]["segments"]
    assert detail["at_once"] == 2
    assert detail["pictures"] == [[0, 33], [32, 33]]
    assert two["cost"]["cpu_s"] == pytest.approx(sum(detail["cpu_s"]))
    assert min(detail["cpu_s"]) > 0.15
    assert two["cost"]["wall_s"] > 0.4  # of both; the run itself may have taken less
    assert len([name for name in two["logs"] if "-segment-" in name]) == 4


def test_a_segment_that_fails_is_named(tmp_path: Path) -> None:
    small = campaign(tmp_path)
    program = small.folder / "replay-enc"
    program.write_text(program.read_text().replace('"32-33": "second", ', ""))
    ran = small.run("--segments", "2", "--no-report")
    assert ran.returncode == 1
    assert "segment 1 (pictures 32 to 64): encoder: exit code 1: KeyError: '32-33'" in ran.stdout


def test_segments_that_do_not_join_are_no_result(tmp_path: Path) -> None:
    small = campaign(tmp_path)
    program = small.folder / "replay-enc"
    program.write_text(program.read_text().replace('"32-33": "second"', '"32-33": "first"'))
    ran = small.run("--segments", "2", "--no-report")
    assert ran.returncode == 1
    assert "segments cannot be joined: segment 1: " in ran.stdout
    assert "run the stage without --segments" in ran.stdout


def test_a_campaign_without_any_is_refused_in_one_line(tmp_path: Path) -> None:
    small = campaign(tmp_path, segments=None)
    ran = small.run("--segments", "2")
    assert ran.returncode == 2
    assert ran.stderr.startswith(
        "ctc: --segments: codec replay: not in segments: no way of joining"
    )
    assert len(ran.stderr.splitlines()) == 1
    assert not small.reports.exists()


def test_another_version_is_refused(tmp_path: Path) -> None:
    card = load_card(write_replay(tmp_path))
    assert refusal(card, "1.0") == ""
    assert "with version 1.0, not 1.1" in refusal(card, "1.1")
    assert "more than one group of pictures" in refusal(card, "1.0", Fraction(60))


@pytest.mark.parametrize(
    ("frames", "parts"),
    [
        (1, [(0, 1)]),
        (33, [(0, 33)]),
        (65, [(0, 33), (32, 33)]),
        (66, [(0, 66)]),
        (134, [(0, 33), (32, 102)]),
        (161, [(0, 33), (32, 33), (64, 33), (96, 33), (128, 33)]),
    ],
)
def test_where_the_cuts_are(tmp_path: Path, frames: int, parts: list[tuple[int, int]]) -> None:
    card = load_card(write_replay(tmp_path))
    found = cut(card, "1.0", frames, Fraction(30), 4)
    assert found.parts == tuple(Segment(*part) for part in parts)
    assert found.at_once == min(4, len(parts))


@pytest.mark.parametrize("name", sorted(p.stem for p in (ROOT / "anchors").glob("*.yaml")))
def test_only_vtm_random_access_is_coded_in_segments(name: str) -> None:
    assert (load_card(ROOT / "anchors" / f"{name}.yaml").segments is not None) == (name == "vtm-ra")

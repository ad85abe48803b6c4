"""A finished campaign without running it: records and bitstreams written as stages write them.

For tests and benchmarks of size. Keys, records and files are those of the product; the figures are
made up, and the sequences are described without being there, since nothing of them is read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from ctc.atomic_file import write_atomic
from ctc.campaign_folder import note_reported, open_folder
from ctc.campaign_lock import Selection
from ctc.plan import Plan, plan_campaign
from ctc.record import Output, Record
from ctc.record_folder import RecordFolder
from ctc.registry import find_conditions
from ctc.stage_inputs import Point, StageInputs
from ctc.store import Store
from tests.ctc.null_codec import write_conditions, write_null_codec

METRICS = (
    "psnr-y",
    "psnr-u",
    "psnr-v",
    "psnr-yuv-611",
    "apsnr-y",
    "fsim-y",
    "gmsd-y",
    "haarpsi-y",
)
RATES = (22, 27, 32, 37)
COST = {"wall_s": 812.4, "cpu_s": 811.9, "peak_rss_mib": 1460.0, "concurrent_jobs": 2}
WHERE = {"host": "node-17", "cpu": "AMD EPYC 9965 192-Core Processor", "ctc": "0.1.0"}
NAME = "finished"


@dataclass(frozen=True)
class Shape:
    """Size of a campaign: sequences x codecs x versions x 4 rate points x (2 + metrics) stages."""

    sequences: int = 2
    codecs: int = 2
    versions: int = 1
    metrics: int = 2
    pictures: int = 125

    @property
    def stages(self) -> int:
        """How many stages there are in all."""
        return self.points * (2 + self.metrics)

    @property
    def points(self) -> int:
        """How many points there are, each with a bitstream."""
        return self.sequences * self.codecs * self.versions * len(RATES)


def write_inputs(folder: Path, shape: Shape) -> Path:
    """Write sequences.yaml, cards and conditions; return the path of the conditions."""
    cards = [
        write_null_codec(folder, f"codec{c}-v{v}", fault=f"codec {c} version {v}", rates=RATES)
        for c in range(shape.codecs)
        for v in range(1, 1 + shape.versions)
    ]
    _write_sequences(folder, shape)
    path = write_conditions(folder, cards[0], tuple(str(card) for card in cards[1:]))
    conditions = yaml.safe_load(path.read_text())
    conditions["configurations"][0]["metrics"] = list(METRICS[: shape.metrics])
    path.write_text(yaml.safe_dump(conditions, sort_keys=False))
    return path


def _write_sequences(folder: Path, shape: Shape) -> None:
    entries = {}
    for number in range(shape.sequences):
        name = f"sequence{number:02d}"
        entries[name] = {"md5": hashlib.md5(name.encode()).hexdigest(), "frames": shape.pictures}
    common = {
        "file": "{name}.yuv",
        "width": 1920,
        "height": 1080,
        "frame_rate": "50",
        "bit_depth": 10,
        "chroma_format": "4:2:0",
        "licence": "public domain",
        "obtain": "it exists in name alone",
    }
    classes = {"TEST": {"title": "described alone", "all": common, "sequences": entries}}
    document = {"sequences": 1, "classes": classes}
    (folder / "sequences.yaml").write_text(yaml.safe_dump(document, sort_keys=False))


def plan_of(folder: Path, conditions: Path) -> Plan:
    """Plan the campaign; sequences.yaml is found from the current directory."""
    before = Path.cwd()
    try:
        os.chdir(folder)
        loaded, found = find_conditions(str(conditions))
        return plan_campaign(loaded, found, Selection(), NAME)
    finally:
        os.chdir(before)


def finish_campaign(folder: Path, shape: Shape = Shape(), store: Store | None = None) -> Plan:
    """Write a campaign of which every stage has a record, in folder/finished; return its plan.

    store: also given the records, and every bitstream.
    """
    plan = plan_of(folder, write_inputs(folder, shape))
    campaign = folder / NAME
    open_folder(campaign, plan)
    records = RecordFolder(campaign / "records", lambda line: None)
    for record, content in finished_stages(plan, shape.pictures):
        records.write(record, durable=False)
        if store is not None:
            _share(record, content, records.path(record.key), store)
    note_reported(campaign)
    return plan


def _share(record: Record, content: bytes, written: Path, store: Store) -> None:
    """Place a record in the store, as a link since that is quick, and a bitstream."""
    path = store.records.path(record.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(written, path)
    if content and record.output is not None:
        path = store.artefact_path(record.output.sha256)
        write_atomic(path, content, durable=False)
        path.chmod(0o444)


def finished_stages(plan: Plan, pictures: int) -> Iterator[tuple[Record, bytes]]:
    """Yield the record of every stage, and the bitstream of those that encode."""
    inputs = StageInputs(plan.lock)
    for point in inputs.points():
        yield from _finished_point(inputs, point, pictures)


def _finished_point(
    inputs: StageInputs, point: Point, pictures: int
) -> Iterator[tuple[Record, bytes]]:
    content = (point.name.encode() + b"\n") * 16
    bitstream = Output(len(content), hashlib.sha256(content).hexdigest())
    decoded = Output(pictures * 6_220_800, hashlib.sha256(content[1:]).hexdigest())
    finished = "2026-11-22T12:00:00+00:00"
    encode = inputs.encode(point)
    record = Record(encode.key, "encode", "done", encode.inputs, cost=COST, finished=finished)
    where = {**WHERE, "version": f"{point.card} 1.0"}
    logs = (f"{encode.key}.out", f"{encode.key}.err")
    command = {"argv": ["encoder", *encode.inputs["arguments"]], "exit_code": 0, "signal": None}
    record = replace(record, where=where, logs=logs, command=command)
    yield replace(record, output=bitstream), content
    decode = inputs.decode(point, bitstream.sha256)
    record = replace(record, key=decode.key, stage="decode", inputs=decode.inputs, output=decoded)
    yield replace(record, components={"bitstream": bitstream.bytes}), b""
    for place, metric in enumerate(inputs.metrics(point)):
        keyed = inputs.measure(point, metric, decoded.sha256)
        figures = [30.0 + place + i / 7 for i in range(pictures)]
        scores = {"value": sum(figures) / pictures, "reason": "", "pictures": figures}
        measured = replace(record, key=keyed.key, stage="measure", inputs=keyed.inputs)
        yield replace(measured, output=None, components={}, scores=scores), b""

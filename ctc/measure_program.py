"""The measuring process: reads one job, writes a record as soon as each metric is known.

Started by ctc.measure_stage as `python -m ctc.measure_program JOB.json`.
"""

from __future__ import annotations

import json
import math
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from ctc.errors import CtcError, MetricError
from ctc.keys import Keyed
from ctc.log_check import check_psnr
from ctc.measure_stage import REFUSED, UNDER_WAY
from ctc.metrics import Metric, Scores, VideoFile, measure_all, metric_by_name
from ctc.metrics.per_picture import PictureMetric
from ctc.sources import restored
from ctc.stage import Place, open_store, write_record
from ctc.stage_record import new_record
from reference_sw.video.format import ChromaFormat, ColourModel, Matrix, VideoFormat


def main(arguments: list[str]) -> int:
    """Measure what the job lists; return 1 after a one-line error."""
    try:
        measure_job(json.loads(Path(arguments[0]).read_bytes()))
    except (CtcError, OSError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


def measure_job(job: dict[str, Any]) -> None:
    """Measure what the job lists and write the records.

    A metric that refuses has its reason in refused.json; the others are measured all the same.

    Raises:
        CtcError: a decoded file that is not what it should be, a record that cannot be written.
    """
    folder = Path(job["decoded"][0]).parent
    original_format = _format(job["original_format"])
    original = VideoFile(Path(job["original"]), original_format, job["frames"])
    decoded_format = _format(job["decoded_format"])
    decoded = [
        restored(
            VideoFile(Path(path), decoded_format, job["frames"]),
            job["decoded_format"]["container"],
            original_format,
            folder / "restored",
        )
        for path in job["decoded"]
    ]
    for metrics in _batches(job, folder):
        _measure(job, metrics, original, decoded)
    (folder / UNDER_WAY).unlink(missing_ok=True)


def _measure(
    job: dict[str, Any], metrics: dict[str, Metric], original: VideoFile, decoded: list[VideoFile]
) -> None:
    """Measure metrics together; where that fails, one by one, to leave out the culprit alone."""
    folder = Path(job["decoded"][0]).parent
    (folder / UNDER_WAY).write_text(json.dumps(list(metrics)), encoding="utf-8")
    before = _spent()
    try:
        scores = measure_all(list(metrics.values()), original, decoded)
    except MetricError as problem:
        if len(metrics) == 1:
            _refuse(folder, next(iter(metrics)), problem)
            return
        for name, metric in metrics.items():
            _measure(job, {name: metric}, original, decoded)
        return
    spent = {
        name: round(now - then, 6)
        for (name, then), now in zip(before.items(), _spent().values(), strict=True)
    }
    spent["shared_by"] = len(metrics) * len(decoded)
    spent["peak_rss_mib"] = _peak_rss_mib()
    spent["concurrent_jobs"] = job["jobs"]
    _write(job, dict(zip(metrics, scores, strict=True)), spent)


def _refuse(folder: Path, name: str, problem: MetricError) -> None:
    """Add a metric's reason to those that the measure stage turns into failed records."""
    path = folder / REFUSED
    known = json.loads(path.read_bytes()) if path.exists() else {}
    path.write_text(json.dumps({**known, name: str(problem)}), encoding="utf-8")


def _batches(job: dict[str, Any], folder: Path) -> Iterator[dict[str, Metric]]:
    """Metrics measured in one pass over the pictures together, the others one by one."""
    metrics: dict[str, Metric] = {}
    for name in dict.fromkeys(m["metric"] for m in job["measurements"]):
        try:
            metrics[name] = _metric(name, job)
        except MetricError as problem:
            _refuse(folder, name, problem)
    together: dict[str, Metric] = {n: m for n, m in metrics.items() if isinstance(m, PictureMetric)}
    if job["alone"]:
        together = {}
    if together:
        yield together
    yield from ({n: m} for n, m in metrics.items() if n not in together)


def _metric(name: str, job: dict[str, Any]) -> Metric:
    metric = metric_by_name(name)
    planned = next(m["inputs"]["metric"] for m in job["measurements"] if m["metric"] == name)
    if metric.signature() != planned:
        raise MetricError(f"metric {name} is {metric.signature()} here; planned was {planned}")
    return metric


def _write(
    job: dict[str, Any], scores: dict[str, list[Scores]], spent: dict[str, float | int]
) -> None:
    place = Place(Path(job["store"]), Path(job["campaign"]), job["ctc"], jobs=job["jobs"])
    store = open_store(place.store)
    for measurement in job["measurements"]:
        if measurement["metric"] not in scores:
            continue
        keyed = Keyed(measurement["key"], measurement["inputs"])
        figures = scores[measurement["metric"]][measurement["decoded"]]
        record = new_record("measure", keyed, job["codec"], job["ctc"])
        index, plain = measurement["decoded"], _plain(figures)
        check = check_psnr(measurement["metric"], plain["value"], job["log_psnr"][index])
        logs = (f"{job['log']}.out", f"{job['log']}.err")
        record = replace(record, scores=plain, cost=spent, log_check=check, logs=logs)
        write_record(record, place, store)
        with (Path(job["decoded"][0]).parent / "written.txt").open("a", encoding="ascii") as file:
            file.write(keyed.key + "\n")


def _plain(figures: Scores) -> dict[str, Any]:
    """Return scores as records hold them; what is not finite is absent, with a reason."""
    value = figures.sequence
    reason = figures.reason
    if value is not None and not math.isfinite(value):
        value, reason = None, reason or f"the figure is {value}"
    pictures = [p if p is not None and math.isfinite(p) else None for p in figures.pictures]
    plain = {"value": value, "reason": reason, "pictures": pictures}
    return plain | ({"features": figures.features} if figures.features else {})


def _format(described: dict[str, Any]) -> VideoFormat:
    return VideoFormat(
        described["width"],
        described["height"],
        Fraction(described["frame_rate"]),
        described["bit_depth"],
        ChromaFormat(described["chroma_format"]),
        ColourModel(described["colour"]),
        Matrix(described["matrix"]),
        described["full_range"],
    )


def _spent() -> dict[str, float]:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    return {"wall_s": time.monotonic(), "cpu_s": cpu}


def _peak_rss_mib() -> float:
    peak = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return round(peak / (1 << (20 if sys.platform == "darwin" else 10)), 3)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

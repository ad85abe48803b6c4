"""The decode stage: a bitstream alone in a fresh folder in, checked pictures out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Literal

from ctc.atomic_file import write_atomic
from ctc.errors import StageError, StoreError
from ctc.keys import Keyed, file_sha256
from ctc.log_check import check_decoder_log
from ctc.program import Program
from ctc.record import Output, Record
from ctc.stage import Place, Task
from ctc.stage_bounds import card_bounds
from ctc.stage_program import ProgramRun, missing_output, run_program
from ctc.stage_record import new_record, one_line
from ctc.store import Store
from ctc.strict_json import load_json
from reference_sw.video.format import VideoFormat

MAX_COMPONENTS_TEXT = 1 << 20


@dataclass(frozen=True)
class DecodeTask(Task):
    """Decode one bitstream; twice when the codec's determinism is to be checked.

    expected: what an earlier decode gave, when its file is no longer in the store; still: keep one
    picture for the reports.
    """

    stage: ClassVar[str] = "decode"
    keyed: Keyed
    program: Program
    components: Program | None
    bitstream: Output
    output_format: VideoFormat
    container: Literal["raw", "y4m"]
    frames: int
    log: str | None
    twice: bool = False
    expected: Output | None = None
    still: bool = False

    @property
    def stages(self) -> tuple[Keyed, ...]:
        """The one stage."""
        return (self.keyed,)

    @property
    def _pictures_bytes(self) -> int:
        return self.output_format.bytes_per_picture * self.frames

    def perform(self, place: Place, store: Store, work: Path) -> list[Record]:
        """Run the decoder; its file is published only if it holds the expected pictures."""
        run, decoded = self._decode(place, store, work / "first", "")
        record = replace(new_record(self.stage, self.keyed, self.codec, place.ctc), **run.fields)
        reason = run.failure or missing_output("decoder", decoded)
        if reason:
            return [run.failed(record, reason)]
        reason = self._wrong_pictures(decoded)
        check = check_decoder_log(self.log, run.logs[0], self.frames)
        if reason:
            return [replace(record, status="failed", reason=reason, log_check=check)]
        if check.get("mismatched"):
            reason = f"decoder: picture hash differs in {check['mismatched']} pictures"
            return [replace(record, status="mismatch", reason=reason, log_check=check)]
        if self.twice:
            reason = self._differs(place, store, work / "second", decoded)
            if reason:
                return [replace(record, status="mismatch", reason=reason, log_check=check)]
        parts = self._component_bytes(place, store, work / "components")
        kept = self._pictures_kept(place, store, decoded)
        record = replace(record, logs=(*record.logs, *kept))
        output = store.put(decoded, durable=False)
        if self.expected is not None and output != self.expected:
            reason = "decoded again, other pictures than before: the decoder is not deterministic"
            return [replace(record, status="mismatch", reason=reason, log_check=check)]
        known = None if self.expected is None else store.records.read(self.keyed.key)
        if known is not None and known.output == output:
            return [known]  # it stands, with what the first decode took
        return [replace(record, output=output, components=parts, log_check=check)]

    def _decode(
        self, place: Place, store: Store, folder: Path, suffix: str
    ) -> tuple[ProgramRun, Path]:
        """Run the decoder in a folder that holds a copy of the bitstream and nothing else."""
        run_folder = folder / "run"
        run_folder.mkdir(parents=True)
        bitstream = run_folder / "bitstream.bin"
        decoded = run_folder / ("decoded.y4m" if self.container == "y4m" else "decoded.yuv")
        store.get(self.bitstream, bitstream, private=True)
        values = {"bitstream": str(bitstream), "decoded": str(decoded), "work": str(run_folder)}
        bounds = card_bounds(place, self.program, folder, self._pictures_bytes)
        run = run_program(self, "decoder", place, self.program, values, folder, suffix, bounds)
        return run, decoded

    def _pictures_kept(self, place: Place, store: Store, decoded: Path) -> list[str]:
        """Write the md5 of each picture, and perhaps one picture, to the logs of the store, and of
        the campaign if it can be written; return the names of the logs."""
        from ctc.metrics.base import VideoFile
        from ctc.picture_md5 import picture_md5_name, picture_md5_text
        from ctc.png_file import png_file
        from ctc.still_picture import still_name
        from ctc.still_samples import still_samples

        key, video = self.keyed.key, VideoFile(decoded, self.output_format, self.frames)
        logs = {picture_md5_name(key): picture_md5_text(video, self.container)}
        if self.still:
            shown = still_samples(decoded, self.output_format, self.container, self.frames)
            if shown is not None:
                content = png_file(shown)
                logs[still_name(key, content)] = content
        work, half_written = decoded.parent, place.records.half_written
        for name, text in logs.items():
            write_atomic(store.logs(key)[0].parent / name, text, temporaries=work)
            with suppress(StoreError):
                write_atomic(place.logs / name, text, temporaries=half_written)
        return list(logs)

    def _wrong_pictures(self, decoded: Path) -> str:
        """Why the file is not the expected pictures; empty when it is."""
        from ctc.metrics.base import VideoFile
        from ctc.sources import open_video
        from reference_sw.video.format import VideoFormatError

        if self.container == "raw":
            size, picture = decoded.stat().st_size, self.output_format.bytes_per_picture
            if size == self.frames * picture:
                return ""
            return f"decoded {_number(Fraction(size, picture))} pictures, expected {self.frames}"
        try:
            open_video(VideoFile(decoded, self.output_format, self.frames), self.container)
        except (VideoFormatError, OSError) as problem:
            return f"decoder: {one_line(str(problem))}"
        return ""

    def _differs(self, place: Place, store: Store, folder: Path, first: Path) -> str:
        """Why a second decode is not the same file; empty when it is."""
        run, second = self._decode(place, store, folder, ".second")
        reason = run.failure or missing_output("decoder", second)
        if reason:
            return f"second decode: {reason}"
        if file_sha256(first) == file_sha256(second):
            return ""
        return "two decodes of one bitstream differ: the decoder is not deterministic"

    def _component_bytes(self, place: Place, store: Store, folder: Path) -> dict[str, int]:
        """Return the bitstream's bytes by component.

        Raises:
            StageError: the card's program failed, or its figures do not add up to the file.
        """
        if self.components is None:
            return {"bitstream": self.bitstream.bytes}
        run_folder = folder / "run"
        run_folder.mkdir(parents=True)
        bitstream = run_folder / "bitstream.bin"
        store.get(self.bitstream, bitstream, private=True)
        values = {"bitstream": str(bitstream), "work": str(run_folder)}
        bounds = card_bounds(place, self.components, folder, self._pictures_bytes)
        name = ".components"
        run = run_program(self, "components", place, self.components, values, folder, name, bounds)
        if run.failure:
            raise StageError(run.failure)
        return parse_components(run.logs[0], self.bitstream.bytes)


def parse_components(printed: Path, size: int) -> dict[str, int]:
    """Return bytes by component from what a card's program printed.

    Raises:
        StageError: not a JSON object of byte counts whose sum is the file's size.
    """
    text = printed.read_bytes()[:MAX_COMPONENTS_TEXT]
    try:
        values: Any = load_json(text)
    except ValueError as problem:
        raise StageError(f"components: what was printed is not JSON: {problem}") from problem
    if not isinstance(values, dict) or not values:
        raise StageError("components: what was printed is not a JSON object of bytes by name")
    for name, count in values.items():
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise StageError(f"components: {name} = {count!r}: shall be a whole number of bytes")
    if sum(values.values()) != size:
        raise StageError(f"components: sum {sum(values.values())}, the file has {size} bytes")
    return values


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.2f}"

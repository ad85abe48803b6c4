"""Key pictures by VTM, the reference encoder of VVC: a program from outside, given by its path."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from reference_sw.encoder.errors import EncodingError
from reference_sw.video.format import VideoFormat

TIMEOUT_S = 600


@dataclass(frozen=True)
class VtmProgram:
    """EncoderAppStatic and its intra configuration (encoder_intra_vtm.cfg)."""

    program: Path
    config: Path

    def encode(self, source: Path, target: Path, video: VideoFormat, qp: int) -> None:
        """Code the one picture of a raw 4:2:0 file; raises EncodingError."""
        options = {
            "-c": self.config,
            "-i": source,
            "-b": target,
            "-wdt": video.width,
            "-hgt": video.height,
            "-fr": 25,
            "-f": 1,
            "-q": qp,
        }
        arguments = [str(x) for pair in options.items() for x in pair]
        arguments += [f"--InputBitDepth={video.bit_depth}", "--Level=6.2"]
        arguments += ["--TemporalSubsampleRatio=1", "--SEIDecodedPictureHash=0", "-o", "/dev/null"]
        for path in (self.program, self.config):
            if not path.is_file():
                raise EncodingError(f"{path}: no such file")
        try:
            done = subprocess.run(
                [str(self.program), *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as problem:
            raise EncodingError(f"{self.program}: not finished after {TIMEOUT_S} s") from problem
        except OSError as problem:
            raise EncodingError(f"{self.program}: {problem.strerror}") from problem
        if done.returncode:
            said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
            last = said[-1][:200] if said else "no message"
            raise EncodingError(f"{self.program}: exit code {done.returncode}: {last}")

"""What the bitstream programs share: reading input, one-line errors, exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from reference_sw.bitstream.errors import BitstreamError

EXIT_OK = 0
EXIT_BITSTREAM = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
MAX_FILE_BYTES = 1 << 31
EXIT_CODES = (
    "exit codes: 0 done; 1 the bitstream is damaged or not supported; 2 wrong arguments or files"
)


def read_input(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        OSError: it cannot be read, or is larger than 2 GiB.
    """
    if path.stat().st_size > MAX_FILE_BYTES:
        raise OSError(f"larger than {MAX_FILE_BYTES} bytes")
    return path.read_bytes()


def run_command(program: str, path: Path, run: Callable[[], int]) -> int:
    """Run a command on a file and return its exit code; errors become one line each."""
    try:
        return run()
    except BitstreamError as problem:
        print(f"{program}: {path}: {problem}", file=sys.stderr)
        return EXIT_BITSTREAM
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_OK
    except OSError as problem:
        where = problem.filename or path
        print(f"{program}: {where}: {problem.strerror or problem}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED

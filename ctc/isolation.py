"""How far a card's programs are kept from the rest of the machine, and what they may take of it.

Source: docs/security.md. What is decided here is done by ctc.confinement and ctc.stage_watch.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ctc.errors import CtcError
from ctc.process import Command, LauncherError, Supervisor
from ctc.program import Program
from ctc.sequence_folders import DATA_VARIABLE, ctc_home, search_folders

LEVELS = ("auto", "none", "network", "full")
LEVEL_VARIABLE = "CTC_ISOLATE"
READABLE_VARIABLE, WRITABLE_VARIABLE = "CTC_READABLE", "CTC_WRITABLE"
PATH_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")
OWN_TEMPORARY = "/tmp"  # of the program's own view
CACHE_VARIABLES = ("XDG_CACHE_HOME", "NUMBA_CACHE_DIR")
ROOT = Path(__file__).resolve().parents[1]
MIB, GIB = 1 << 20, 1 << 30
_probing = threading.Lock()


class IsolationError(CtcError):
    """A level that is not known, or that this machine does not offer."""


@dataclass(frozen=True)
class Isolation:
    """What was asked for; level: one of LEVELS; readable, writable: further paths to be seen."""

    level: str = "auto"
    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What a stage's programs may take; None is no limit, disk_bytes None is by the pictures.

    The disk limit counts all files of a program together, messages what it prints.
    """

    disk_bytes: int | None = None
    memory_bytes: int | None = None
    cpu_s: float | None = None
    processes: int = 512
    files: int = 100_000
    depth: int = 64
    log_bytes: int = 64 * MIB

    def watched(self, pictures_bytes: int) -> dict[str, float]:
        """Return the limits of ctc.stage_watch; pictures_bytes: of the raw pictures in or out."""
        disk = self.disk_bytes or 4 * GIB + 16 * pictures_bytes
        limits = {
            "disk_bytes": disk,
            "files": self.files,
            "depth": self.depth,
            "log_bytes": self.log_bytes,
            "processes": self.processes,
            "memory_bytes": self.memory_bytes,
            "cpu_s": self.cpu_s,
        }
        return {name: limit for name, limit in limits.items() if limit is not None}


def kernel_limits(watched: Mapping[str, float]) -> dict[str, int]:
    """Return what the kernel is to limit by itself, for each file and process alone."""
    limits = {"RLIMIT_FSIZE": int(watched["disk_bytes"])}
    if "memory_bytes" in watched:
        limits["RLIMIT_DATA"] = int(watched["memory_bytes"])
    if "cpu_s" in watched:
        limits["RLIMIT_CPU"] = int(watched["cpu_s"]) + 2  # the watch is first, and says why
    return limits


def default_isolation() -> Isolation:
    """Return what the environment asks for."""
    level = os.environ.get(LEVEL_VARIABLE) or "auto"
    return Isolation(level, _listed(READABLE_VARIABLE), _listed(WRITABLE_VARIABLE))


def isolation_from(
    level: str | None = None, readable: Iterable[str] = (), writable: Iterable[str] = ()
) -> Isolation:
    """Return what the command line asks for, and the environment where that is silent.

    Raises:
        IsolationError: no such level or path, or a level that this machine does not offer.
    """
    default = default_isolation()
    named = [_absolute(path) for path in readable], [_absolute(path) for path in writable]
    asked = Isolation(
        level or default.level, (*default.readable, *named[0]), (*default.writable, *named[1])
    )
    if asked.level not in LEVELS:
        raise IsolationError(f"isolation '{asked.level}': shall be one of {', '.join(LEVELS)}")
    absent = next((path for path in named[0] + named[1] if not path.exists()), None)
    if absent is not None:
        raise IsolationError(f"{absent}: named as readable or writable, and does not exist")
    effective_level(asked.level)
    return asked


def _listed(variable: str) -> tuple[Path, ...]:
    parts = os.environ.get(variable, "").split(os.pathsep)
    return tuple(_absolute(part) for part in parts if part)


def _absolute(path: str) -> Path:
    return Path(path).expanduser().absolute()


def effective_level(level: str) -> str:
    """Return none, network or full; auto is the strongest that this machine offers.

    Raises:
        IsolationError: the level asked for is not offered here.
    """
    if level == "none":
        return level
    if level == "auto":
        return next((one for one in ("full", "network") if not missing(one)), "none")
    if reason := missing(level):
        raise IsolationError(f"isolation '{level}' is not offered by this machine: {reason}")
    return level


def missing(level: str) -> str:
    """Return why this machine does not offer a level; empty when it does. Tried once, really."""
    with _probing:
        return _missing(level)


@lru_cache(maxsize=4)
def _missing(level: str) -> str:
    if not sys.platform.startswith("linux"):
        return "it is not Linux"
    program = Program(Path(sys.executable), (), {}, "")
    try:
        with tempfile.TemporaryDirectory(prefix="ctc-") as folder:
            work = Path(folder)
            (work / "run").mkdir()
            confine = confinement(level, program, work)
            argv = (str(program.path), "-I", "-S", "-c", "")
            logs = work / "out", work / "err"
            command = Command(argv, work / "run", *logs, {}, 30.0, confine=confine)
            result = Supervisor().run(command)
    except (OSError, LauncherError) as problem:
        return str(problem)
    return result.error or result.failure


def confinement(
    level: str,
    program: Program,
    work: Path,
    inputs: Iterable[Path] = (),
    hidden: Iterable[Path] = (),
    isolation: Isolation | None = None,
) -> dict[str, Any] | None:
    """Return what ctc.confinement is to do; makes the folders `root` and `tmp` in `work`.

    work: its folder `run` is what the program may write; inputs: files that it is given; hidden:
    folders that it shall not see even where they lie in one that it does.
    """
    if level == "none":
        return None
    if level == "network":
        return {"view": None}
    for name in ("root", "tmp"):
        (work / name).mkdir(exist_ok=True)
    rules = _View([*hidden, *_secret_folders()])
    rules.read(_program_paths(program))
    rules.files([*inputs, *program.files.values(), program.path])
    asked = isolation or Isolation()
    rules.add(asked.readable, "read")
    rules.add([work / "run", *asked.writable, *_own_caches(program)], "write")
    view = {"root": str(work / "root"), "temporary": str(work / "tmp"), "paths": rules.paths()}
    return {"view": view}


def confined_environment(level: str, program: Program, environment: dict[str, str]) -> None:
    """Change a program's environment to what its view holds: no home folder of the user's."""
    if level == "full":
        environment["HOME"] = OWN_TEMPORARY
        for name in CACHE_VARIABLES:
            if name not in program.environment and not (program.trusted and name in environment):
                environment.pop(name, None)


class _View:
    """Rules by path: what is shown, and what is hidden in it."""

    def __init__(self, hidden: Iterable[Path]) -> None:
        self._rules: dict[str, str] = {}
        self._hidden = [form for path in hidden for form in _forms(path)]
        self.add(self._hidden, "hide")

    def add(self, paths: Iterable[Path], rule: str) -> None:
        """Set the rule of paths, under the name given and the one behind links."""
        for path in paths:
            for form in _forms(path):
                if form != Path("/") and (rule == "hide" or form.exists()):
                    self._rules[str(form)] = rule

    def read(self, folders: Iterable[Path]) -> None:
        """Show folders, but none that is hidden or that lies in a hidden one."""
        for folder in folders:
            if not any(form.is_relative_to(h) for form in _forms(folder) for h in self._hidden):
                self.add([folder], "read")

    def files(self, files: Iterable[Path]) -> None:
        """Show files wherever they are."""
        self.add(files, "read")

    def paths(self) -> list[list[str]]:
        """Return [path, rule], a folder before what is in it."""
        return [[path, self._rules[path]] for path in sorted(self._rules, key=_depth)]


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _forms(path: Path) -> tuple[Path, ...]:
    absolute = path.absolute()
    return tuple(dict.fromkeys([absolute, Path(os.path.realpath(absolute))]))


def _secret_folders() -> list[Path]:
    """Folders that hold originals, or what was made of them."""
    folders = [*search_folders(), ctc_home(), ROOT / "reports"]
    if data := os.environ.get(DATA_VARIABLE):
        folders.append(Path(data).expanduser())
    return folders


def _program_paths(program: Program) -> list[Path]:
    """What a program may need: its folder, this interpreter's, those that variables name."""
    own = program.path.resolve().parent
    folders = [own, program.path.parent, Path(sys.prefix), Path(sys.base_prefix)]
    folders += [own.parent] if own.name == "bin" else []
    variables = {name: os.environ.get(name, "") for name in PATH_VARIABLES}
    for value in (*variables.values(), program.environment.get("PYTHONPATH", "")):
        folders += [Path(part) for part in value.split(os.pathsep) if part.startswith("/")]
    return folders + list(program.modules)


def _own_caches(program: Program) -> list[Path]:
    """Where the harness's own Python codecs keep what they compile: as trusted as the harness."""
    if not program.trusted:
        return []
    cache = os.environ.get("NUMBA_CACHE_DIR")
    own = [module for module in program.modules if module.resolve().is_relative_to(ROOT)]
    return [*own, *([Path(cache)] if cache else [])]

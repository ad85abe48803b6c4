"""From a card's program to the bytes that run: path, files, digest."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ctc.card import ProgramCard
from ctc.card_rules import check_file, check_file_name, check_program
from ctc.errors import CardError

_ROOT = Path(__file__).resolve().parents[1]
_OWN_CARDS = (_ROOT / "anchors", _ROOT / "reference_sw" / "cards")
FFMPEG_MODULE = "imageio_ffmpeg"
_SOURCE_SUFFIXES = frozenset([".py", ".yaml", ".json", ".safetensors", ".npz"])


@dataclass(frozen=True)
class Program:
    """A program that can be started.

    digest: sha256 over the program's bytes (for Python: its modules' source, the interpreter's
    version and torch's) and over its files, in the order of their names. modules: where those of
    a Python program are; trusted: the card came with the harness.
    """

    path: Path
    arguments: tuple[str, ...]
    files: dict[str, Path]
    digest: str
    environment: dict[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    modules: tuple[Path, ...] = ()
    trusted: bool = False

    def command(self, values: dict[str, str]) -> list[str]:
        """Return the argument list with placeholders filled from `values` and the own files."""
        known = {**{name: str(path) for name, path in self.files.items()}, **values}
        return [str(self.path), *(argument.format_map(known) for argument in self.arguments)]


def resolve_program(card_path: Path, card: ProgramCard) -> Program:
    """Return the program of a card as found on this machine.

    Raises:
        CardError: a program, module or file is absent; the message says what to set or install.
    """
    path = _find_program(card_path, card)
    files = {name: _find_file(card_path, card, value) for name, value in card.files.items()}
    digest = hashlib.sha256()
    environment = dict(card.environment)
    modules: list[Path] = []
    if card.program == "python":
        modules = [_module_place(card_path, module) for module in card.modules]
        digest.update(_python_digest(card_path, tuple(card.modules)).encode())
        environment.setdefault("PYTHONPATH", _python_path(modules))
        if FFMPEG_MODULE in card.modules:
            # The module's version does not tell the program that it installs, or CTC_FFMPEG names.
            ffmpeg = ffmpeg_path()
            digest.update(f"\nffmpeg {file_sha256(ffmpeg)}".encode())
            environment.setdefault("CTC_FFMPEG", str(ffmpeg))
    else:
        digest.update(file_sha256(path).encode())
    check_program(card_path, card, path)
    for name in sorted(files):
        digest.update(f"\n{name} {file_sha256(files[name])}".encode())
    return Program(
        path,
        tuple(card.arguments),
        files,
        digest.hexdigest(),
        environment,
        card.timeout_s,
        tuple(dict.fromkeys(modules)),
        card_path.resolve().parent in _OWN_CARDS,
    )


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal; remembered while size and time stay the same."""
    status = path.stat()
    return _sha256_of(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=1024)
def _sha256_of(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def ffmpeg_path() -> Path:
    """Return the ffmpeg program: `CTC_FFMPEG` if set, else the one imageio-ffmpeg installs."""
    chosen = os.environ.get("CTC_FFMPEG")
    if chosen:
        if not Path(chosen).is_file():
            raise CardError(f"CTC_FFMPEG={chosen}: no such file")
        return Path(chosen)
    import imageio_ffmpeg

    return Path(imageio_ffmpeg.get_ffmpeg_exe())


def _find_program(card_path: Path, card: ProgramCard) -> Path:
    if card.program == "ffmpeg":
        return ffmpeg_path()
    if card.program == "python":
        return Path(sys.executable)
    for candidate in _program_candidates(card_path, card):
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate.absolute()
    cure = f"set {card.variable} to its folder" if card.variable else "put it in PATH"
    raise CardError(f"{card_path.name}: program '{card.program}' is not found; {cure}")


def _program_candidates(card_path: Path, card: ProgramCard) -> Iterator[Path]:
    if "/" in card.program:
        yield card_path.parent / card.program
    folder = os.environ.get(card.variable, "") if card.variable else ""
    if folder:
        yield Path(folder)
        yield Path(folder) / card.program
        yield Path(folder) / "bin" / card.program
    found = shutil.which(card.program) if "/" not in card.program else None
    if found:
        yield Path(found)


def _find_file(card_path: Path, card: ProgramCard, value: str) -> Path:
    check_file_name(card_path, value)
    found = _file_path(card_path, value)
    check_file(card_path, value, found)
    return found


def _file_path(card_path: Path, value: str) -> Path:
    if not value.startswith("$"):
        path = card_path.parent / value
        if path.is_file():
            return path.absolute()
        raise CardError(f"{card_path.name}: file '{value}' is not beside the card")
    variable, _, rest = value[1:].partition("/")
    folder = os.environ.get(variable)
    if not folder:
        raise CardError(f"{card_path.name}: file '{value}': set {variable} to the folder it is in")
    for base in (Path(folder), Path(folder).parent):
        if (base / rest).is_file():
            return (base / rest).absolute()
    raise CardError(f"{card_path.name}: file '{rest}' is not under {variable}={folder}")


def _find_spec(card_path: Path, module: str) -> ModuleSpec:
    """Locate a module without importing the packages it is in: a card runs nobody's code."""
    top, *inner = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
        name = top
        for part in inner:
            name = f"{name}.{part}"
            folders = None if spec is None else spec.submodule_search_locations
            spec = PathFinder.find_spec(name, folders) if folders else None
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise CardError(f"{card_path.name}: Python module '{module}' is not installed")
    return spec


def _module_files(card_path: Path, module: str) -> list[tuple[str, Path]]:
    spec = _find_spec(card_path, module)
    if not spec.submodule_search_locations:
        return [(module, Path(str(spec.origin)))]
    folder = Path(next(iter(spec.submodule_search_locations)))
    files = sorted(p for p in folder.rglob("*") if p.suffix in _SOURCE_SUFFIXES and p.is_file())
    return [(f"{module}/{p.relative_to(folder)}", p) for p in files]


def _module_place(card_path: Path, module: str) -> Path:
    """The folder of a module's outermost package, or the file of a module in none."""
    spec = _find_spec(card_path, module.partition(".")[0])
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return Path(str(spec.origin))


def _python_digest(card_path: Path, modules: tuple[str, ...]) -> str:
    digest = hashlib.sha256(f"python {platform.python_version()}\n".encode())
    for package in ("torch", "numpy"):
        try:
            digest.update(f"{package} {version(package)}\n".encode())
        except PackageNotFoundError:
            digest.update(f"{package} absent\n".encode())
    for module in modules:
        for name, path in _module_files(card_path, module):
            digest.update(f"{name} {file_sha256(path)}\n".encode())
    return digest.hexdigest()


def _python_path(modules: list[Path]) -> str:
    """Folders from which the card's modules import, so that a private work folder finds them."""
    return os.pathsep.join(dict.fromkeys(str(module.parent) for module in modules))

"""Weights: found, verified, imported without unpickling, fetched over a cut connection."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from ctc import weights
from ctc.__main__ import main
from ctc.errors import MetricError
from ctc.measure_stage import _measuring_program
from ctc.metrics import metric_by_name
from ctc.process import program_environment
from ctc.weights import State, digest_of, find, load
from ctc.weights_fetch import fetch_weights
from ctc.weights_import import file_sha256, import_weights
from ctc.weights_sets import SETS, WeightsSet

DATA = Path(os.environ.get("GVC_DATA", "/nowhere"))


def tiny_set(tensors: dict[str, Any], **changes: Any) -> WeightsSet:
    entry = WeightsSet(
        "tiny", "Tiny", "MIT", "https://example.invalid/tiny.pth", prefix="features."
    )
    return replace(entry, digest=digest_of(tensors), **changes)


@pytest.fixture
def tensors() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {
        f"features.{i}.weight": rng.normal(size=(4, i + 1)).astype(np.float32) for i in range(2)
    }


@pytest.fixture(autouse=True)
def only_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tensors: dict[str, Any]
) -> Path:
    folder = tmp_path / "weights"
    monkeypatch.setenv("CTC_WEIGHTS", str(folder))
    monkeypatch.setenv("CTC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("GVC_DATA", raising=False)
    monkeypatch.setitem(SETS, "tiny", tiny_set(tensors))
    return folder


def checkpoint(path: Path, tensors: dict[str, Any]) -> Path:
    state: dict[str, Any] = {name: torch.from_numpy(value) for name, value in tensors.items()}
    state["classifier.weight"] = torch.zeros(2)
    state["features.1.num_batches_tracked"] = torch.tensor(5)
    torch.save(state, path)
    return path


def test_import_converts_verifies_and_is_found(tmp_path: Path, tensors: dict[str, Any]) -> None:
    assert find("tiny").state is State.MISSING
    written = import_weights(checkpoint(tmp_path / "tiny.pth", tensors))
    assert [path.name for path in written] == ["tiny.safetensors"]
    assert set(load_file(written[0])) == set(tensors)
    found = find("tiny")
    assert (found.state, found.path) == (State.PRESENT, written[0])
    assert found.digest == digest_of(tensors)
    for name, value in load("tiny").items():
        np.testing.assert_array_equal(value, tensors[name])


def test_the_digest_does_not_depend_on_the_container(
    tmp_path: Path, only_this_folder: Path, tensors: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SETS, "tiny", tiny_set(tensors, npz="both.npz"))
    only_this_folder.mkdir()
    np.savez(only_this_folder / "both.npz", lin0=np.zeros(3, np.float32), **tensors)
    assert find("tiny").digest == digest_of(tensors)
    assert digest_of(tensors) != digest_of({**tensors, "features.0.weight": np.zeros((4, 1))})


def test_other_tensors_are_refused_and_nothing_is_written(
    tmp_path: Path, only_this_folder: Path, tensors: dict[str, Any]
) -> None:
    changed = {name: value + 1e-3 for name, value in tensors.items()}
    path = checkpoint(tmp_path / "tiny.pth", changed)
    with pytest.raises(MetricError, match=r"tiny\.pth: digest [0-9a-f]{16}: shall be .* for tiny"):
        import_weights(path, "tiny")
    with pytest.raises(MetricError, match=r"holds none of the sets; known are .*vgg16"):
        import_weights(path)
    assert not only_this_folder.exists()


def test_a_checkpoint_with_code_is_refused_and_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.mkdir, (str(tmp_path / "sprung"),))

    for name in ("plain.pth", "zip.pt"):
        path = tmp_path / name
        if name == "zip.pt":
            torch.save({"features.0.weight": Trap()}, path)
        else:
            path.write_bytes(pickle.dumps({"features.0.weight": Trap()}))
        with pytest.raises(MetricError, match=f"{name}: refused by weights-only loading"):
            import_weights(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.pth", b"", "refused by weights-only loading"),
        ("a.pt", b"PK\x03\x04 not a zip", "refused by weights-only loading"),
        ("a.npz", b"not a zip", "weights cannot be read"),
        ("a.safetensors", b"\xff" * 40, "weights cannot be read"),
        ("a.bin", b"x", r"shall be a \.pth, \.pt, \.npz or \.safetensors file"),
    ],
)
def test_broken_files_give_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MetricError, match=message):
        import_weights(path)
    assert main(["weights", "import", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"ctc: {path}")
    assert captured.err.count("\n") == 1


def test_npz_with_objects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "objects.npz"
    np.savez(path, **{"features.0.weight": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(MetricError, match="allow_pickle"):
        import_weights(path)


def test_a_huge_npz_is_refused_before_memory_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "MAX_BYTES", 1000)
    path = tmp_path / "large.npz"
    np.savez_compressed(path, a=np.zeros(4000, np.float32))
    with pytest.raises(MetricError, match=r"bytes when unpacked: shall be at most 1000"):
        import_weights(path)


def test_a_wrong_backbone_is_mismatched_never_used(
    only_this_folder: Path, tensors: dict[str, Any]
) -> None:
    """Random tensors under VGG16's name do not become LPIPS-VGG."""
    only_this_folder.mkdir()
    save_file(
        {"features.0.weight": np.zeros((64, 3, 3, 3), np.float32)},
        only_this_folder / "vgg16.safetensors",
    )
    found = find("vgg16")
    assert found.state is State.MISMATCHED
    assert (
        "shall begin with 397923af8e79cdbb for vgg16; run: ctc weights fetch vgg16" in found.problem
    )
    for name in ("lpips-vgg", "dists", "1-lpips-vgg", "1-dists"):
        assert "397923af" in metric_by_name(name).unavailable()
    with pytest.raises(MetricError, match="397923af"):
        load("vgg16")


def test_the_official_first_stages_alone_do_not_pass_for_the_backbone(
    only_this_folder: Path, tmp_path: Path
) -> None:
    official = DATA / "weights" / "vgg16_tv_conv1-2_only.npz"
    if not official.is_file():
        pytest.skip("GVC_DATA is not set, or holds no vgg16_tv_conv1-2_only.npz")
    with pytest.raises(MetricError, match="shall begin with 397923af8e79cdbb for vgg16"):
        import_weights(official, "vgg16")


def test_missing_weights_say_which_command_mends_it() -> None:
    problem = metric_by_name("lpips-alex").unavailable()
    assert problem == (
        "weights alexnet are missing; run: ctc weights fetch alexnet, or offline: "
        "ctc weights import alexnet-owt-7be5be79.pth"
    )
    assert "weights:alexnet=absent" in metric_by_name("lpips-alex").signature()


def test_the_list_shows_states_and_users(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, tensors: dict[str, Any]
) -> None:
    import_weights(checkpoint(tmp_path / "tiny.pth", tensors))
    assert main(["weights", "list"]) == 1
    text = capsys.readouterr().out
    assert "tiny" in text and "present" in text and digest_of(tensors)[:8] in text
    assert "for 1-dists, 1-dists-gfvc, 1-lpips-vgg, dists" in text


class Server(BaseHTTPRequestHandler):
    """Serves one file; the first answer is cut in the middle, later ones honour Range."""

    content = b""
    answers = 0

    def do_GET(self) -> None:
        cls = type(self)
        cls.answers += 1
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        body = cls.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cls.answers == 1 else body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def address(tmp_path: Path, tensors: dict[str, Any]) -> Iterator[str]:
    path = checkpoint(tmp_path / "tiny.pth", tensors)
    Server.content, Server.answers = path.read_bytes(), 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/tiny.pth"
    server.shutdown()
    server.server_close()


def test_a_cut_download_is_resumed_and_verified(
    tmp_path: Path, address: str, tensors: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = file_sha256(tmp_path / "tiny.pth")
    entry = tiny_set(tensors, address=address, file_sha256=sha256[:8])
    monkeypatch.setitem(SETS, "tiny", entry)
    seen: list[tuple[int, int]] = []
    with pytest.raises(MetricError, match=r"ended after \d+ of \d+ bytes; run the command again"):
        fetch_weights(entry, lambda *now: seen.append(now))
    path = fetch_weights(entry, lambda *now: seen.append(now))
    assert Server.answers == 2
    assert seen[-1] == (len(Server.content), len(Server.content))
    assert find("tiny").path == path
    assert list((path.parent / "downloads").iterdir()) == []


def test_a_download_that_is_not_the_published_file_is_discarded(
    address: str, tensors: dict[str, Any]
) -> None:
    Server.answers = 1
    entry = tiny_set(tensors, address=address, file_sha256="00000000")
    with pytest.raises(MetricError, match="shall begin with 00000000; the download was discarded"):
        fetch_weights(entry)
    assert find("tiny").state is State.MISSING


def test_no_network_names_the_offline_way(tensors: dict[str, Any]) -> None:
    entry = tiny_set(tensors, address="http://127.0.0.1:9/tiny.pth")
    with pytest.raises(MetricError, match=r"cannot be fetched: .*; with the file at hand run: ctc"):
        fetch_weights(entry)


def test_the_measuring_process_finds_the_same_weights(
    tmp_path: Path, only_this_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts in another folder with few variables: the signature must be the planned one."""
    if not (DATA / "weights" / "lpips_alex_v0.1.npz").is_file():
        pytest.skip("GVC_DATA is not set, or holds no weights/lpips_alex_v0.1.npz")
    only_this_folder.mkdir()
    (only_this_folder / "lpips_alex_v0.1.npz").symlink_to(DATA / "weights" / "lpips_alex_v0.1.npz")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CTC_WEIGHTS", "weights")
    planned = metric_by_name("lpips-alex").signature()
    assert "alexnet=8299f699" in planned
    other = tmp_path / "other"
    other.mkdir()
    program = _measuring_program(tmp_path / "job.json")
    asked = (
        "from ctc.metrics import metric_by_name; print(metric_by_name('lpips-alex').signature())"
    )
    answer = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=other,
        env=program_environment(1, program.environment, other),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert answer.stdout.strip() == planned

"""Programs under the launcher: results, cost, timeout, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ctc.process import Command, ProcessResult, Supervisor, program_environment
from tests.ctc.processes import running, wait_until

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def command(work: Path, code: str, timeout_s: float | None = 30.0, **limits: int) -> Command:
    return Command(
        (sys.executable, "-I", "-S", "-c", code),
        work,
        work / "out",
        work / "err",
        program_environment(1, {}, work),
        timeout_s,
        limits,
    )


def test_logs_and_exit_code_are_kept(tmp_path: Path) -> None:
    code = "import os,sys; os.write(1,b'to out'); os.write(2,b'to err'); sys.exit(3)"
    result = Supervisor().run(command(tmp_path, code))
    assert (result.exit_code, result.failure) == (3, "exit code 3")
    assert (tmp_path / "out").read_text() == "to out"
    assert (tmp_path / "err").read_text() == "to err"


def test_standard_input_is_empty_and_folder_is_private(tmp_path: Path) -> None:
    code = (
        "import os,sys; assert sys.stdin.read()==''; open('here','w').write(os.environ['TMPDIR'])"
    )
    assert Supervisor().run(command(tmp_path, code)).failure == ""
    assert (tmp_path / "here").read_text() == str(tmp_path)


def test_cost_is_of_the_program_and_not_of_the_harness(tmp_path: Path) -> None:
    held = bytearray(300 << 20)
    held[::4096] = b"x" * len(held[::4096])
    small = Supervisor().run(command(tmp_path, "pass"))
    large = Supervisor().run(command(tmp_path, "b=b'x'*(100<<20)"))
    assert small.peak_rss_mib < 60
    assert 100 <= large.peak_rss_mib < 160
    busy = "import time\nwhile time.process_time()<0.4: pass"
    result = Supervisor().run(command(tmp_path, busy))
    assert 0.4 <= result.cpu_s < 0.8 and result.wall_s >= 0.4


def test_a_child_process_counts_in_the_cost(tmp_path: Path) -> None:
    inner = "import time\nwhile time.process_time()<0.3: pass"
    code = f"import subprocess,sys; subprocess.run([sys.executable,'-c',{inner!r}],check=True)"
    assert Supervisor().run(command(tmp_path, code)).cpu_s >= 0.3


def test_a_signal_is_named(tmp_path: Path) -> None:
    result = Supervisor().run(command(tmp_path, "import os; os.kill(os.getpid(), 11)"))
    assert result.failure == "killed by signal 11 (SIGSEGV)"


def test_an_absent_program_is_an_answer(tmp_path: Path) -> None:
    absent = Command(("/no/such/program",), tmp_path, tmp_path / "o", tmp_path / "e", {})
    assert "No such file" in Supervisor().run(absent).failure


def test_file_size_limit_ends_the_program(tmp_path: Path) -> None:
    code = "import os; os.write(1, b'x'*100000); open('big','wb').write(b'x'*100000)"
    result = Supervisor().run(command(tmp_path, code, RLIMIT_FSIZE=50000))
    assert result.failure
    assert (tmp_path / "out").stat().st_size <= 50000


@LINUX
def test_timeout_ends_the_whole_family(tmp_path: Path) -> None:
    marker = f"family-{os.getpid()}-{time.monotonic_ns()}"
    inner = f"import os,time; os.setsid(); time.sleep(300) # {marker}"
    code = (
        f"import subprocess,sys,time; subprocess.Popen([sys.executable,'-c',{inner!r}]);"
        "subprocess.Popen([sys.executable,'-c','import time; time.sleep(300)']); time.sleep(300)"
    )
    started = time.monotonic()
    result = Supervisor().run(command(tmp_path, code, timeout_s=1.0))
    assert result.failure == "timeout" and time.monotonic() - started < 10
    assert running(marker) == []


@LINUX
def test_what_a_program_leaves_running_ends_with_it(tmp_path: Path) -> None:
    marker = f"left-{os.getpid()}-{time.monotonic_ns()}"
    inner = f"import os,time; os.setsid(); time.sleep(300) # {marker}"
    code = f"import subprocess,sys; subprocess.Popen([sys.executable,'-c',{inner!r}])"
    assert Supervisor().run(command(tmp_path, code)).failure == ""
    assert running(marker) == []


@LINUX
@pytest.mark.parametrize("victim", ["runner", "launcher"])
def test_no_program_outlives_a_killed_runner_or_launcher(tmp_path: Path, victim: str) -> None:
    marker = f"orphan-{victim}-{os.getpid()}-{time.monotonic_ns()}"
    session = "os.setsid()" if victim == "launcher" else "pass"  # no group to find it by
    inner = f"import os,time; {session}; open('ready','w'); time.sleep(300) # {marker}"
    code = f"import subprocess,sys; subprocess.run([sys.executable,'-c',{inner!r}])"
    runner = f"""
import sys; from pathlib import Path; from ctc.process import *
w = Path({str(tmp_path)!r})
Supervisor().run(Command((sys.executable, "-c", {code!r}), w, w/"o", w/"e",
    program_environment(1, {{}}, w)))
"""
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", runner], cwd=root, stderr=subprocess.DEVNULL)
    try:
        assert wait_until((tmp_path / "ready").exists)
        assert len(running(marker)) == 3  # runner, program and its child
        if victim == "runner":
            process.kill()
        else:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
            os.kill(int(children.split()[0]), signal.SIGKILL)
        process.wait(20)
        assert wait_until(lambda: not running(marker))
    finally:
        process.kill()
        process.wait()


def test_stop_ends_running_programs_and_refuses_new_ones(tmp_path: Path) -> None:
    supervisor = Supervisor()
    results: list[ProcessResult] = []
    sleeping = command(tmp_path, "import time; time.sleep(300)")
    thread = threading.Thread(target=lambda: results.append(supervisor.run(sleeping)))
    thread.start()
    assert wait_until(lambda: (tmp_path / "out").exists())
    supervisor.stop()
    thread.join(20)
    assert [r.stopped for r in results] == ["cancelled"]
    assert supervisor.run(sleeping).stopped == "cancelled"

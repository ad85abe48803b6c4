"""SIGKILL, as an operator, the out-of-memory killer or a failing node deals it."""

from __future__ import annotations

import time
from subprocess import Popen

from tests.faults.processes import members, strike
from tests.faults.trial import Trial


def runner_killed(trial: Trial) -> bool:
    """The runner dies at a random moment."""
    runner = trial.start()
    struck = trial.moment(runner)
    runner.kill()
    trial.finish(runner)
    return struck


def worker_killed(trial: Trial) -> bool:
    """The process that supervises a program dies; the runner goes on."""
    return _one_killed(trial, "launcher")


def encoder_killed(trial: Trial) -> bool:
    """An encoder dies; the runner goes on."""
    return _one_killed(trial, "encoder")


def decoder_killed(trial: Trial) -> bool:
    """A decoder dies; the runner goes on."""
    return _one_killed(trial, "decoder")


def measuring_killed(trial: Trial) -> bool:
    """The measuring process dies; the runner goes on."""
    return _one_killed(trial, "measure")


def _one_killed(trial: Trial, kind: str) -> bool:
    runner = trial.start()
    trial.moment(runner)
    victim = trial.victim(runner, kind)
    struck = victim is not None and strike(victim.pid)
    trial.finish(runner)
    return struck


def all_killed(trial: Trial) -> bool:
    """Runner and supervisors die in one instant."""
    runner = trial.start()
    trial.moment(runner)
    trial.victim(runner, "launcher")
    return _all_killed(trial, runner)


def _all_killed(trial: Trial, runner: Popen[str]) -> bool:
    launchers = [m.pid for m in members(trial.home) if m.kind == "launcher"]
    runner.kill()
    for pid in launchers:
        strike(pid)
    trial.finish(runner)
    return bool(launchers)


def session_left(trial: Trial) -> bool:
    """A supervisor dies whose encoder has started a process in a session of its own.

    Without isolation, under which the kernel ends it with the process namespace.
    """
    with trial.codec_strikes("leave"):
        runner = trial.start("--isolate", "none")
        supervisor = _of_a_divided_family(trial, runner)
        struck = supervisor is not None and strike(supervisor)
        trial.finish(runner)
    return struck


def session_left_by_all(trial: Trial) -> bool:
    """The same, and the runner dies with it: the next runner ends what is left."""
    trial.ended_by_next = True
    with trial.codec_strikes("leave"):
        runner = trial.start("--isolate", "none")
        struck = _of_a_divided_family(trial, runner) is not None
        _all_killed(trial, runner)
    return struck


def _of_a_divided_family(trial: Trial, runner: Popen[str]) -> int | None:
    """Return the supervisor of an encoder that has a child; None when the runner ends first."""
    while runner.poll() is None:
        encoders = {m.pid: m.parent for m in members(trial.home) if m.kind == "encoder"}
        for parent in encoders.values():
            if parent in encoders:
                return encoders[parent]
        time.sleep(0.005)
    return None

"""Several runners on one store and campaign."""

from __future__ import annotations

from collections import Counter

from tests.faults.trial import Trial


def two_runners(trial: Trial) -> bool:
    """Two runners start together: each stage runs once."""
    runners = [trial.start() for _ in range(2)]
    codes = [trial.finish(runner) for runner in runners]
    count_repeated(trial, 0)
    return codes == [0, 0]


def one_of_two_killed(trial: Trial) -> bool:
    """Two runners start together and one dies: the other does the rest, at once."""
    runners = [trial.start() for _ in range(2)]
    struck = trial.moment(runners[0])
    under_way = len(trial.encodes())
    runners[0].kill()
    for runner in runners:
        trial.finish(runner)
    count_repeated(trial, min(2, under_way))
    return struck


def count_repeated(trial: Trial, allowed: int) -> None:
    """Count encodes begun more often than once; as many as a dead runner had under way may be."""
    again = sum(count - 1 for count in Counter(trial.encodes()).values())
    trial.repeated += max(0, again - allowed)

"""The queueing model of docs/scaling.md, against formulas: Erlang C, processor sharing, the utilisation law."""

import random
from math import factorial, inf

import numpy as np
import pytest
from scipy.stats import t
from tests.benchmarks import queueing
from tests.benchmarks.queueing import Machine, Part, Processes, Request

from stack import options

MANY = 10**6
ARRIVALS, BATCHES = 60_000, 30


def mean_wait_by_erlang(servers, load):
    """Mean wait in M/M/c, in units of the mean service time (Erlang C)."""
    queued = load**servers / factorial(servers) / (1 - load / servers)
    chance = queued / (sum(load**k / factorial(k) for k in range(servers)) + queued)
    return chance / (servers - load)


def simulate(machine, load, service, seed=1):
    """Mean time in the machine with Poisson arrivals, its margin, and the work that came in."""
    draw, requests, now = random.Random(seed), [], 0.0
    for _ in range(ARRIVALS):
        now += draw.expovariate(load)
        requests.append(Request(str(len(requests)), now, [Part("program", 0, service(draw))]))
    machine.run(iter(requests))
    times = np.array([machine.finished[str(number)][0] for number in range(ARRIVALS)])
    batches = times[ARRIVALS // 10 :].reshape(BATCHES, -1).mean(axis=1)  # without the beginning
    margin = t.isf(1e-4, BATCHES - 1) * batches.std(ddof=1) / BATCHES**0.5
    return batches.mean(), margin, sum(request.way[0].seconds for request in requests)


@pytest.mark.parametrize("servers", [1, 4, 16])
@pytest.mark.parametrize("of", ["slots", "cores"])
def test_waits_for_slots_and_for_cores_are_those_of_erlang(servers, of):
    slots, cores = (servers, MANY) if of == "slots" else (MANY, servers)
    machine = Machine(cores, {"program": slots}, seconds=inf)
    mean, margin, work = simulate(machine, 0.7 * servers, lambda draw: draw.expovariate(1.0))
    assert margin < 0.1 * mean
    assert mean == pytest.approx(1 + mean_wait_by_erlang(servers, 0.7 * servers), abs=margin)
    assert machine.busy == pytest.approx(work)


def test_a_core_that_takes_turns_is_shared_as_the_formula_of_processor_sharing_says():
    """The mean time in M/G/1-PS depends on the mean of the work alone: S / (1 - load)."""
    machine = Machine(1, {"program": MANY}, seconds=0.05)
    mean, margin, work = simulate(machine, 0.6, lambda draw: draw.choice([0.25, 1.75]))
    assert margin < 0.1 * mean
    assert mean == pytest.approx(1 / (1 - 0.6), abs=margin + 0.05)
    assert machine.busy == pytest.approx(work)


def test_work_of_low_priority_delays_other_work_by_a_slice_at_most():
    machine = Machine(1, {"drawing": 1, "plotting": 1}, low="drawing", seconds=3.0)
    machine.run(
        iter([Request("plot", 0.0, [Part("drawing", 0, 150.0)]), Request("tile", 1.0, [Part("plotting", 0, 2.0)])])
    )
    assert machine.finished == {"tile": [4.0], "plot": [152.0]}


@pytest.mark.parametrize("mix", queueing.MIXES)
def test_the_utilisation_of_a_machine_is_the_work_that_its_users_bring(mix):
    users = queueing.count_users(8, mix, 0.5)  # of its processes: 1, 2, 4
    outcome = queueing.simulate(8, users, mix, Processes(1, 2, 4), tiles=40_000)
    assert outcome.utilisation == pytest.approx(0.5, rel=0.1)
    assert outcome.tiles == pytest.approx(users * queueing.TILES / queueing.VIEW_EVERY, rel=0.1)
    assert not queueing.saturated(8, users, mix, Processes(1, 2, 4))
    assert queueing.saturated(8, users * 2.1, mix, Processes(1, 2, 4))


def test_the_model_has_the_processes_that_make_run_starts():
    for cores in queueing.CORES:
        started = {name.lower(): count for name, count in options.default_processes(cores).items()}
        assert queueing.default_processes(cores) == Processes(**started)

"""One line a stage, with what it did and what is left."""

import logging

import pytest

from grisaille.framework import stages
from grisaille.framework.stages import Stages

NODES = {"inspect": "ingestion", "extract": "features", "name": "ingestion", "train": "autoencoding"}


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is moved."""
    now = [0.0]
    monkeypatch.setattr(stages.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def told(caplog):
    caplog.set_level(logging.INFO)
    return caplog


def run(counted, clock, *nodes):
    for node, seconds, *facts in nodes:
        counted.begin(node)
        clock[0] += seconds
        counted.end(node, facts)


class TestStages:
    def test_a_stage_is_told_when_its_last_node_has_ended(self, clock, told):
        run(
            Stages(NODES, {}), clock, ("inspect", 2, "12 paintings"), ("extract", 60, "2 new"), ("name", 7, "2 artists")
        )
        assert told.messages == ["1/3 features (1 min): 2 new", "2/3 ingestion (9 s): 12 paintings; 2 artists"]

    def test_what_is_left_is_what_the_same_nodes_took_before(self, clock, told):
        counted = Stages(NODES, {"inspect": 5.0, "extract": 500.0, "name": 1.0, "train": 120.0})
        run(counted, clock, ("inspect", 2), ("extract", 60), ("name", 7), ("train", 100))
        assert told.messages == [
            "1/3 features (1 min); about 2 min 1 s left",
            "2/3 ingestion (9 s); about 2 min left",
            "3/3 autoencoding (1 min 40 s)",
        ]

    def test_nothing_is_said_of_what_is_left_while_a_node_never_ran(self, clock, told):
        run(Stages(NODES, {"name": 5.0}), clock, ("extract", 60))
        assert told.messages == ["1/3 features (1 min)"]

    def test_nodes_that_run_at_once_are_counted_once(self, clock, told):
        counted = Stages({"a": "ingestion", "b": "ingestion"}, {})
        for node in "ab":
            counted.begin(node)
            clock[0] += 5
        for node in "ab":
            counted.end(node)
            clock[0] += 5
        assert told.messages == ["1/1 ingestion (15 s)"]

    def test_of_a_stage_of_which_a_part_runs(self, clock, told):
        counted = Stages(NODES, {}, whole=False)
        run(counted, clock, ("name", 3, "2 artists"))
        counted.tell_of_parts()
        assert told.messages == ["ingestion (3 s): 2 artists"]

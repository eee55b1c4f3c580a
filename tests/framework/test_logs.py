"""What a run says on the console, and what in its log file."""

import math
import re
from pathlib import Path

import pytest

from grisaille.framework.stages import _earlier
from helpers import kedro

OTHERS = ("INFO", "Loading data", "Running node", "Using synchronous", "oneDNN", "cuda", "absl", "eprecat")


def rows(output, project):
    """Rows of a terminal of 80 columns, in a project whose path is short."""
    lines = output.replace(str(project), "/home/ada/grisaille").rstrip().splitlines()
    return sum(max(1, math.ceil(len(line) / 80)) for line in lines)


def log(run):
    return sorted((run.data / "08_reporting" / "run_log").iterdir())[-1] / "run.log"


class TestConsole:
    def test_the_demo_takes_25_rows(self, demo_run, common):
        assert rows(demo_run.output, common / "run") <= 25

    def test_it_is_a_line_a_stage_and_then_where_to_look(self, demo_run):
        told = re.findall(r"^(\d/\d) (\w+) \((?:\d+ min ?)?(?:\d+ s)?\)", demo_run.output, re.MULTILINE)
        assert told == [
            ("1/4", "ingestion"),
            ("2/4", "feature_extraction"),
            ("3/4", "autoencoding"),
            ("4/4", "evaluation"),
        ]
        assert ": 0 known, 180 new\n" in demo_run.output
        assert demo_run.output.index("4/4") < demo_run.output.index("The whole report:")

    def test_nobody_elses_words(self, demo_run):
        assert not [words for words in OTHERS if words in demo_run.output]

    def test_the_next_run_knows_how_long_its_nodes_take(self, demo_run):
        known = _earlier(demo_run.untouched / "data" / "demo", ["nobody"])
        assert {"ingestion.inspect_files", "pool5.encode_chunk", "evaluation.write_report"} <= set(known)
        assert all(seconds >= 0 for seconds in known.values())


class TestLogFile:
    def test_it_holds_what_kedro_says(self, demo_run):
        first = min((demo_run.data / "08_reporting" / "run_log").iterdir()) / "run.log"
        assert "INFO kedro.io.data_catalog: Loading data from picture_files" in first.read_text()

    def test_a_failed_run_names_it(self, demo_run, tmp_path):
        (tmp_path / "no_picture.png").write_text("no picture")
        parameters = f"storage={tmp_path}/data,paintings_folder={tmp_path}"
        done = kedro("run", "--pipelines", "ingestion", "--params", parameters, cwd=demo_run.project, check=False)
        assert done.returncode == 1
        (named,) = re.findall(r"^The run failed\. Full log: (.+)$", done.stdout, re.MULTILINE)
        assert "EmptyCollectionError" in Path(named).read_text()
        assert len((done.stdout + done.stderr).splitlines()) == 2

    def test_verbose_shows_all_of_it(self, demo_run):
        said = demo_run.again("--pipelines", "ingestion", "--verbose").stdout
        assert "Loading data from params:ingestion" in said
        assert said.count("1/1 ingestion") == 1


class TestAnotherFolder:
    """Kedro looks for how to log in the current folder alone."""

    @pytest.mark.parametrize("option", ["--pipelines", "--pipeline"])
    def test_the_same_is_said_there(self, demo_run, option):
        done = kedro("run", "--env", "demo", option, "ingestion", *demo_run.parameters, cwd=demo_run.project / "conf")
        said = done.stdout + done.stderr
        assert "1/1 ingestion" in said
        assert not [words for words in OTHERS[1:] if words in said]

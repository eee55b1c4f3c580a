"""What a user can mend is told in one line; bugs keep their traceback."""

import click
import numpy as np
import pytest
from kedro.io.core import DatasetError
from kedro.pipeline import Node, Pipeline

from grisaille.cli.user_errors import report_user_errors
from grisaille.datasets import NumPyDataset
from grisaille.errors import GrisailleError
from helpers import command


def told(action):
    with pytest.raises(click.ClickException) as caught, report_user_errors():
        action()
    return caught.value.message


def let_through(action):
    with pytest.raises(Exception, match=r".") as caught, report_user_errors():
        action()
    return caught.value


def raising(error):
    def fail(*_):
        raise error

    return fail


class TestReportUserErrors:
    @pytest.mark.parametrize("kind", [GrisailleError, DatasetError])
    def test_what_is_raised_on_purpose(self, kind):
        assert told(raising(kind("there is no\nsuch model"))) == "there is no such model"

    def test_a_node_that_is_not_there(self):
        pipeline = Pipeline([Node(repr, "a", "b", name="known")])
        said = told(lambda: pipeline.filter(node_names=["unknown"]))
        assert said == "Pipeline does not contain nodes named ['unknown']."

    @pytest.mark.parametrize("bug", [ZeroDivisionError("a / b"), ValueError("x"), OSError("y"), KeyError("z")])
    def test_a_bug_is_let_through(self, bug):
        assert let_through(raising(bug)) is bug

    def test_a_bug_of_a_dataset_is_let_through_as_well(self, tmp_path, monkeypatch):
        """Kedro wraps it in an error of its own, as it does what is said on purpose."""
        dataset = NumPyDataset(filepath=str(tmp_path / "a.npy"))
        (tmp_path / "a.npy").write_bytes(b"no array")
        assert "not a .npy file: " in told(dataset.load)
        monkeypatch.setattr(np, "save", raising(KeyError("z")))
        assert isinstance(let_through(lambda: dataset.save(np.eye(2))), DatasetError)

    def test_an_interruption_says_how_to_go_on(self, capsys):
        def interrupt():
            raise KeyboardInterrupt

        with pytest.raises(click.Abort), report_user_errors():
            interrupt()
        assert "stored results are intact, and the same command continues" in capsys.readouterr().err

    def test_what_click_says_stays_as_it_is(self):
        error = click.BadParameter("no")

        def refuse():
            raise error

        with pytest.raises(click.BadParameter) as caught, report_user_errors():
            refuse()
        assert caught.value is error


class TestCommands:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("kedro", "run", "--pipelines", "discover"), "no pipeline discover; did you mean discovery?"),
            (("kedro", "run", "--pipelines", "nix"), "no pipeline nix; there are autoencoding, "),
            (
                ("kedro", "run", "--namespaces", "pool6"),
                "nodes with the following namespaces: ['pool6']",
            ),
            (("kedro", "run", "--from-nodes", "concatenate_code"), "nodes named ['concatenate_code']"),
            (
                ("grisaille", "verify", "newest", "--env", "nowhere"),
                "the configuration cannot be read: Given ",
            ),
        ],
        ids=lambda given: given[1] if isinstance(given, tuple) else "",
    )
    def test_names_that_are_not_there(self, demo_run, arguments, words):
        done = command(*arguments, cwd=demo_run.project, check=False)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith("Error: ")
        assert words in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stdout + done.stderr

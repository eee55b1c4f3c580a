"""What a user mistypes is told in one line; accidents keep their traceback."""

import click
import pytest
from kedro.io.core import DatasetError
from kedro.pipeline import Node, Pipeline

from grisaille.cli.mistakes import told_in_one_line
from grisaille.storage import archives
from helpers import command


def told(raising):
    with pytest.raises(click.ClickException) as caught, told_in_one_line():
        raising()
    return caught.value.message


class TestToldInOneLine:
    def test_what_is_raised_here_for_people_to_read(self, tmp_path):
        (tmp_path / "a.zip").write_text("no archive")
        said = told(lambda: archives.unpack(tmp_path / "a.zip", tmp_path / "a"))
        assert said == f"{tmp_path / 'a.zip'} is no zip or tar archive"

    def test_a_node_that_is_not_there(self):
        pipeline = Pipeline([Node(archives.unpack, ["archive", "folder"], "b", name="known")])
        said = told(lambda: pipeline.filter(node_names=["unknown"]))
        assert said == "Pipeline does not contain nodes named ['unknown']"

    @pytest.mark.parametrize(
        "accident", [ZeroDivisionError("a / b"), ValueError("x"), DatasetError("y"), KeyError("z")]
    )
    def test_an_accident_is_let_through(self, accident):
        def happen():
            raise accident

        with pytest.raises(type(accident)) as caught, told_in_one_line():
            happen()
        assert caught.value is accident

    def test_an_interruption_says_how_to_go_on(self, capsys):
        def interrupt():
            raise KeyboardInterrupt

        with pytest.raises(click.Abort), told_in_one_line():
            interrupt()
        assert "what is stored is whole, and the same command goes on" in capsys.readouterr().err

    def test_what_click_says_stays_as_it_is(self):
        error = click.BadParameter("no")

        def refuse():
            raise error

        with pytest.raises(click.BadParameter) as caught, told_in_one_line():
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

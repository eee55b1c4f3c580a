"""Notebooks run from top to bottom, on the project that was run, and show pictures."""

import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from grisaille.demo.datasets import GalleryArtistsDataset, GalleryDataset
from helpers import PATIENCE, PROJECT, kedro

QUICK = "report.examples=1,comparisons.mistism_dottism=null"


def run_notebook(project, name, given=""):
    """Run a notebook of the project, with code put in after the cell that is tagged `parameters`; its outputs."""
    folder = project / "notebooks"
    folder.mkdir(exist_ok=True)
    shutil.copy(PROJECT / "notebooks" / name, folder)
    notebook = nbformat.read(folder / name, as_version=4)
    if given:
        tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
        notebook.cells.insert(tags.index(["parameters"]) + 1, nbformat.v4.new_code_cell(given))
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=PATIENCE, startup_timeout=PATIENCE, resources=resources).execute()
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def pictures(outputs):
    return sum("image/png" in output.get("data", {}) for output in outputs)


def told(outputs):
    return "".join(str(output.get("data", {}).get("text/html", "")) + output.get("text", "") for output in outputs)


class TestExplore:
    def test_on_the_demo(self, demo_run):
        outputs = run_notebook(demo_run.project, "explore.ipynb")
        assert pictures(outputs)
        assert "recall" in told(outputs)


class TestColab:
    @pytest.fixture(scope="class")
    def project(self, demo_run, tmp_path_factory):
        """Of its own: other pictures are shown here."""
        folder = tmp_path_factory.mktemp("elsewhere") / "project"
        return Path(shutil.copytree(demo_run.untouched, folder, ignore=shutil.ignore_patterns("data")))

    @pytest.fixture(scope="class")
    def outputs(self, project, demo_run, tmp_path_factory):
        """Elsewhere than in Colab, with an archive of pictures at hand and the demo's settings, but not its painter."""
        conf = project / "conf"
        shutil.copytree(conf / "demo", conf / "pictures", ignore=shutil.ignore_patterns("catalog.yml"))
        folder = tmp_path_factory.mktemp("colab")
        with zipfile.ZipFile(folder / "paintings.zip", "w") as archive:
            for name, read in GalleryDataset(paintings_each=2, seed=0).load().items():
                archive.writestr(f"pictures/{name}", read())
            archive.writestr("artists.csv", GalleryArtistsDataset().load().to_csv(index=False))
        given = (
            "environment = 'pictures'\n"
            f"archive, paintings = Path({str(folder / 'paintings.zip')!r}), Path({str(folder / 'local')!r})\n"
            f"parameters = {demo_run.parameters[1] + ',' + QUICK!r}"
        )
        return run_notebook(project, "colab.ipynb", given)

    def test_it_runs_and_shows_tables_and_pictures(self, outputs, project):
        assert pictures(outputs) == 2
        assert "recall" in told(outputs)
        assert str(project / "data" / "demo" / "08_reporting" / "report.html").endswith(
            told(outputs).split()[-1].rpartition(">")[2]
        )

    def test_pictures_are_unpacked_and_given_to_the_run(self, outputs):
        (options,) = [output.data["text/plain"] for output in outputs if "paintings_folder" in str(output.get("data"))]
        assert "local," in options
        assert "artists.csv" in options

    def test_what_was_extracted_is_not_extracted_again(self, outputs, project):
        assert "extracting features" in told(outputs)
        (options,) = [output.data["text/plain"] for output in outputs if "paintings_folder" in str(output.get("data"))]
        given = options.strip("\"'").removeprefix("--params ").strip("'")
        command = ("run", "--env", "pictures", "--pipelines", "ingestion,feature_extraction", "--params", given)
        assert " known, 0 new" in kedro(*command, cwd=project).stdout


class TestStored:
    @pytest.mark.parametrize("path", sorted((PROJECT / "notebooks").glob("*.ipynb")), ids=lambda path: path.name)
    def test_without_outputs(self, path):
        for cell in nbformat.read(path, as_version=4).cells:
            assert not cell.get("outputs"), cell.source
            assert cell.get("execution_count") is None

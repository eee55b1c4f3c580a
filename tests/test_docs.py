"""What the docs show is true: every command runs or is checked, every block of code runs, the site builds and opens."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import util
from pathlib import Path

import pytest
import yaml
from kedro.framework.cli import project as kedro_project
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from omegaconf import OmegaConf

from grisaille.demo.datasets import GalleryArtistsDataset, GalleryDataset, GalleryWorksDataset
from helpers import PROJECT
from helpers import command as as_a_user

PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
VERSION = "2026-01-31T09.30.00.000Z"

# Commands that another test runs: that test.
ELSEWHERE = {
    "kedro run --pipelines evaluation": (
        "tests/pipelines/test_whole_run.py",
        "test_evaluation_alone_repeats_the_tables",
    ),
    # The fixture `demo_run` runs it.
    "kedro run --env demo": (
        "tests/pipelines/test_whole_run.py",
        "test_it_ends_with_a_few_lines_and_the_place_of_the_report",
    ),
    "kedro run --pipelines study": ("tests/pipelines/test_whole_run.py", "test_it_goes_on_where_it_stopped"),
    "kedro run --pipelines discovery": (
        "tests/pipelines/test_whole_run.py",
        "test_the_nearest_are_those_that_the_evaluation_found",
    ),
    "kedro run --namespaces pool5": ("tests/pipelines/test_whole_run.py", "test_one_chunk_alone"),
    "kedro run --namespaces pool5 --params autoencoder.components=64": (
        "tests/pipelines/test_whole_run.py",
        "test_one_chunk_alone",
    ),
    "kedro run --from-nodes join_codes": (
        "tests/pipelines/test_whole_run.py",
        "test_the_command_that_was_named_mends_it",
    ),
    "kedro run --only-missing-outputs": (
        "tests/pipelines/test_whole_run.py",
        "test_only_missing_outputs_is_right_about_the_features",
    ),
    "kedro run --only-missing-outputs --params paintings_folder=/path/to/paintings,paintings_file=/path/to/works.csv": (
        "tests/pipelines/test_partial_runs.py",
        "test_a_part_reads_the_folder_and_the_tables_that_the_whole_read",
    ),
    "kedro run --pipelines __default__,discovery "
    "--params paintings_folder=/path/to/paintings,features_file=/path/to/vectors.parquet": (
        "tests/pipelines/test_given_vectors.py",
        "test_they_stand_in_every_table",
    ),
    "kedro run --pipelines __default__,discovery "
    '--params "paintings_folder=/path/to/paintings,features_file=/path/to/vectors.npy,likenesses=[vectors]"': (
        "tests/pipelines/test_given_vectors.py",
        "test_the_same_tables",
    ),
    "kedro run --pipelines keeping --params features.keep=codes": (
        "tests/pipelines/test_keeping.py",
        "test_a_sample_stays_on_the_disk",
    ),
    "kedro viz run --env demo": ("tests/test_browser.py", "test_chunks_are_boxes_and_tables_have_previews"),
    "grisaille similar photo.jpg --run 2026-01-31T09.30.00.000Z": (
        "tests/test_similar.py",
        "test_an_older_run_answers_as_it_did",
    ),
    "grisaille similar photo.jpg": ("tests/test_similar.py", "test_a_stranger_and_a_painting_that_hangs_there"),
    "grisaille similar photo.jpg --likeness composition --shortlist 50": (
        "tests/test_similar.py",
        "test_ordered_by_stored_features_it_answers_as_these_do",
    ),
    "grisaille similar photo.jpg --likeness style --shortlist 50": (
        "tests/test_similar.py",
        "test_ordered_by_stored_features_it_answers_as_these_do",
    ),
    "grisaille similar photo.jpg --likeness style": ("tests/test_similar.py", "test_by_all_likenesses"),
    "grisaille similar photo.jpg --why": (
        "tests/test_similar.py",
        "test_why_is_shown_in_every_likeness_of_the_mixture",
    ),
    "grisaille similar -": ("tests/test_similar.py", "test_one_after_another_by_name"),
    "grisaille path Ilse_Nebel_1 Greta_Gitter_2": (
        "tests/test_similar.py",
        "test_between_two_paintings_of_the_collection",
    ),
    "grisaille serve": ("tests/studio/test_studio.py", "test_killed_and_started_again"),
    "grisaille serve --host 0.0.0.0": ("tests/studio/test_studio.py", "test_other_machines_need_a_token"),
    'curl --data-binary @photo.jpg "http://127.0.0.1:8000/similar?likeness=style&n=5"': (
        "tests/studio/test_studio.py",
        "test_a_picture_that_is_sent",
    ),
    "grisaille runs": ("tests/comparison/test_compare.py", "test_a_line_a_run_newest_first"),
    "grisaille compare 2026-01-31 newest -o comparison.html": (
        "tests/comparison/test_compare.py",
        "test_settings_that_differ_and_no_others",
    ),
    "grisaille verify newest": ("tests/test_reproducibility.py", "test_nothing_has_changed"),
    "grisaille rerun newest": ("tests/test_reproducibility.py", "test_it_says_of_every_result_that_it_is_identical"),
    "grisaille export tropy --output tropy.csv": ("tests/test_export.py", "test_a_table_for_tropy"),
    "grisaille export omeka --likeness style": ("tests/test_export.py", "test_a_table_for_omeka"),
    "grisaille export annotations --address https://example.org/alike": (
        "tests/test_export.py",
        "test_annotations_need_manifests",
    ),
    "make viz": ("tests/test_browser.py", "test_it_opens_without_errors_and_asks_no_other_host"),
    "make data": ("tests/test_kaggle.py", "test_without_a_network_it_says_what_to_do"),
    "make data ARCHIVE=/path/to/archive.zip": ("tests/test_kaggle.py", "test_from_the_file_that_a_browser_saved"),
}
# Commands that no test runs to the end, and why. Those of Kedro are resolved: arguments, parameters, nodes.
CHECKED = {
    "kedro run --pipelines __default__,discovery --params paintings_folder=https://example.org/collection.json": (
        "asks a museum; tests/collection/test_iiif.py asks a server of its own"
    ),
    "kedro run --params paintings_folder=/path/to/manifests.txt": "asks museums",
    "kedro run": "needs the Kaggle set",
    "kedro run --env paper": "takes a day",
    "kedro run --params seed=1": "a whole run more",
    "kedro run --params features.keep=codes": "a whole run more; tests/pipelines/test_keeping.py lets go afterwards",
    "kedro run --params autoencoder.likeness=euclidean": "a whole run more",
    "kedro run --params autoencoder.architecture=positional": "a whole run more",
    "kedro run --params paintings_folder=/path/to/paintings": "runs below with a table of artists",
    (
        "kedro run --params paintings_folder=/path/to/paintings,artists_file=/path/to/artists.csv,"
        "backbone.model_file=/path/to/cnn.keras"
    ): "needs the real paintings",
    "kedro run --env colab --params paintings_folder=/content/paintings,artists_file=/content/artists.csv": (
        "needs Google Drive"
    ),
    "kedro run --env mine --params paintings_folder=/path/to/paintings": "an environment of the reader's own",
    (
        "kedro run --env cluster --runner grisaille.framework.runner.DaskRunner "
        "--runner-params address=tcp://10.0.0.1:8786"
    ): "needs a cluster; tests/framework/test_cluster.py runs it on one machine",
    (
        "kedro run --env demo --runner grisaille.framework.runner.DaskRunner "
        "--runner-params address=tcp://127.0.0.1:8786"
    ): "tests/framework/test_cluster.py runs it with workers of its own",
    f"kedro run --pipelines evaluation --load-versions composition_embeddings:{VERSION}": (
        "runs below with three versions"
    ),
    "kedro package": "downloads what builds a wheel; tests/test_places.py runs the package without a project",
    "pip install dist/grisaille-0.1.0-py3-none-any.whl": "likewise",
    "tar xzf dist/conf-grisaille.tar.gz -C /path/to/empty/folder": "likewise",
    "make demo": "installs, and then runs the command above",
    (
        "make bench PAINTINGS=/path/to/paintings BASELINES=/path/to/baselines.py TORCH_PYTHON=/path/to/python "
        "MODEL=/path/to/cnn.keras"
    ): "takes an hour",
    "make install": "installs, as CI does before this test",
    'kedro run --pipelines __default__,discovery --params "paintings_folder=/path/to/paintings"': (
        "both halves run elsewhere"
    ),
    "make test": "is this test",
    "source .venv/bin/activate": "changes a shell that a test has not",
    'pip install ".[cluster]"': "downloads",
    'pip install "asyncssh"': "downloads",
    'pip install ".[mlflow]"': "downloads",
    "mlflow ui --backend-store-uri sqlite:///data/mlflow.db": "tests/test_mlflow.py does so",
    "dask scheduler --host 127.0.0.1": "serves until it is stopped; tests/framework/test_cluster.py does so",
    "dask worker tcp://127.0.0.1:8786 --nthreads 1 --memory-limit 4GiB": "likewise",
    "grisaille rerun newest --keep-features": "a whole run more",
    "pip install embedding-atlas": "downloads",
    "embedding-atlas map_of_paintings.parquet --x mixture_pca_x --y mixture_pca_y --neighbors mixture_neighbours "
    "--image picture --text painting_id": "serves until it is stopped, and wants an environment of its own",
    "dask ssh --nthreads 1 --memory-limit 6GiB --remote-python /shared/grisaille/.venv/bin/python "
    "host1 host1 host2 host3": "needs four machines",
}
# Pages with code that cannot run here, and why: it is compiled only.
COMPILED = {"docs/cluster.md": "needs Kubernetes"}


@dataclass(frozen=True)
class Block:
    page: Path
    language: str
    text: str

    def __str__(self) -> str:
        return self.page.relative_to(PROJECT).as_posix()


def _blocks(language=None):
    for page in PAGES:
        for indent, kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
            if language in {None, kind}:
                yield Block(page, kind, "".join(line.removeprefix(indent) for line in text.splitlines(keepends=True)))


def _commands():
    """Every command of the docs, once, without what is said beside it."""
    lines = [line for block in _blocks("console") for line in block.text.splitlines()]
    return sorted({re.sub(r"\s+#\s.*", "", line).strip() for line in lines} - {""})


COMMANDS = _commands()
RUN_HERE = [command for command in COMMANDS if command not in ELSEWHERE and command not in CHECKED]


@dataclass(frozen=True)
class Workspace:
    """A copy of the project whose base environment is the small demo: what a reader's own run would have left."""

    project: Path

    def versions(self, path):
        return sorted(folder.name for folder in (self.project / "data" / path).iterdir())

    def fill_in(self, command):
        """The command with places and versions of this copy."""
        raw = self.project / "data" / "01_raw"
        for said, meant in {
            "/path/to/paintings": str(raw / "paintings"),
            "/path/to/artists.csv": str(raw / "artists.csv"),
            **{
                f"{name}:{VERSION}": f"{name}:{self.versions(path)[0]}"
                for name, path in {
                    "picture_files": "03_primary/picture_files.parquet",
                    "paintings": "03_primary/paintings.parquet",
                    "composition_embeddings": "07_model_output/composition_embeddings.npy",
                    "neighbours": "08_reporting/neighbours.parquet",
                    "artist_distances": "08_reporting/artist_distances",
                }.items()
            },
        }.items():
            command = command.replace(said, meant)
        return command

    def run(self, command):
        program, *arguments = shlex.split(self.fill_in(command))
        if program in {"kedro", "grisaille"}:
            done = as_a_user(program, *arguments, cwd=self.project)
            return done.stdout + done.stderr
        done = subprocess.run(
            ["bash", "-c", f'PATH="{Path(sys.executable).parent}:$PATH"; {self.fill_in(command)}'],
            cwd=self.project,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def workspace(demo_run, tmp_path_factory):
    project = tmp_path_factory.mktemp("docs") / "project"
    shutil.copytree(demo_run.project, project, ignore=shutil.ignore_patterns("build", "notebooks"))
    for name in ("Makefile", "requirements.lock"):
        shutil.copy(PROJECT / name, project)
    (project / ".venv").mkdir()
    (project / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (project / ".venv" / "installed").touch()
    _make_the_demo_the_base(project, demo_run)
    return Workspace(project)


def _make_the_demo_the_base(project, demo_run):
    """The small demo's parameters, data and pictures, where a run without an environment looks."""
    conf = project / "conf"
    files = [*sorted(conf.glob("base/parameters*.yml")), *sorted(conf.glob("demo/parameters*.yml"))]
    works = project / "data" / "works.csv"
    small = [*demo_run.parameters[1].split(","), "report.thumbnails=2", "report.examples=1", f"paintings_file={works}"]
    merged = OmegaConf.merge(*map(OmegaConf.load, files), OmegaConf.from_dotlist(small))
    for path in files:
        path.unlink()
    OmegaConf.save(merged, conf / "base" / "parameters.yml")
    # The demo paints its own table of works.
    (conf / "demo" / "parameters.yml").write_text("paintings_file: null\n")
    shutil.copytree(project / "data" / "demo", project / "data", dirs_exist_ok=True)
    paintings = project / "data" / "01_raw" / "paintings"
    paintings.mkdir(parents=True)
    for name, read in GalleryDataset(paintings_each=18, seed=0).load().items():
        (paintings / name).write_bytes(read())
    GalleryArtistsDataset().load().to_csv(paintings.parent / "artists.csv", index=False)
    GalleryWorksDataset(paintings_each=18).load().to_csv(works, index=False)


@pytest.fixture
def opened(tmp_path):
    """A function that opens the project as a run would, with configuration of the test's own beside it."""
    bootstrap_project(PROJECT)
    conf = shutil.copytree(PROJECT / "conf", tmp_path / "conf")
    (conf / "mine").mkdir()

    def open_context(env=None, params=None, **files):
        for name, text in files.items():
            (conf / (env or "local") / f"{name}.yml").write_text(text, encoding="utf-8")
        pipelines.set_requested(None)
        pipelines._is_data_loaded = False
        session = KedroSession.create(PROJECT, env=env, conf_source=str(conf), runtime_params=params or {})
        return session.load_context()

    yield open_context
    pipelines._is_data_loaded = False


class TestCommands:
    def test_blocks_are_of_kinds_that_are_checked(self):
        assert {block.language for block in _blocks()} == {"console", "python", "yaml", "text"}

    def test_the_tables_name_no_command_that_is_not_shown(self):
        assert set(ELSEWHERE) | set(CHECKED) <= set(COMMANDS)
        assert not set(ELSEWHERE) & set(CHECKED)

    @pytest.mark.parametrize("command", RUN_HERE)
    def test_it_runs(self, workspace, command):
        assert workspace.run(command)

    @pytest.mark.parametrize(("path", "test"), sorted(set(ELSEWHERE.values())), ids=lambda given: given)
    def test_another_test_runs_it(self, path, test):
        tree = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
        assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}

    @pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("kedro run")])
    def test_arguments_parameters_and_nodes_resolve(self, opened, command):
        given = kedro_project.run.make_context("run", shlex.split(command)[2:]).params
        params = opened(given["env"], given["params"]).params
        assert params["backbone"]
        for name in given["pipelines"] or [given["pipeline"] or "__default__"]:
            chosen = pipelines[name].filter(
                node_names=given["node_names"] or None,
                from_nodes=given["from_nodes"] or None,
                node_namespaces=given["namespaces"] or None,
            )
            assert chosen.nodes
            assert set(given["load_versions"]) <= chosen.datasets()

    @pytest.mark.parametrize("command", [c for c in CHECKED if not c.startswith("kedro run")])
    def test_what_is_not_run_is_well_formed(self, command):
        subprocess.run(["bash", "-n"], input=command, text=True, check=True)
        program, *arguments = shlex.split(command)
        if program == "dask":
            from distributed.cli import dask_scheduler, dask_ssh, dask_worker

            mains = {"scheduler": dask_scheduler.main, "worker": dask_worker.main, "ssh": dask_ssh.main}
            assert mains[arguments[0]].make_context(command, arguments[1:])
        elif program == "make":
            done = subprocess.run(["make", "-n", *arguments], cwd=PROJECT, check=True, capture_output=True, text=True)
            assert arguments != ["demo"] or "bin/kedro run --env demo" in done.stdout
        elif extra := re.search(r"grisaille\[(\w+)\]", command):
            assert f"\n{extra[1]} = [" in (PROJECT / "pyproject.toml").read_text(encoding="utf-8")

    def test_every_target_of_make_is_explained(self):
        targets = set(re.findall(r"^([a-z]+):.*##", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
        page = (PROJECT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
        assert set(re.findall(r"`make (\w+)`", page)) == targets - {"help"}


class TestCode:
    @pytest.mark.parametrize("page", sorted({str(block) for block in _blocks("python")}))
    def test_python_runs_from_the_top_of_the_page(self, workspace, page, monkeypatch):
        monkeypatch.chdir(workspace.project)
        names = {"__name__": page}
        for block in _blocks("python"):
            if str(block) == page:
                code = compile(block.text, page, "exec")
                if page not in COMPILED:
                    exec(code, names)

    def test_exported_files_hold_every_painting(self, workspace):
        import pandas as pd

        table = pd.read_csv(workspace.project / "embeddings.csv")
        assert len(table) == len((workspace.project / "vectors.tsv").read_text().splitlines()) == 181
        assert table.columns[:3].tolist() == ["painting_id", "artist", "e000"]

    @pytest.mark.parametrize("block", list(_blocks("yaml")), ids=str)
    def test_configuration_is_read_and_valid(self, opened, block):
        if "filepath" in block.text:
            catalog = (PROJECT / "conf/base/catalog.yml").read_text(encoding="utf-8")
            whole = yaml.safe_load(f"{catalog}\n{block.text}")
            assert all("type" in whole[name] for name in re.findall(r"^(\w+):", block.text, re.MULTILINE))
        elif "storage" in block.text:
            catalog = opened("mine", globals=block.text).catalog
            storage = yaml.safe_load(block.text)["storage"]
            assert str(catalog.get("composition_embeddings")._filepath).startswith(f"{storage}/")
        else:
            given = yaml.safe_load(block.text)
            params = opened(parameters_of_the_page=block.text).params
            assert set(given) <= set(params)
            asked = [name for name, chunk in given.get("chunks", {}).items() if chunk]
            encoded = [n.namespace for n in pipelines["autoencoding"].nodes if n.name.endswith(".encode_chunk")]
            assert asked == encoded[: len(asked)]


class TestColours:
    def test_those_that_are_stored_are_those_of_the_pipelines(self, opened):
        """`python docs/build_viz.py --colours` writes them anew."""
        spec = util.spec_from_file_location("build_viz", PROJECT / "docs" / "build_viz.py")
        build_viz = util.module_from_spec(spec)
        spec.loader.exec_module(build_viz)
        stored = yaml.safe_load((PROJECT / ".viz" / "styles.json").read_text(encoding="utf-8"))
        assert build_viz.colours() == stored


class TestSite:
    @pytest.fixture(scope="class")
    def site(self, tmp_path_factory):
        """What `make docs` builds; a warning is an error."""
        folder = tmp_path_factory.mktemp("site")
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return folder

    def test_every_parameter_has_a_row_and_a_meaning(self, site):
        from grisaille import parameters

        page = (site / "reference" / "parameters.html").read_text(encoding="utf-8")
        rows = dict(
            re.findall(r"<td><code>(\w+)</code></td>.*?<td>([^<]*)(?:<code>.*?)?</td>\s*</tr>", page, re.DOTALL)
        )
        groups = [g for g in vars(parameters).values() if isinstance(g, type) and issubclass(g, parameters.Group)]
        for group in groups:
            assert set(group.model_fields) <= set(rows), group

    def test_formulas_are_drawn_without_a_script(self, site):
        page = (site / "explanation" / "measures.html").read_text(encoding="utf-8")
        assert page.count("<math") > 20
        assert "arithmatex" not in page
        assert "\\frac" not in page

    def test_functions_are_documented(self, site):
        page = (site / "reference" / "measures.html").read_text(encoding="utf-8")
        assert 'id="grisaille.measures.silhouettes.pair_silhouette"' in page
        assert "Rousseeuw 1987" in page

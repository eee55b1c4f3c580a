"""Where people run it: folders of any name, other encodings, copies that were moved, packages without a project."""

import os
import re
import shutil
import subprocess
import sys
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import pandas as pd
import pytest
import yaml
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project

from grisaille.collection import artists, folder
from grisaille.explorer.layout import umap_places
from grisaille.framework import config
from grisaille.framework.catalog import AtomicCatalog
from grisaille.framework.config import RunConfigLoader, find_project
from helpers import PROJECT, command, kedro

ODD = "art [2024] *? \u00fc {x}"


@pytest.fixture
def moved(demo_run, tmp_path):
    """The project and its data, in a folder whose name is full of what patterns are made of."""
    return Path(shutil.copytree(demo_run.untouched, tmp_path / "a [b-c] \u00fc?*"))


class TestFoldersOfAnyName:
    def test_a_project(self, moved, demo_run):
        for part in ("--pipelines", "evaluation"), ("--namespaces", "pool5"), ("--nodes", "group_by_artist"):
            done = kedro("run", "--env", "demo", *part, *demo_run.parameters, cwd=moved, check=False)
            assert done.returncode == 0, done.stderr[-3000:]
            done = command("grisaille", "verify", "newest", "--env", "demo", cwd=moved, check=False)
            assert done.returncode == 0, done.stdout[-3000:]

    @pytest.mark.parametrize("kind", ["pandas.ParquetDataset", "grisaille.datasets.NumPyDataset", "json.JSONDataset"])
    def test_a_storage(self, tmp_path, kind):
        things = {"pandas.ParquetDataset": pd.DataFrame({"a": [1]}), "json.JSONDataset": [1]}
        entry = {"type": kind, "filepath": str(tmp_path / ODD / "thing"), "versioned": True}
        saving, loading = (AtomicCatalog.from_config({"thing": entry}) for _ in range(2))
        given = things.get(kind, pd.DataFrame({"a": [1]}).to_numpy())
        saving.save("thing", given)
        assert str(loading.load("thing")) == str(given)
        assert loading.exists("thing")


class TestOneBaseForPaths:
    @pytest.fixture
    def project(self, tmp_path, monkeypatch):
        shutil.copytree(PROJECT / "conf", tmp_path / "conf")
        shutil.copy(PROJECT / "pyproject.toml", tmp_path)
        mine = {
            "paintings_folder": "mine",
            "artists_file": "~/a.csv",
            "paintings_file": "w.csv",
            "features_file": "v.npy",
            "backbone": {"model_file": "my_model.keras"},
        }
        (tmp_path / "conf" / "local" / "parameters_mine.yml").write_text(yaml.safe_dump(mine))
        (tmp_path / "notebooks").mkdir()
        # Loaders leave themselves to the pipelines.
        monkeypatch.setattr(config, "_newest", config._newest)
        monkeypatch.chdir(tmp_path / "notebooks")
        return tmp_path

    def load(self, project, **given):
        return RunConfigLoader(
            str(project / "conf"), "local", given, base_env="base", default_run_env="local",
            merge_strategy={"parameters": "soft", "globals": "soft"},
        )  # fmt: skip

    def test_files_of_settings_begin_in_the_project(self, project):
        found = self.load(project)["parameters"]
        assert found["paintings_folder"] == str(project / "mine")
        assert found["backbone"]["model_file"] == str(project / "my_model.keras")
        assert found["backbone"]["weights"] == "imagenet"
        assert found["artists_file"] == str(Path.home() / "a.csv")
        assert found["paintings_file"] == str(project / "w.csv")
        assert found["features_file"] == str(project / "v.npy")

    def test_commands_begin_in_the_current_folder(self, project):
        loader = self.load(
            project, paintings_folder="here", storage="out", backbone={"model_file": "b.keras", "weights": "random"}
        )
        found, here = loader["parameters"], project / "notebooks"
        assert found["paintings_folder"] == str(here / "here")
        assert found["backbone"]["model_file"] == str(here / "b.keras")
        assert found["backbone"]["weights"] == "random"
        assert str(loader.storage(project)) == str(here / "out")
        assert loader["catalog"]["raw_paintings"]["path"] == str(here / "here")

    def test_braces_cannot_be_stored_in(self, project):
        """A dataset factory fills them in."""
        with pytest.raises(Exception, match=r"nothing can be stored in .*/a \{b\}: .* placeholders"):
            self.load(project, storage="a {b}")["parameters"]

    def test_addresses_and_wrong_types_are_left_alone(self, project):
        found = self.load(project, paintings_folder="s3://bucket/paintings")["parameters"]
        assert found["paintings_folder"] == "s3://bucket/paintings"
        with pytest.raises(Exception, match="paintings_folder=5: Input should be a valid string"):
            self.load(project, paintings_folder=5)["parameters"]


class TestPackageWithoutAProject:
    """The wheel, and a folder `conf`."""

    @pytest.fixture
    def bare(self, demo_run, tmp_path):
        for name in ("conf", "data"):
            shutil.copytree(demo_run.untouched / name, tmp_path / name)
        return tmp_path

    def test_a_folder_of_settings_makes_one(self, bare):
        assert find_project(bare / "data") == bare
        assert find_project(bare.parents[-1]) is None

    def test_the_commands_that_are_advertised_work(self, bare, demo_run):
        def grisaille(*arguments):
            done = command("grisaille", *arguments, "--env", "demo", cwd=bare, check=False)
            assert done.returncode == 0, done.stderr[-3000:]
            return done.stdout

        grisaille("run", "--pipelines", "ingestion", *demo_run.parameters)
        assert " ok" in grisaille("verify", "newest")
        assert "Ilse_Nebel_1" in grisaille("path", "Ilse_Nebel_1", "Jonas_Dunst_2")

    def test_nowhere(self, tmp_path):
        done = command("grisaille", "verify", "newest", cwd=tmp_path, check=False)
        assert f"there is no project in {tmp_path} or above it" in done.stderr


class TestEncodings:
    """Whatever the machine's, files are in UTF-8."""

    NAMES = ("Albrecht D\u00fcrer", "\u845b\u98fe\u5317\u658e")

    @pytest.mark.parametrize(
        "kind", ["grisaille.datasets.SpreadsheetSafeCSVDataset", "text.TextDataset", "pandas.CSVDataset"]
    )
    def test_text_is_saved_in_utf_8(self, tmp_path, kind, monkeypatch):
        monkeypatch.setattr("io.text_encoding", lambda encoding, *_: encoding or "iso8859-1")
        monkeypatch.setattr("locale.getpreferredencoding", lambda *_: "iso8859-1")
        catalog = AtomicCatalog.from_config({"thing": {"type": kind, "filepath": str(tmp_path / "thing")}})
        assert catalog.get("thing")._fs_open_args_save["encoding"] == "utf-8"
        given = " ".join(self.NAMES) if "Text" in kind else pd.DataFrame({"name": self.NAMES})
        catalog.save("thing", given)
        assert all(name in (tmp_path / "thing").read_text("utf-8") for name in self.NAMES)
        assert str(catalog.load("thing")) == str(given)

    def test_no_file_is_opened_in_an_encoding_that_nobody_named(self, moved, demo_run):
        """Python itself tells of those."""
        strict = {"PYTHONWARNDEFAULTENCODING": "1", "PYTHONWARNINGS": "default::EncodingWarning"}
        options = ("--env", "demo", "--pipelines", "ingestion", *demo_run.parameters)
        done = kedro("run", *options, cwd=moved, environment=strict, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        ours = re.findall(r"(?:/grisaille/|kedro_datasets/|fsspec/)\S*: EncodingWarning", done.stderr)
        assert not ours

    def test_names_of_files_are_read_as_utf_8(self, monkeypatch):
        meant = "Albrecht_D\u00fcrer_1.png"
        assert folder._in_utf_8(meant) == meant
        # As a machine of another encoding reads the bytes of the name.
        monkeypatch.setattr(os, "fsencode", lambda name: name.encode("iso8859-1"))
        assert folder._in_utf_8(meant.encode().decode("iso8859-1")) == meant
        assert folder._in_utf_8("\u845b") == "\u845b"

    def test_files_of_artists_have_names_that_any_machine_reads(self, monkeypatch):
        monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "iso8859-1")
        found = [artists.file_name(name) for name in (*self.NAMES, "Claude Monet")]
        assert found[2] == "Claude_Monet"
        assert all(name.isascii() for name in found)
        assert len(set(found)) == 3

    def test_a_terminal_of_few_letters_ends_no_run(self):
        program = f"from grisaille.terminal import print_any_letter; print_any_letter(); print({self.NAMES[1]!r})"
        limited = os.environ | {"PYTHONIOENCODING": "iso8859-1"}
        done = subprocess.run([sys.executable, "-c", program], env=limited, capture_output=True, check=True)
        assert done.stdout.startswith(b"\\u845b")


class TestLibrariesThatDoNotWork:
    def test_a_layout_less(self, monkeypatch, caplog):
        """As a user without a home and with packages that are read-only: UMAP cannot compile itself."""

        class Broken:
            def UMAP(self, **_):
                raise RuntimeError("cannot cache function '__shear_dense': no locator available for file")

        monkeypatch.setattr("importlib.util.find_spec", lambda name: True)
        monkeypatch.setitem(sys.modules, "umap", Broken())
        embeddings = pd.DataFrame(range(20)).to_numpy(dtype="f4")
        assert umap_places(embeddings, 0) is None
        assert "no UMAP layout, because umap-learn does not work here: cannot cache function" in caplog.text


class TestMakefile:
    def planned(self, place):
        done = subprocess.run(["make", "-n", "install"], cwd=place, capture_output=True, text=True, check=True)
        return done.stdout

    @pytest.fixture
    def installed(self, tmp_path):
        place = tmp_path / "one, [two] (three)"
        place.mkdir()
        for name in ("Makefile", "requirements.lock", "pyproject.toml"):
            shutil.copy(PROJECT / name, place)
        assert "-m venv" in self.planned(place)
        (place / ".venv").mkdir()
        (place / ".venv" / "installed").write_text(f"{place}\n")
        return place

    def test_what_is_installed_stays(self, installed):
        assert "-m venv" not in self.planned(installed)

    def test_a_folder_that_was_moved_is_set_up_anew(self, installed):
        elsewhere = installed.rename(installed.with_name("elsewhere"))
        assert "-m venv --clear .venv" in self.planned(elsewhere)

    def test_a_copy_is_set_up_on_its_own(self, installed):
        copy = shutil.copytree(installed, installed.with_name("copy"))
        assert "-m venv --clear .venv" in self.planned(copy)
        assert "-m venv" not in self.planned(installed)


class TestParallelRunner:
    def test_every_node_can_travel(self):
        bootstrap_project(PROJECT)
        for node in pipelines["__default__"].nodes:
            ForkingPickler.dumps(node)

    def test_a_run(self, moved, demo_run):
        """In a process of its own: it starts others."""
        options = ("--env", "demo", "--runner", "ParallelRunner", "--pipelines", "ingestion,feature_extraction")
        done = kedro("run", *options, *demo_run.parameters, cwd=moved, environment={}, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        tables = moved / "data" / "demo" / "03_primary" / "paintings.parquet"
        newest = max(path for path in tables.iterdir() if path.is_dir())
        assert (newest / "paintings.parquet.stamp.json").is_file()

"""A collection that grows, shrinks and is renamed, and another that shares some of its paintings."""

import shutil

import pytest

from chaos import QUICK
from helpers import command, encode, kedro, picture


class Gallery:
    """A folder of paintings, and a project that looks at them."""

    def __init__(self, demo_run, root):
        self.folder, self.project, self.storage = root / "paintings", root / "project", root / "data"
        shutil.copytree(demo_run.untouched, self.project, ignore=shutil.ignore_patterns("data"))
        (self.project / "conf" / "demo" / "catalog.yml").unlink()
        self._given = f"{demo_run.parameters[1]},{QUICK},storage={self.storage}"

    def add(self, *numbers, folder=None):
        folder = folder or self.folder
        folder.mkdir(exist_ok=True)
        for number in numbers:
            (folder / f"{'Ada' if number % 2 else 'Bo'}_{number}.png").write_bytes(encode(picture(number)))

    def extract(self, folder=None):
        """What a run says."""
        given = f"{self._given},paintings_folder={folder or self.folder}"
        pipelines = ("--pipelines", "ingestion,feature_extraction")
        return kedro("run", "--env", "demo", *pipelines, "--params", given, cwd=self.project).stdout

    def clean(self, *options, said=""):
        where = ("--env", "demo", "--storage", str(self.storage))
        return command("grisaille", "clean", *where, *options, cwd=self.project, check=False, said=said)


@pytest.fixture(scope="module")
def gallery(demo_run, tmp_path_factory):
    gallery = Gallery(demo_run, tmp_path_factory.mktemp("gallery"))
    gallery.add(*range(12))
    gallery.extract()
    return gallery


def test_a_collection_that_changes(gallery):
    gallery.add(12, 13, 14)
    assert "features of 12 paintings are known, 3 are new" in gallery.extract()
    for number in (1, 3):
        (gallery.folder / f"Ada_{number}.png").unlink()
    for number in (5, 7):
        (gallery.folder / f"Ada_{number}.png").rename(gallery.folder / f"Cy_{number}.png")
    assert "features of 13 paintings are known, 0 are new" in gallery.extract()
    another = gallery.folder.with_name("another")
    gallery.add(2, 4, 6, 20, 21, folder=another)
    assert "features of 3 paintings are known, 2 are new" in gallery.extract(another)

    said = gallery.clean(said="n\n")
    assert f"current: 13 paintings of {gallery.folder}" in said.stdout
    assert f"current: 5 paintings of {another}" in said.stdout
    assert "features of 17 paintings, 2 of which are in no current collection" in said.stdout
    assert said.returncode == 1
    assert "features of 13 paintings are known, 0 are new" in gallery.extract()

    said = gallery.clean("--yes", "--forget", str(another))
    assert "features of 17 paintings, 4 of which are in no current collection" in said.stdout
    assert "there is nothing to remove" in gallery.clean("--forget", str(another)).stdout
    assert "features of 13 paintings are known, 0 are new" in gallery.extract()
    assert "features of 3 paintings are known, 2 are new" in gallery.extract(another)

    said = gallery.clean("--forget", "/nowhere")
    assert said.returncode == 2
    assert "no run has read /nowhere" in said.stderr

"""`grisaille export` on what the demo has left."""

import pandas as pd
import pytest

from helpers import command


@pytest.fixture
def export(demo_run, tmp_path):
    def run(*arguments, **options):
        where = ("--env", "demo", "--output", str(tmp_path / "out"))
        return command("grisaille", "export", *arguments, *where, cwd=demo_run.project, **options)

    return run


def test_a_table_for_tropy(export, demo_run, tmp_path):
    export("tropy")
    table = pd.read_csv(tmp_path / "out", keep_default_na=False)
    assert len(table) == len(pd.read_parquet(demo_run.newest("03_primary/paintings.parquet")))
    assert table.columns[-1] == "https://tropy.org/v1/tropy#path"


def test_a_table_for_omeka(export, demo_run, tmp_path):
    if not (demo_run.data / "08_reporting/embedding_neighbours.parquet").exists():
        demo_run.again("--pipelines", "discovery")
    export("omeka", "--likeness", "style")
    table = pd.read_csv(tmp_path / "out", keep_default_na=False).set_index("dcterms:identifier")
    near = pd.read_parquet(demo_run.newest("08_reporting/embedding_neighbours.parquet"))
    near = near[near["likeness"] == "style"].sort_values("rank")
    first = near["painting_id"].iloc[0]
    assert (
        table.loc[first, "dcterms:relation"].split(";")
        == near.loc[near["painting_id"] == first, "neighbour_id"].tolist()
    )


def test_annotations_need_manifests(export, demo_run):
    if not (demo_run.data / "08_reporting/embedding_neighbours.parquet").exists():
        demo_run.again("--pipelines", "discovery")
    done = export("annotations", "--address", "https://example.org/alike", check=False)
    assert done.returncode == 1
    assert "no painting comes from a IIIF manifest" in done.stderr

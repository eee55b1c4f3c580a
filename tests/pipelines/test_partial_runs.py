"""Parts of a run of somebody's own collection, which are not told where that lies."""

import json
import shutil

import pandas as pd

from chaos import QUICK
from helpers import command, encode, kedro, picture


def test_a_part_reads_the_folder_and_the_tables_that_the_whole_read(demo_run, tmp_path):
    folder, project = tmp_path / "paintings", tmp_path / "project"
    folder.mkdir()
    for number in range(12):
        (folder / f"{'Ada' if number % 2 else 'Bo'}_{number}.png").write_bytes(encode(picture(number)))
    artists = pd.DataFrame({"name": ["Ada", "Bo"], "genre": ["Cubism"] * 2, "nationality": ["Dutch", "Irish"]})
    artists.to_csv(tmp_path / "artists.csv")
    shutil.copytree(demo_run.untouched, project, ignore=shutil.ignore_patterns("data"))
    (project / "conf" / "demo" / "catalog.yml").unlink()
    own = f"paintings_folder={folder},artists_file={tmp_path / 'artists.csv'}"
    parameters = f"{demo_run.parameters[1]},{QUICK},storage={tmp_path}/data"

    def newest(path):
        *_, last = sorted((tmp_path / "data" / path).iterdir())
        return last / path.rpartition("/")[2]

    def usefulness():
        files = sorted((tmp_path / "data" / "08_reporting" / "usefulness.csv").glob("*/usefulness.csv"))
        return len(files), files[-1].read_text()

    kedro("run", "--env", "demo", "--params", f"{parameters},{own}", cwd=project)
    _, whole = usefulness()
    done = kedro(
        "run", "--env", "demo", "--pipelines", "evaluation", "--params", f"storage={tmp_path}/data", cwd=project
    )
    assert "paintings is older" not in done.stdout + done.stderr
    assert usefulness() == (2, whole)
    verified = command("grisaille", "verify", "newest", "--env", "demo", "--storage", f"{tmp_path}/data", cwd=project)
    assert "12 files ok" in verified.stdout

    # What names paintings makes neither features nor models again.
    (tmp_path / "works.tsv").write_text("Datei\tWer\tyear\nAda_1\tBo\t1503\n", encoding="utf-16")
    named = f"{parameters},{own},paintings_file={tmp_path}/works.tsv,ingestion.columns.file=Datei"
    kedro(
        "run",
        "--env",
        "demo",
        "--only-missing-outputs",
        "--params",
        f"{named},ingestion.columns.artist=Wer",
        cwd=project,
    )
    ran = set(json.loads(newest("08_reporting/run_manifest.json").read_text())["node_seconds"])
    assert {"ingestion.name_artists", "evaluation.measure_usefulness"} <= ran
    assert {name.partition(".")[0] for name in ran} <= {"ingestion", "evaluation", "group_by_artist"}
    paintings = pd.read_parquet(newest("03_primary/paintings.parquet")).set_index("painting_id")
    assert paintings.loc["Ada_1", ["artist", "year_from"]].tolist() == ["Bo", 1503]
    assert len(pd.read_csv(newest("03_primary/unmatched_works.csv"))) == 11

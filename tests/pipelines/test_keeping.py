"""Features that are let go once everything is made of them, and what is answered without them."""

import shutil

import numpy as np
import pandas as pd
import pytest

from grisaille.demo import painter as gallery
from helpers import Run, raw_distances

ARTIST = gallery.ARTISTS[0]


def arrays(run):
    """Bytes of the features that the CNN saw."""
    return sum(path.stat().st_size for path in (run.data / "04_feature").glob("**/block*/*.npy"))


@pytest.fixture(scope="module")
def kept(demo_run, tmp_path_factory) -> Run:
    """A run whose features were let go after the fact."""
    project = tmp_path_factory.mktemp("kept") / "project"
    shutil.copytree(demo_run.untouched, project)
    given = f"{demo_run.parameters[1]},features.keep=codes,features.sample=20,features.share=0.2"
    run = Run(project, "", ("--params", given), project)
    done = run.again("--pipelines", "keeping")
    return Run(project, done.stdout + done.stderr, run.parameters, project)


class TestLettingGo:
    def test_a_sample_stays_on_the_disk(self, demo_run, kept):
        paintings = pd.read_parquet(kept.newest("03_primary/paintings.parquet"))["sha256"]
        # Copies of one file share their features.
        gone = set(paintings) - set(kept.table("kept_features.csv")["sha256"])
        assert f"features of {len(gone)} of {len(paintings)} paintings were let go" in kept.output
        # Every shard that is left has a header of 128 bytes.
        assert arrays(kept) < 0.3 * arrays(demo_run)
        assert len(kept.table("kept_features.csv")) == 20

    def test_what_it_costs_is_measured(self, kept):
        table = kept.table("kept_by_feature_codes.csv").set_index("likeness")
        assert list(table.index) == ["composition", "style"]
        assert (table["share"] <= 0.2).all()
        assert (table["by_codes"] <= table["by_features"]).all()
        assert (table["kept"] > 0.7).all()

    @pytest.mark.parametrize("likeness", ["composition", "style"])
    def test_shortlists_are_ordered_by_the_codes(self, demo_run, kept, tmp_path, likeness):
        hanging = tmp_path / "hanging.png"
        hanging.write_bytes(gallery.png(gallery.work(ARTIST, 4, seed=0)))
        asked = ("similar", str(hanging), "--likeness", likeness, "--shortlist", "60", "-n", "10", "-o", str(tmp_path))
        kept.grisaille(*asked)
        found = pd.read_csv(tmp_path / "look_alikes.csv")
        near = pd.read_parquet(demo_run.first("08_reporting/neighbours.parquet"))
        expected = raw_distances(near, f"{ARTIST.name.replace(' ', '_')}_5", likeness)
        known = found[found["painting_id"].isin(expected.index)]
        assert len(known) >= 6
        np.testing.assert_allclose(known["distance"], expected[known["painting_id"]], rtol=0.3)

    def test_nothing_is_extracted_for_what_is_made_already(self, kept):
        done = kept.again("--only-missing-outputs", "--pipelines", "feature_extraction,autoencoding,keeping")
        assert " new\n" not in done.stdout
        assert len(kept.table("kept_features.csv")) == 20

    def test_what_needs_all_features_ends_in_one_line(self, kept):
        done = kept.again("--nodes", "feature_extraction.measure_layers", check=False)
        assert done.returncode == 1
        assert "paintings were let go (features.keep): `kedro run` extracts them again" in done.stdout + done.stderr

    def test_the_sample_can_still_be_measured_by(self, kept):
        kept.again("--nodes", "measure_feature_codes")
        assert set(kept.table("kept_by_feature_codes.csv")["paintings"]) == {20}

"""One run of the demo is broken again and again, and goes on each time; tests/chaos.py breaks many more."""

import random
import signal

import pytest

import chaos
from chaos import Point
from grisaille.storage.run_lock import HOLDER
from helpers import another_run, flip

KILLED = {"extraction": 1, "saving models": 1, "evaluation": 1}


def gallery_of(folder, cnn):
    gallery = chaos.small_gallery(folder, cnn)
    option, parameters = gallery.parameters
    gallery.parameters = (option, f"{parameters},{chaos.QUICK}")
    return gallery


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, small_cnn):
    gallery = gallery_of(tmp_path_factory.mktemp("undisturbed") / "project", small_cnn)
    outcome = gallery.run()
    assert outcome.status == 0, outcome.output[-4000:]
    return gallery, outcome


@pytest.fixture(scope="module")
def broken(tmp_path_factory, small_cnn, undisturbed):
    """A gallery whose run was killed at three points and met a full disk; and what each left."""
    gallery = gallery_of(tmp_path_factory.mktemp("broken") / "project", small_cnn)
    events = undisturbed[1].events
    points = chaos.choose(events, random.Random(11), KILLED)
    codes = [event for event in events if event.stage == "saving codes" and event.kind == "open"]
    points.insert(2, Point(codes[len(codes) // 2], "full"))
    left = []
    for point in points:
        before = gallery.shards()
        outcome = gallery.run(point=point)
        left.append((point, outcome, before, gallery.shards(), gallery.damaged(), gallery.left_over()))
    return gallery, left


class TestUndisturbedRun:
    def test_every_version_is_sealed(self, undisturbed):
        assert undisturbed[0].damaged() == []


class TestBrokenRuns:
    def test_they_were_broken_where_it_was_meant(self, broken):
        for point, outcome, *_ in broken[1]:
            assert outcome.status == (1 if point.how == "full" else -signal.SIGKILL), outcome.output[-4000:]

    def test_no_half_of_a_file_has_its_name(self, broken):
        for point, _, _, _, damaged, _ in broken[1]:
            assert not damaged, point.words

    def test_a_full_disk_is_told_once_with_the_path(self, broken):
        point, outcome, _, _, _, left_over = next(each for each in broken[1] if each[0].how == "full")
        assert chaos.told_of_full_disk(outcome) == [point.name], outcome.output[-4000:]
        assert "the failed run has no manifest: the disk is full" in outcome.output
        assert not left_over

    def test_the_next_run_ends_as_an_undisturbed_one(self, broken, undisturbed):
        gallery, left = broken
        shards = left[-1][3]
        outcome = gallery.run()
        assert outcome.status == 0, outcome.output[-4000:]
        assert gallery.results() == undisturbed[0].results()
        assert gallery.shards() == shards
        assert gallery.left_over() == []

    def test_no_stored_shard_was_written_again(self, broken):
        stored = [before for _, _, before, *_ in broken[1]] + [after for *_, after, _, _ in broken[1]]
        assert stored[0] == {}
        assert len(stored[-1]) > 0
        for _, _, before, after, _, _ in broken[1]:
            assert before.items() <= after.items()


class TestSmallDisk:
    def test_a_run_that_fills_it_says_so_and_ends_as_any_other_once_there_is_room(
        self, tmp_path, small_cnn, undisturbed
    ):
        gallery = gallery_of(tmp_path / "project", small_cnn)
        stage, expected = "evaluation", undisturbed[0].results()
        try:
            row = chaos.check_small_disk(gallery, stage, chaos.room_until(undisturbed[0], stage), expected)
        except PermissionError as error:
            pytest.skip(f"to mount a small disk takes root: {error}")
        assert row["held"], row


class TestFlippedByte:
    """In what is only stored: catalog and store are tested with every kind of file."""

    def test_it_is_named_before_it_is_used_and_that_file_alone_made_again(self, undisturbed):
        gallery, _ = undisturbed
        embeddings = max(gallery.data.glob("07_model_output/composition_embeddings.npy/*/composition_embeddings.npy"))
        whole, others = embeddings.read_bytes(), gallery.written()
        flip(embeddings)
        refused = gallery.run("--pipelines", "evaluation")
        assert refused.status == 1
        said = "".join(refused.output.split())
        assert f"{embeddings}isdamaged" in said
        assert "kedrorun--only-missing-outputs" in said
        assert gallery.run("--pipelines", "autoencoding", "--only-missing-outputs").status == 0
        again = max(gallery.data.glob("07_model_output/composition_embeddings.npy/*/composition_embeddings.npy"))
        assert again.read_bytes() == whole
        made = {path.rpartition("/")[2].removesuffix(".stamp.json") for path in gallery.written() - others}
        # What the node that joins the codes writes, and what every run leaves.
        assert made == {
            "composition_embeddings.npy",
            *(f"{name}.npy" for name in ("bits", "codes", "directions", "levels", "longest", "mean", "variances")),
            "composition_codes",
            "style_codes",
            "style_embeddings.npy",
            "run_manifest.json",
        }


class TestTwoRuns:
    def test_the_second_refuses_and_touches_nothing(self, undisturbed):
        gallery, _ = undisturbed
        with another_run(gallery.data) as first:
            before = gallery.written()
            second = gallery.run("--pipelines", "evaluation")
            assert second.status == 1
            said = "".join(second.output.split())
            assert f"anotherruniswritingto{gallery.data}:process{first.pid}" in said
            assert gallery.written() == before
            assert (gallery.data / HOLDER).exists()

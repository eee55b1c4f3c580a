import logging
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from grisaille.collection import duplicates, split
from grisaille.collection.artists import (
    UNKNOWN,
    ArtistIndex,
    described,
    lifespan,
    misspelt,
    normalise,
    present,
    rows_of,
)
from grisaille.collection.catalogue import EmptyCollectionError
from grisaille.parameters import Ingestion
from helpers import catalogued, encode, picture

ARTISTS = pd.DataFrame(
    {
        "name": ["Claude Monet", "Albrecht Dürer", "Pierre-Auguste Renoir"],
        "genre": ["Impressionism", "Northern Renaissance", "Impressionism,Realism"],
    }
)
ALIASES = {"Albrecht_Du╠êrer": "Albrecht Dürer", "Albrecht_DuΓòá├¬rer": "Albrecht Dürer"}


def files(*paths, start=0):
    return {path: partial(encode, picture(number)) for number, path in enumerate(paths, start=start)}


COMPANY = ("~1.png", "~2.png", "~3.png")


def run(given_files, artists=ARTISTS, seed=0, **settings):
    """Catalogue files in the company of three more, so that there are enough; their rows are taken off again."""
    company = files(*COMPANY, start=100)
    table, rejected = catalogued(given_files | company, artists, Ingestion(aliases=ALIASES, **settings), seed)
    return table[~table["path"].isin(COMPANY)], rejected


class TestGroupsOfArtists:
    ARTISTS = np.array(["Albrecht Dürer", "Ada", "Albrecht Dürer", "Bo"])

    def test_spellings_do_not_matter(self):
        assert rows_of(self.ARTISTS, ["albrecht_durer", "Bo", "Nobody"]).tolist() == [0, 2, 3]

    def test_only_who_is_there_is_named(self):
        assert present(["Nobody", "Albrecht Durer"], self.ARTISTS) == ["Albrecht Durer"]
        assert present(["Nobody", "No-one"], self.ARTISTS) == ["Nobody", "No-one"]

    def test_who_may_be_meant(self):
        assert misspelt(["Albrecht Duerer", "Albrecht Durer", "Raphael"], self.ARTISTS) == {
            "Albrecht Duerer": "Albrecht Dürer"
        }


class TestNames:
    @pytest.mark.parametrize(
        ("path", "artist"),
        [
            ("Claude_Monet_12.jpg", "Claude Monet"),
            ("Claude_Monet/Claude_Monet_12.jpg", "Claude Monet"),
            ("Claude Monet/water lilies.png", "Claude Monet"),
            ("images/images/Claude_Monet/Claude_Monet_1.jpg", "Claude Monet"),
            ("resized/resized/Claude_Monet_1.jpg", "Claude Monet"),
            ("Albrecht_Durer_3.jpg", "Albrecht Dürer"),
            ("Albrecht_Dürer/Albrecht_Dürer_3.jpg", "Albrecht Dürer"),
            ("Albrecht_Du\u0308rer_3.jpg", "Albrecht Dürer"),
            ("images/images/Albrecht_Du╠êrer/Albrecht_Du╠êrer_9.jpg", "Albrecht Dürer"),
            ("images/images/Albrecht_DuΓòá├¬rer/Albrecht_DuΓòá├¬rer_9.jpg", "Albrecht Dürer"),
            ("pierre-auguste renoir (4).TIF", "Pierre-Auguste Renoir"),
            ("Claude Monet 12 (copy).jpg", "Claude Monet"),
            ("Claude_Monet_12 - Copy (2).jpg", "Claude Monet"),
        ],
    )
    def test_known_artists(self, path, artist):
        assert ArtistIndex.build(ARTISTS, ALIASES).match(path) == (artist, True)

    @pytest.mark.parametrize(
        ("path", "artist"),
        [
            ("Aunt_Mabel/seaside.jpg", "Aunt Mabel"),
            ("Aunt_Mabel_7.jpg", "Aunt Mabel"),
            ("Scopy_1.jpg", "Scopy"),
            ("Bo_1.png", "Bo"),
            ("PABLO PICASSO 3.jpg", "PABLO PICASSO"),
            ("\u845b\u98fe_1.jpg", "\u845b\u98fe"),
            ("Sir_Joshua_Reynolds_Jr._2.jpg", "Sir Joshua Reynolds Jr."),
            # One word may be a first name.
            ("Claude_Lorrain_1.jpg", "Claude Lorrain"),
            ("Claude Monetti/1.jpg", "Claude Monetti"),
        ],
    )
    def test_strangers_keep_their_own_name(self, path, artist):
        assert ArtistIndex.build(ARTISTS, ALIASES).match(path) == (artist, False)

    @pytest.mark.parametrize(
        "path",
        [
            "SK-A-4881.jpg", "sk-a-4881.jpg", "N01234_1.jpg", "1982.60.1.jpg", "3f2a9c-77.png", "inv/SK-A/4881.jpg",
            "12.jpg", "IMG_1234.jpg", "DSC00012.JPG", "photo0.jpg", "Screenshot 3.png", "2021/12.jpg",
            "Mona Lisa.jpg", "a.png",
        ],
    )  # fmt: skip
    def test_codes_numbers_and_titles_are_nobodys_names(self, path):
        assert ArtistIndex.build(ARTISTS, ALIASES).match(path) == (UNKNOWN, False)

    def test_paintings_by_nobody_knows_whom_are_counted_and_named(self, caplog):
        with caplog.at_level(logging.WARNING):
            table, _ = run(files("SK-A-1.png", "SK-A-2.png", "Claude_Monet_1.png"))
        assert table["artist"].tolist() == ["Claude Monet", UNKNOWN, UNKNOWN]
        assert "left out of comparisons of artists (5 of 6): SK-A-1.png, SK-A-2.png" in caplog.text
        assert "used as written" not in caplog.text

    def test_without_a_table_everyone_is_a_stranger(self):
        table, _ = run(files("Aunt_Mabel/a.png"), artists=pd.DataFrame({"name": [], "genre": []}))
        assert table.loc[0, ["artist", "movements"]].tolist() == ["Aunt Mabel", ""]

    MASTERS = pd.DataFrame({"name": ["Claude Monet", "Titian", "Master of 1518", "Master of 1473"]})

    @pytest.mark.parametrize(
        ("path", "artist"),
        [
            ("Impressionism/claude-monet_water-lilies-1916.jpg", "Claude Monet"),
            ("Claude Monet/Water Lilies/1.jpg", "Claude Monet"),
            ("paintings/Claude Monet (1840-1926)/Giverny/garden/x.jpg", "Claude Monet"),
            ("Master_of_1518_1.jpg", "Master of 1518"),
            ("Master_of_1473_2.jpg", "Master of 1473"),
            ("Master of 1518/12.jpg", "Master of 1518"),
            ("Renaissance/titian_venus-of-urbino-1538.jpg", "Titian"),
            ("Titian - Venus of Urbino.jpg", "Titian"),
            ("M\u00fcnchen, Alte Pinakothek/Monet, Claude - 1877 - Gare (2).jpg", "Claude Monet"),
            ("Monet, Claude/gare.jpg", "Claude Monet"),
            ("Titian, Venus of Urbino (1538).jpg", "Titian"),
            ("Claude_Monet_Water_Lilies_1916.jpg", "Claude Monet"),
            # The whole of a file's name says more than the beginning of a folder's.
            ("Claude Monet and friends/Titian_1.jpg", "Titian"),
        ],
    )
    def test_the_table_decides_what_of_a_path_is_a_name(self, path, artist):
        assert ArtistIndex.build(self.MASTERS, {}).match(path) == (artist, True)

    def test_strangers_are_reported(self, caplog):
        with caplog.at_level(logging.WARNING):
            run(files("Aunt_Mabel/a.png", "Claude_Monet/a.png"))
        assert "Aunt Mabel" in caplog.text
        assert "Monet" not in caplog.text

    def test_a_table_without_names(self):
        with pytest.raises(ValueError, match="needs a column 'name'"):
            run(files("a.png"), artists=pd.DataFrame({"artist": ["x"]}))

    @given(st.text())
    def test_normalising_twice_changes_nothing(self, name):
        assert normalise(normalise(name)) == normalise(name)

    def test_spellings_of_somebody_in_no_table_become_the_most_frequent(self):
        table, _ = run(files("Rosa_Bonheur_1.png", "rosa bonheur 2.png", "Rosa-Bonheur_3.png", "Rosa_Bonheur_4.png"))
        assert set(table["artist"]) == {"Rosa Bonheur"}


class TestTable:
    def test_one_row_a_painting_in_the_order_of_paths(self):
        unordered = dict(reversed(list(files("b/2.png", "a/1.png", "c.png").items())))
        table, rejected = run(unordered)
        assert table["path"].tolist() == ["a/1.png", "b/2.png", "c.png"]
        assert table["painting_id"].tolist() == ["a/1", "b/2", "c"]
        assert rejected.empty

    def test_identifiers_stay_unique(self):
        table, _ = run(files("a.png", "a.jpg"))
        assert table["painting_id"].tolist() == ["a.jpg", "a.png"]

    def test_movements(self):
        table, _ = run(files("Pierre-Auguste_Renoir_1.jpg"))
        assert table.loc[0, "movements"] == "Impressionism, Realism"

    def test_the_archive_holds_every_painting_once(self):
        paths = ["images/images/Claude_Monet/Claude_Monet_1.jpg", "resized/resized/Claude_Monet_1.jpg"]
        table, _ = run(files(*paths, "resized/resized/Claude_Monet_2.jpg"))
        assert table["path"].tolist() == [paths[0], "resized/resized/Claude_Monet_2.jpg"]

    def test_bad_files_are_rejected_and_the_rest_goes_on(self):
        def forbidden():
            raise PermissionError(13, "Permission denied")

        bad = {"empty.jpg": bytes, "text.jpg": lambda: b"hello", "forbidden.jpg": forbidden}
        table, rejected = run(files("Claude_Monet_1.png") | bad)
        assert table["path"].tolist() == ["Claude_Monet_1.png"]
        reasons = dict(zip(rejected["path"], rejected["reason"], strict=True))
        assert set(reasons) == set(bad)
        assert "Permission denied" in reasons["forbidden.jpg"]

    def test_nothing_usable_names_the_first_reasons(self):
        with pytest.raises(EmptyCollectionError, match=r"none of 1 file in.*a\.jpg: empty file"):
            catalogued({"a.jpg": bytes}, ARTISTS, Ingestion(), 0)

    def test_two_paintings_are_too_few_to_compare(self):
        with pytest.raises(EmptyCollectionError, match="only 2 of 2 files in the collection can be used"):
            catalogued(files("a.png", "b.png"), ARTISTS, Ingestion(), 0)

    def test_no_file_at_all_says_what_was_looked_for(self):
        with pytest.raises(EmptyCollectionError, match=r"\.jpg, \.jpeg.*Artist_Name_12\.jpg.*images/images"):
            catalogued({}, ARTISTS, Ingestion(), 0)


class TestDuplicates:
    def test_copies_point_at_the_first(self):
        same = partial(encode, picture(1))
        again = partial(encode, picture(1), "JPEG")
        table, _ = run({"a.png": same, "b.png": same, "c.jpg": again} | files("d.png", start=7))
        assert table["duplicate_of"].tolist()[1:3] == ["a", "a"]
        assert table["duplicate_of"].isna().tolist() == [True, False, False, True]

    def test_near_duplicates_can_be_left_alone(self):
        table, _ = run(
            {"a.png": partial(encode, picture(1)), "c.jpg": partial(encode, picture(1), "JPEG")},
            near_duplicate_bits=None,
        )
        assert table["duplicate_of"].isna().all()

    def test_a_chain_of_small_steps_does_not_join_its_ends(self):
        hashes = np.array([0b0, 0b1111, 0b11111111], dtype=np.uint64)
        assert duplicates.first_of_each(hashes, hashes, ["a", "b", "c"], 4).tolist() == [0, 0, 2]

    def test_stripes_that_one_hash_cannot_tell_apart_are_no_duplicates(self):
        """Pictures that vary in one direction only, as a newcomer's stripes did."""
        drawn = {}
        for name, phase in (("a", 0.0), ("b", 0.5), ("c", 1.0)):
            wave = 127 + 120 * np.sin(np.linspace(0, 9 * np.pi, 96) + phase * np.pi)
            drawn[f"{name}.png"] = partial(encode, Image.fromarray(np.tile(wave.astype("u1"), (96, 1))).convert("RGB"))
        table, _ = run(drawn)
        assert table["duplicate_of"].isna().all()


class TestSplit:
    def test_shares(self):
        assigned = split.assign([f"{n:064x}" for n in range(200)], np.arange(200), 0.05, 0.1, seed=0)
        assert {part: int((assigned == part).sum()) for part in set(assigned)} == {
            "train": 170,
            "validation": 10,
            "held_out": 20,
        }

    def test_the_order_of_files_does_not_matter(self):
        digests = [f"{n:064x}" for n in range(50)]
        forward = dict(zip(digests, split.assign(digests, np.arange(50), 0.1, 0.2, 3), strict=True))
        backward = dict(zip(digests[::-1], split.assign(digests[::-1], np.arange(50), 0.1, 0.2, 3), strict=True))
        assert forward == backward

    def test_a_duplicate_goes_with_its_original(self):
        digests = [f"{n:064x}" for n in range(40)]
        originals = np.arange(40) // 2 * 2
        assigned = split.assign(digests, originals, 0.1, 0.2, 0)
        assert np.array_equal(assigned[::2], assigned[1::2])

    def test_another_seed_is_another_split(self):
        digests = [f"{n:064x}" for n in range(50)]
        assert (
            split.assign(digests, np.arange(50), 0.1, 0.2, 0) != split.assign(digests, np.arange(50), 0.1, 0.2, 1)
        ).any()


class TestWhatIsTold:
    def test_one_painting_under_two_names(self, caplog):
        same = partial(encode, picture(3))
        with caplog.at_level(logging.WARNING):
            run({"Ada_1.png": same, "Ada_2.png": same, "Bo_1.png": same})
        assert "Bo_1.png (Bo) is a duplicate of Ada_1 (Ada)" in caplog.text
        assert "Ada_2" not in caplog.text

    def test_files_that_are_no_images_are_listed(self):
        class Folder(dict):
            others = ("notes.txt", "IMG_1.heic")

        given_files = Folder(files("Ada_1.png", "Ada_2.png", "Bo_1.png"))
        _, rejected = catalogued(given_files, ARTISTS, Ingestion(), 0)
        assert rejected["path"].tolist() == ["notes.txt", "IMG_1.heic"]
        assert rejected["reason"].str.startswith("no image by its name: .jpg").all()


class TestLives:
    @pytest.mark.parametrize(
        ("text", "life"),
        [
            ("1834 - 1917", (1834, 1917)),
            ("c. 1390\N{EN DASH}1441", (1390, 1441)),
            ("1571-09-29 - 1610-07-18", (1571, 1610)),
            ("1881-", (1881, None)),
            ("\N{EN DASH} 1516", (None, 1516)),
            ("active 1500", (None, None)),
            ("1917 - 1834", (None, None)),
            ("16th century", (None, None)),
            ("", (None, None)),
        ],
    )
    def test_as_tables_write_them(self, text, life):
        assert lifespan(text) == life

    def test_what_a_table_says_of_artists(self):
        table = pd.DataFrame(
            {"name": ["Ada", " Bo ", "Bo"], "years": ["1834 - 1917", None, "1 - 2"], "nationality": ["", "French", "x"]}
        )
        found = described(table, ["Bo", "Nobody", "Ada"])
        assert found[["artist", "years", "nationality"]].to_numpy().tolist() == [
            ["Bo", "", "French"],
            ["Nobody", "", ""],
            ["Ada", "1834 - 1917", ""],
        ]
        assert found["born"].tolist() == [pd.NA, pd.NA, 1834]

    def test_without_a_table(self):
        found = described(pd.DataFrame({"name": [], "genre": []}), ["Ada"])
        assert found["years"].tolist() == [""]
        assert found["died"].isna().all()

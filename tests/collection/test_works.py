"""Tables of paintings: recognised in the shapes that collections publish, joined to pictures, never joined wrong."""

import io
import json
import logging

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyarrow import parquet

from grisaille.collection import catalogue, works
from grisaille.collection.artists import read_table
from grisaille.collection.tables import TableError
from grisaille.collection.works import DESCRIPTION, RECOGNISED, join_works, read_works
from grisaille.collection.years import parse_years


def read(text, suffix=".csv", **columns):
    return read_works(text.encode(), suffix, columns)


def named(text, paths, artists="name\n", aliases=None, **columns):
    """Both tables that the pipeline makes of some pictures and a table of paintings."""
    files = pd.DataFrame({name: paths for name in catalogue.FILE_COLUMNS})
    files["painting_id"] = [path.rpartition(".")[0] for path in paths]
    files["duplicate_of"] = None
    return catalogue.name_artists(files, read_table(artists.encode()), read(text, **columns), aliases or {})


class TestYears:
    @pytest.mark.parametrize(
        ("text", "years"),
        [
            ("1503", (1503, 1503)),
            ("1503.0", (1503, 1503)),
            ("c. 1503", (1503, 1503)),
            ("drawn circa 1874", (1874, 1874)),
            ("1913 (reworked 1914)", (1913, 1914)),
            ("1516 or shortly after", (1516, None)),
            ("c1503", (1503, 1503)),
            ("ca.1503-1506", (1503, 1506)),
            ("um 1503", (1503, 1503)),
            ("1503?", (1503, 1503)),
            ("[1503]", (1503, 1503)),
            ("1503 or 1504", (1503, 1504)),
            ("1480-85", (1480, 1485)),
            ("1480\u201385", (1480, 1485)),
            ("1480/85", (1480, 1485)),
            ("1498-1502", (1498, 1502)),
            ("begun 1503, completed 1506", (1503, 1506)),
            ("signed and dated 1889", (1889, 1889)),
            ("between 1503 and 1506", (1503, 1506)),
            ("von 1503 bis 1506", (1503, 1506)),
            ("1890s", (1890, 1899)),
            ("early 1890s", (1890, 1892)),
            ("1500s", (1500, 1599)),
            ("before 1500", (None, 1500)),
            ("after 1500", (1500, None)),
            ("1500 or later", (1500, None)),
            ("after 1500, before 1520", (1500, 1520)),
            ("16th century", (1500, 1599)),
            ("early 16th c.", (1500, 1532)),
            ("mid-16th century", (1533, 1566)),
            ("late 19th century", (1867, 1899)),
            ("2nd half of 17th century", (1650, 1699)),
            ("17th century (last quarter)", (1675, 1699)),
            ("15th-16th century", (1400, 1599)),
            ("late 15th or early 16th century", (1467, 1532)),
            ("16. Jahrhundert", (1500, 1599)),
            ("2. H\u00e4lfte 16. Jh.", (1550, 1599)),
            ("XVIe si\u00e8cle", (1500, 1599)),
            ("fin XVe-d\u00e9but XVIe si\u00e8cle", (1467, 1532)),
            ("secolo XVI", (1500, 1599)),
            ("500 BC", (-500, -500)),
            ("500-450 BC", (-500, -450)),
            ("5th century BC", (-500, -401)),
            ("27 BC-AD 14", (-27, 14)),
            ("-500", (-500, -500)),
            ("1889-06-15", (1889, 1889)),
            ("1889-06-15 00:00:00", (1889, 1889)),
            ("1889-06", (1889, 1889)),
            ("15/06/1889", (1889, 1889)),
            ("15.06.1889", (1889, 1889)),
            ("June 1889", (1889, 1889)),
            ("June 15, 1889", (1889, 1889)),
            ("15. Juni 1889", (1889, 1889)),
            ("December 1888 - January 1889", (1888, 1889)),
            ("Arles, June 1888", (1888, 1888)),
        ],
    )
    def test_dates_as_catalogues_write_them(self, text, years):
        assert parse_years(text) == years
        assert parse_years(text.upper()) == years

    @pytest.mark.parametrize(
        "text",
        [
            "", "n.d.", "undated", "0", "9999", "4881", "SK-A-1718", "1982.60.1", "Inv. 1718", "N01503", "1503a", "850",
            "1,503", "1506-1503", "1889, printed 1920", "room 1503", "12/1503/9", "0th century", "40th century",
            "x" * 1000,
        ],
    )  # fmt: skip
    def test_what_is_not_understood_gives_none(self, text):
        assert parse_years(text) == (None, None)

    @given(st.text("0123456789 -/.,c?stfebrlaoymidgnhuv()XVI'", max_size=30) | st.text(max_size=30))
    def test_whatever_it_says_it_ends_no_sooner_than_it_begins(self, text):
        first, last = parse_years(text)
        assert first is None or last is None or first <= last
        assert 0 not in (first, last)

    @given(st.integers(1000, 2100), st.integers(1000, 2100), st.sampled_from(["{}-{}", "c. {} - {}", "{} or {}"]))
    def test_two_years_are_a_range(self, one, other, form):
        expected = (one, other) if one <= other else (None, None)
        assert parse_years(form.format(one, other)) == expected


PIXPLOT = """filename,category,tags,description,permalink,year,label,lat,lng,title,x
monet_1.jpg,oil,water|boats,At the pond.,https://example.org/1,1906,pond,49.07,1.53,Water Lilies,0.5
"""
VIKUS = """id,keywords,year,_title,_artist,_material,_width
17,"pond,boats",1906,Water Lilies,Claude Monet,oil on canvas,920
"""
WIKIART = """filename,artist,genre,description,phash,width,height,genre_count,subset
Impressionism/claude-monet_water-lilies-1916.jpg,claude monet,['Impressionism'],water-lilies-1916,bebb,1382,1168,1,train
"""
PARTS_OF_WIKIART = """title,artist,date,genre,style,description,filename
Water Lilies,Claude Monet,1916,flower painting,Impressionism,,claude-monet_water-lilies-1916.jpg
"""
MET = """\ufeffObject Number,Is Highlight,Object ID,Department,AccessionYear,Object Name,Title,Culture,\
Artist Display Name,Artist Begin Date,Artist End Date,Object Date,Object Begin Date,\
Object End Date,Medium,Dimensions,Classification,\
Rights and Reproduction,Link Resource,Metadata Date,Repository,Tags
1983.532,False,438008,European Paintings,1983,Painting,Water Lilies,,Claude Monet|Someone Else,1840,1926,\
1916\u201319,1916,1919,Oil on canvas,51 1/4 in.,Paintings,,http://example.org/438008,,A Museum,Water|Ponds
"""
NGA = """objectid,accessioned,accessionnum,locationid,title,displaydate,beginyear,endyear,visualbrowsertimespan,medium,\
dimensions,attributioninverted,attribution,creditline,classification,wikidataid
46655,1,1992.9.1,6701,The Japanese Footbridge,c. 1899,1894,1904,1876 to 1900,oil on canvas,81 x 101,"Monet, Claude",\
Claude Monet,A gift,Painting,Q20188800
"""


class TestPublishedShapes:
    """Small tables of our own with the columns of well-known ones."""

    @pytest.mark.parametrize(
        ("text", "path", "told"),
        [
            pytest.param(
                PIXPLOT,
                "monet_1.jpg",
                {
                    "title": "Water Lilies", "date": "1906", "year_from": 1906, "year_to": 1906, "tags": "water|boats",
                    "link": "https://example.org/1", "text": "At the pond.", "category": "oil", "label": "pond",
                    "lat": "49.07", "lng": "1.53", "x": "0.5",
                },
                id="PixPlot",
            ),
            pytest.param(
                VIKUS,
                "pictures/17.jpg",
                {
                    "title": "Water Lilies", "artist": "Claude Monet", "date": "1906", "year_to": 1906, "id": "17",
                    "tags": "pond,boats", "medium": "oil on canvas", "_width": "920",
                },
                id="VIKUS Viewer",
            ),
            pytest.param(
                WIKIART,
                "wikiart/Impressionism/claude-monet_water-lilies-1916.jpg",
                {
                    "artist": "claude monet", "movements": "Impressionism", "text": "water-lilies-1916",
                    "phash": "bebb", "table_width": "1382", "table_height": "1168", "subset": "train",
                },
                id="WikiArt, of Kaggle",
            ),
            pytest.param(
                PARTS_OF_WIKIART,
                "claude-monet_water-lilies-1916.jpg",
                {
                    "artist": "Claude Monet", "movements": "Impressionism", "genre": "flower painting",
                    "year_from": 1916,
                },
                id="WikiArt, with styles",
            ),
            pytest.param(
                MET,
                "cg/438008.jpg",
                {
                    "title": "Water Lilies", "artist": "Claude Monet", "date": "1916\u201319", "year_from": 1916,
                    "year_to": 1919, "medium": "Oil on canvas", "museum": "A Museum", "rights": "",
                    "link": "http://example.org/438008", "tags": "Water|Ponds", "Object ID": "438008",
                    "Object Number": "1983.532", "Artist Begin Date": "1840",
                },
                id="the Met",
            ),
            pytest.param(
                NGA,
                "1992.9.1.jpg",
                {
                    "title": "The Japanese Footbridge", "artist": "Claude Monet", "date": "c. 1899", "year_from": 1894,
                    "year_to": 1904, "medium": "oil on canvas", "attributioninverted": "Monet, Claude",
                },
                id="the National Gallery of Art",
            ),
        ],
    )  # fmt: skip
    def test_recognised_without_parameters(self, text, path, told):
        paintings, unmatched = named(text, [path, "other.jpg"])
        assert {name: paintings.loc[0, name] for name in told} == told
        assert paintings.loc[1, [*DESCRIPTION[:2], *DESCRIPTION[4:]]].tolist() == [""] * 8
        assert unmatched.to_dict("records") == [{"what": "picture without a row", "name": "other.jpg"}]

    def test_the_table_of_artists_of_kaggle(self):
        artists = 'id,name,years,genre,nationality,bio\n0,Claude Monet,1840 - 1926,"Impressionism,Realism",French,\n'
        paintings, _ = named("file,title\nx.jpg,X\n", ["x.jpg", "Claude_Monet_1.jpg"], artists)
        assert paintings["movements"].tolist() == ["", "Impressionism, Realism"]
        assert read_table(artists.encode())[["years", "nationality"]].to_numpy().tolist() == [["1840 - 1926", "French"]]


ROWS = [{"file": "a.jpg", "title": "007", "tags": "x, y"}, {"file": "b.jpg", "title": "NA", "tags": ""}]


def as_bytes(frame, write, **options):
    buffer = io.BytesIO()
    getattr(frame, write)(buffer, index=False, **options)
    return buffer.getvalue()


class TestFormats:
    def same(self, data, suffix):
        found = read_works(data, suffix, {})
        assert found[["file", "title", "tags"]].to_dict("records") == ROWS

    @pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    @pytest.mark.parametrize("suffix", [".csv", ".TSV", ".txt"])
    def test_text(self, separator, encoding, suffix):
        self.same(pd.DataFrame(ROWS).to_csv(index=False, sep=separator).encode(encoding), suffix)

    @pytest.mark.parametrize("suffix", [".json", ".jsonl", ".ndjson"])
    def test_json(self, suffix):
        rows = [{**ROWS[0], "tags": ["x", "y"]}, {**ROWS[1], "tags": None}]
        self.same(json.dumps(rows).encode(), suffix)
        self.same("\n".join(map(json.dumps, rows)).encode() + b"\n\n", suffix)

    def test_numbers_of_json_stay_as_they_are_written(self):
        found = read('[{"file": "a.jpg", "size": 1.50, "id": 12345678901234567890, "own": {"a": true}}]', ".json")
        assert found.loc[0, ["size", "id", "own"]].tolist() == ["1.50", "12345678901234567890", '{"a": true}']

    def test_parquet(self):
        frame = pd.DataFrame(ROWS)
        self.same(as_bytes(frame.assign(tags=[["x", "y"], None]), "to_parquet"), ".parquet")
        typed = frame.assign(year=[1503, 1504], image=[b"\xff\xd8", b""], when=pd.to_datetime(["1503-01-01", None]))
        found = read_works(as_bytes(typed, "to_parquet"), ".parquet", {"date": "when"})
        assert found["year"].tolist() == ["1503", "1504"]
        assert found["year_from"].isna().tolist() == [False, True]
        assert "image" not in found

    @pytest.mark.parametrize(
        "column",
        [
            pytest.param(
                pa.Array.from_buffers(pa.string(), 1, pa.array([b"c.\xf51503"], pa.binary()).buffers()), id="no UTF-8"
            ),
            pytest.param(pa.array([[2**31 - 1]], pa.list_(pa.date32())), id="years beyond those of Python"),
        ],
    )
    def test_parquet_whose_cells_are_no_text(self, column):
        buffer = io.BytesIO()
        parquet.write_table(pa.table({"file": ["a.jpg"], "date": column}), buffer)
        with pytest.raises(TableError, match=r"^the table of paintings cannot be read: "):
            read_works(buffer.getvalue(), ".parquet", {})

    def test_excel(self):
        pytest.importorskip("openpyxl")
        self.same(as_bytes(pd.DataFrame(ROWS), "to_excel"), ".xlsx")
        with pytest.raises(TableError, match="the table of paintings cannot be read: "):
            read_works(b"PK\x03\x04", ".xlsx", {})

    def test_without_the_library_excel_is_refused_in_a_sentence(self, monkeypatch):
        def missing(*_, **__):
            raise ImportError

        monkeypatch.setattr(pd, "read_excel", missing)
        with pytest.raises(
            TableError, match=r"cannot be read: it is an Excel file, which needs openpyxl: pip install openpyxl$"
        ):
            read_works(b"", ".xlsx", {})

    @pytest.mark.parametrize("suffix", [".xls", ".pdf", ""])
    def test_another_kind_of_file(self, suffix):
        with pytest.raises(TableError, match=r"the table of paintings cannot be a .* file; \.csv, .*\.xlsx are read"):
            read_works(b"", suffix, {})


class TestColumns:
    def test_a_column_that_is_not_recognised_is_named(self):
        text = "Datei;Werk;Anfang;Ende\na.jpg;X;1503;1506\n"
        with pytest.raises(TableError, match=r"has no such column. Received: Datei, Werk"):
            read(text, title="Werktitel")
        found = read(text, title="werk", year_from="Anfang", year_to="Ende")
        assert found.loc[0, ["file", "title", "year_from", "year_to"]].tolist() == ["a.jpg", "X", 1503, 1506]

    def test_a_column_that_is_named_is_no_other(self):
        found = read("file,title,caption\na.jpg,short,long\n", title="caption")
        assert found.loc[0, ["title", "table_title"]].tolist() == ["long", "short"]

    def test_without_a_column_of_files(self):
        with pytest.raises(TableError, match=r"--params ingestion.columns.file=NAME. Received: title, year"):
            read("title,year\nX,1503\n")
        assert read("Nr,title\n1,X\n", id="Nr").loc[0, "id"] == "1"

    def test_names_of_paintings_stay_free(self):
        text = "file,path,painting_id,split,Title,title,\u00e9t\u00e9\na.jpg,p,q,r,A,B,C\n"
        paintings, _ = named(text, ["a.jpg", "b.jpg"])
        assert paintings.columns.is_unique
        assert paintings.loc[0, "painting_id"] == "a"
        found = paintings.loc[
            0, ["table_path", "table_painting_id", "table_split", "title", "table_title", "\u00e9t\u00e9"]
        ]
        assert found.tolist() == ["p", "q", "r", "A", "B", "C"]

    def test_no_column_of_paintings_is_forgotten(self):
        assert works._OURS >= {*catalogue.FIRST_COLUMNS, *catalogue.FILE_COLUMNS}

    def test_columns_without_a_name_are_left_out(self):
        assert list(read(",file\n0,a.jpg\n")) == RECOGNISED

    def test_years_of_the_table_count_more_than_those_of_the_date(self):
        rows = ("a.jpg,1503,1502,1507", "b.jpg,1503,,", "c.jpg,1503,1510,", "d.jpg,1503,1510,1500", "e,,-20,850")
        found = read("\n".join(["file,date,begin_date,end_date", *rows]))
        assert found["year_from"].tolist() == [1502, 1503, 1503, 1503, -20]
        assert found["year_to"].tolist() == [1507, 1503, 1503, 1503, 850]
        assert (found["year_from"].dtype, found["year_to"].dtype) == ("Int64", "Int64")

    def test_dates_without_years_are_counted_and_kept(self, caplog):
        with caplog.at_level(logging.WARNING):
            found = read("file,date\na,1503\nb,SK-A-1718\nc,\nd,SK-A-1718\n")
        assert found["date"].tolist() == ["1503", "SK-A-1718", "", "SK-A-1718"]
        assert "dates that give no years, kept as written (2 of 3): SK-A-1718" in caplog.text

    def test_no_table(self):
        assert list(works.recognise(pd.DataFrame(), {"title": "Werk"})) == RECOGNISED


class TestJoin:
    def rows(self, paths, values, column="file"):
        return join_works(paths, read("\n".join([column, *(f'"{value}"' for value in values)]))).rows.tolist()

    @pytest.mark.parametrize(
        "value",
        [
            "Monet/Caf\u00e9 1.jpg", "Monet\\Caf\u00e9 1.jpg", "./monet/CAFE\u0301 1.JPG", " Caf\u00e9 1.jpg ",
            "/home/ada/Monet/Caf\u00e9 1.jpg", "https://example.org/Monet/Caf\u00e9 1.jpg", "Caf\u00e9 1.jpg",
            "Caf\u00e9 1", "Monet/Caf\u00e9 1", "Caf\u00e9 1.tif",
        ],
    )  # fmt: skip
    def test_spellings_of_a_path(self, value):
        paths = ["Manet/Olympia.jpg", "Monet/Caf\u00e9 1.jpg"]
        assert self.rows(paths, [value]) == [-1, 0]
        assert self.rows([path.replace("\u00e9", "e\u0301") for path in paths], [value]) == [-1, 0]

    def test_a_picture_without_folders(self):
        assert self.rows(["1.jpg"], ["Monet/1.jpg"]) == [0]

    def test_namesakes_are_told_apart_by_their_folders(self):
        paths = ["Manet/1.jpg", "Monet/1.jpg", "Monet/late/1.jpg", "1.jpg"]
        assert self.rows(paths, ["x/Monet/1.jpg", "Manet/1.jpg", "1.jpg", "late/1.jpg"]) == [1, 0, 3, 2]

    def test_pictures_of_one_work_share_its_row(self):
        paths = ["Prints/SKU-4512_front.jpg", "Prints/SKU-4512_detail.jpg", "Oil/SKU-77_front.jpg"]
        table, unmatched = named("sku,product name,in stock\nSKU-4512,Mist,yes\nSKU-77,Fog,no\n", paths)
        assert table["title"].tolist() == ["Mist", "Mist", "Fog"]
        assert table["sku"].tolist() == ["SKU-4512", "SKU-4512", "SKU-77"]
        assert unmatched.empty

    def test_a_column_that_was_given_for_files_stays(self):
        table, _ = named("code,title\nb,Mist\na,Fog\n", ["a.jpg", "b.jpg"], file="code")
        assert table["code"].tolist() == ["a", "b"]

    def test_namesakes_that_cannot_be_told_apart_are_left_out_and_named(self, caplog):
        with caplog.at_level(logging.WARNING):
            paintings, unmatched = named("file,title\n1.jpg,X\n2.jpg,Y\n", ["Manet/1.jpg", "Monet/1.jpg", "2.jpg"])
        assert paintings["title"].tolist() == ["", "", "Y"]
        assert unmatched.to_numpy().tolist() == [
            ["row without a picture", "1.jpg"],
            ["picture without a row", "Manet/1.jpg"],
            ["picture without a row", "Monet/1.jpg"],
        ]
        assert "share one with other rows in the table of paintings (1): 1.jpg" in caplog.text

    def test_rows_that_fit_one_picture_equally_are_left_out(self):
        assert self.rows(["1.jpg", "2.jpg"], ["Monet/1.jpg", "Manet/1.jpg", "Monet/2.jpg"]) == [-1, 2]

    def test_another_folder_is_another_picture_unless_nothing_joins(self):
        paths = ["Monet/1.jpg", "Manet/2.jpg"]
        assert self.rows(paths, ["Monet/1.jpg", "Monet/2.jpg"]) == [0, -1]
        assert self.rows(paths, ["old/1.jpg", "old/2.jpg"]) == [0, 1]

    def test_the_first_of_two_rows_counts_and_it_is_said(self, caplog):
        with caplog.at_level(logging.WARNING):
            paintings, unmatched = named("file,title\nA.jpg,X\na.JPG,Y\n", ["a.jpg"])
        assert paintings["title"].tolist() == ["X"]
        assert (
            "rows of a picture with an earlier row, which is used instead in the table of paintings (1): a.JPG"
            in caplog.text
        )
        assert unmatched.empty

    def test_the_column_that_joins_most_is_taken(self):
        text = "Object Number,Object ID,file\n12,7,\n34,8,34.jpg\n56,9,\n"
        assert join_works(["7.jpg", "cg/8.jpg", "34.jpg"], read(text)).rows.tolist() == [0, 1, -1]

    def test_numbers_with_dots_have_no_ending(self):
        assert self.rows(["1982.60.1.jpg", "1982.60.2.jpg"], ["1982.60.2"], "accession_number") == [-1, 0]

    def test_nothing_in_common(self):
        with pytest.raises(
            TableError, match=r"its first row names file=a\.jpg, id=7, and the first picture is x/1\.jpg\."
        ):
            join_works(["x/1.jpg", "2.jpg"], read("file,id\na.jpg,7\n"))

    def test_nothing_but_namesakes(self):
        with pytest.raises(TableError, match=r"ambiguous rows, which match several or share one \(1\): 1\.jpg\."):
            join_works(["full/1.jpg", "small/1.jpg"], read("file,title\n1.jpg,X\n2.jpg,Y\n"))

    def test_an_empty_table_and_no_pictures(self):
        assert join_works(["a.jpg"], read("file\n")).pictures_without == ["a.jpg"]
        assert join_works([], read("file\na.jpg\n")).rows_without == ["a.jpg"]

    def test_rows_without_a_file_are_named_after_their_titles(self):
        join = join_works(["a.jpg"], read("file,title\na.jpg,A\n,B\n,\n"))
        assert join.rows_without == ["B", "row 3"]

    FOLDERS = st.lists(st.sampled_from(["a", "B", "\u00e9"]), max_size=3)
    PATHS = st.lists(st.builds(lambda outer, name: "/".join([*outer, f"{name}.jpg"]), FOLDERS, st.sampled_from("xyz")))

    @given(PATHS.map(lambda paths: list(dict.fromkeys(paths))), st.data())
    @example(["x.jpg", "a/x.jpg", "B/a/x.jpg"], None)
    def test_whole_paths_in_any_order_join_each_with_its_own(self, paths, data):
        order = data.draw(st.permutations(paths)) if data else paths[::-1]
        rows = join_works(paths, pd.DataFrame({"file": order, "title": ""})).rows
        assert [order[row] for row in rows] == paths

    @given(PATHS, PATHS)
    def test_everything_is_accounted_for_once(self, paths, values):
        paths = list(dict.fromkeys(paths))
        try:
            join = join_works(paths, pd.DataFrame({"file": values, "title": ""}))
        except TableError:
            return
        taken = join.rows[join.rows >= 0]
        assert len(np.unique(taken)) == len(taken)
        assert len(taken) + len(join.rows_without) + len(join.doubled) == len(values)
        assert len(taken) + len(join.pictures_without) == len(paths)
        for path, row in zip(paths, join.rows, strict=True):
            assert row < 0 or values[row].rpartition("/")[2] == path.rpartition("/")[2]


class TestNames:
    ARTISTS = 'name,genre\nClaude Monet,Impressionism\n"\u00c9douard Manet",Realism\n'

    def artists(self, rows, paths, **given):
        paintings, _ = named("file,artist,movement\n" + rows, paths, self.ARTISTS, **given)
        return paintings[["artist", "movements"]].to_numpy().tolist()

    def test_a_row_beats_the_name_of_a_file(self):
        assert self.artists("Claude_Monet_1.jpg,edouard manet,\n", ["Claude_Monet_1.jpg", "Claude_Monet_2.jpg"]) == [
            ["\u00c9douard Manet", "Realism"],
            ["Claude Monet", "Impressionism"],
        ]

    def test_a_row_without_an_artist_does_not(self):
        assert self.artists("Claude_Monet_1.jpg,,\n", ["Claude_Monet_1.jpg"]) == [["Claude Monet", "Impressionism"]]

    @pytest.mark.parametrize(
        ("written", "artist"),
        [
            ('"Monet, Claude"', "Claude Monet"),
            ("C. Monet", "Claude Monet"),
            ("Claude Monet|Someone Else", "Claude Monet"),
            ("Workshop of Monet", "Workshop of Monet"),
            ("Unknown Artist", "unknown"),
            ("42", "unknown"),
        ],
    )
    def test_spellings(self, written, artist):
        found = self.artists(f"Titian_1.jpg,{written},\n", ["Titian_1.jpg"], aliases={"C. Monet": "Claude Monet"})
        assert found[0][0] == artist

    def test_movements_of_the_table_of_artists_count_more(self):
        rows = "a.jpg,Claude Monet,Cubism\nb.jpg,Ada,\"['Cubism', 'Dada']\"\n"
        paintings, _ = named("file,artist,style\n" + rows, ["a.jpg", "b.jpg"], self.ARTISTS)
        assert paintings["movements"].tolist() == ["Impressionism", "Cubism, Dada"]
        assert paintings["movement"].tolist() == ["Cubism", "['Cubism', 'Dada']"]

    def test_strangers_of_the_table_are_told_of(self, caplog):
        with caplog.at_level(logging.WARNING):
            self.artists("a.jpg,Ada,\n", ["a.jpg"])
        assert "used as written: Ada" in caplog.text

    def test_without_a_table_the_columns_are_there(self):
        files = pd.DataFrame({name: ["a"] for name in catalogue.FILE_COLUMNS}).assign(duplicate_of=None)
        nothing = works.recognise(pd.DataFrame(), {})
        paintings, unmatched = catalogue.name_artists(files, pd.DataFrame({"name": []}), nothing, {})
        assert list(paintings) == [*catalogue.FIRST_COLUMNS, *catalogue.FILE_COLUMNS[1:]]
        assert paintings["year_from"].dtype == "Int64"
        assert paintings["title"].tolist() == [""]
        assert list(unmatched) == ["what", "name"]
        assert unmatched.empty


class TestARegistrarsSpreadsheet:
    """Names and numbers as nobody prepared for, found by somebody who tried."""

    HEAD = "Inv.-Nr.;Künstler/in;Werktitel;Datierung;Material/Technik;Standort;Erwerb"

    def table(self, *rows, above=""):
        text = "\n".join([*([above] if above else []), self.HEAD, *rows])
        return read_works(text.encode("cp1252"), ".csv", {})

    def test_its_columns_are_recognised_and_told(self, caplog):
        caplog.set_level(logging.DEBUG)
        found = self.table("GG 1;Dürer, Albrecht;Mühle;um 1489;Öl/Pappe;Saal 1;Ankauf")
        row = found.iloc[0]
        assert (row["title"], row["artist"], row["medium"], row["museum"]) == (
            "Mühle",
            "Dürer, Albrecht",
            "Öl/Pappe",
            "Saal 1",
        )
        assert (row["year_from"], row["Inv.-Nr."]) == (1489, "GG 1")
        assert "artist from Künstler/in, date from Datierung" in caplog.text
        assert "unchanged: Inv.-Nr., Erwerb" in caplog.text

    def test_what_is_not_recognised_is_told(self, caplog):
        read_works(b"file,who,what\na.jpg,Ada,Mist\n", ".csv", {})
        assert "no column is recognised for title, artist, date; set ingestion.columns" in caplog.text

    def test_numbers_join_whatever_separates_their_parts(self):
        rows = ("GG 225;;a;;;;", "1902/117;;b;;;;", "L 782 a;;c;;;;", "GG 9;;d;;;;")
        works = self.table(*rows)
        paths = ["Saal 1/GG_225.jpg", "Depot/1902_117.JPG", "L_782a.png", "GG_10.jpg"]
        join = join_works(paths, works)
        assert [works["title"][row] if row >= 0 else None for row in join.rows] == ["a", "b", "c", None]
        assert join.key == "Inv.-Nr., ignoring separators"
        assert join.rows_without == ["GG 9"]

    def test_as_they_are_written_they_join_first(self):
        works = self.table("1-2;;a;;;;", "1_2;;b;;;;")
        join = join_works(["1_2.jpg", "1-2.jpg"], works)
        assert join.rows.tolist() == [1, 0]
        assert join.key == "Inv.-Nr."
        # Two rows that only separators tell apart are in doubt where neither is written as the picture is.
        join = join_works(["1 2.jpg", "7.jpg"], self.table("1-2;;a;;;;", "1_2;;b;;;;", "7;;c;;;;"))
        assert join.rows.tolist() == [-1, 2]

    def test_lines_above_the_names_of_columns_are_passed_over(self, caplog):
        found = self.table("GG 1;;Mühle;1489;;;", above="Museum, Stand 12.03.2024;;;;;;")
        assert found["title"].tolist() == ["Mühle"]
        assert "the column names are taken from line 2: Inv.-Nr., Künstler/in" in caplog.text

    @pytest.mark.parametrize(
        ("date", "years"),
        [
            ("zw. 1886 u. 1892", (1886, 1892)),
            ("2. H. 19. Jh.", (1850, 1899)),
            ("1. H. d. 17. Jh.", (1600, 1649)),
            ("bez. u. dat. 1897", (1897, 1897)),
            ("H. Meier 1890", (None, None)),
        ],
    )
    def test_its_dates(self, date, years):
        assert parse_years(date) == years


class TestAnItalianExport:
    """As above: a heading, words of another language, and numbers that are parts of file names."""

    def test_it_comes_in(self):
        text = (
            "Museo Civico. Elenco dei dipinti\n\nN. inv.;Autore;Titolo / Soggetto;Cronologia\n"
            "D. 6;Leonardo da Vinci;Ritratto;tra il 1503 e il 1506\nD. 15;Tiziano;Venere;sec. XVI\n"
            "D. 16;Tiziano;Venere;s.d.\n"
        )
        found = read_works(text.encode("cp1252"), ".csv", {})
        assert found["artist"].tolist() == ["Leonardo da Vinci", "Tiziano", "Tiziano"]
        assert found[["year_from", "year_to"]].iloc[:2].to_numpy().tolist() == [[1503, 1506], [1500, 1599]]
        join = join_works(["foto/MCP_D0006_r.jpg", "foto/MCP_D0015_r.jpg", "foto/MCP_D0115.jpg"], found)
        assert [found["title"][row] if row >= 0 else None for row in join.rows] == ["Ritratto", "Venere", None]
        assert join.rows_without == ["D. 16"]

    def test_several_numbers_are(self):
        works = read_works(b"id,title\n872.1.5,Neige\n872.1.6,Pluie\n1895.6,Mer\n", ".csv", {})
        join = join_works(["MBA_872-1-5_Degas.jpg", "MBA_872-1-6_Manet.jpg", "MBA_1895-6-6_X.jpg"], works)
        assert join.rows.tolist() == [0, 1, 2]

    def test_numbers_alone_are_no_part_of_a_name(self):
        """They would join rows to any picture that happens to bear the number."""
        found = read_works(b"id,title\n5,Mist\n6,Rain\n", ".csv", {})
        with pytest.raises(TableError, match="no row of the table of paintings matches a picture"):
            join_works(["Claude_Monet_5.jpg", "Titian_6.jpg"], found)

    @pytest.mark.parametrize(
        ("date", "years"),
        [
            ("dal 1500 al 1510", (1500, 1510)),
            ("1885 o 1886", (1885, 1886)),
            ("23 aprile 1876", (1876, 1876)),
            ("fine sec. XVI", (1567, 1599)),
            ("metà del XVI secolo", (1533, 1566)),
            ("1ª metà sec. XIX", (1800, 1849)),
            ("sec. XIX, ultimo quarto", (1875, 1899)),
            ("XIX sec. (inizio)", (1800, 1832)),
            ("16e eeuw", (1500, 1599)),
            ("h. 1535", (1535, 1535)),
            ("Hacia 1874", (1874, 1874)),
            ("Post. a 1519", (1519, None)),
            ("Segunda mitad del s. XIX", (1850, 1899)),
            ("Principios del siglo XIX", (1800, 1832)),
            ("Década de 1870", (1870, 1879)),
            ("¿1517?", (1517, 1517)),
            ("1er quart 16e siècle", (1500, 1524)),
            ("années 1890", (1890, 1899)),
        ],
    )
    def test_its_dates(self, date, years):
        assert parse_years(date) == years

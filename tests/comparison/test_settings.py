"""Settings in which runs differ."""

from grisaille.comparison.settings import differing, surroundings


def test_dotted_names_with_the_value_of_each_run():
    runs = [
        {"seed": 0, "style": {"code_size": 64, "whitening": 0.5}, "note": None},
        {"seed": 0, "style": {"code_size": 16, "whitening": 0.5}, "note": None},
        {"seed": 0, "style": {"code_size": 64, "whitening": 0.5, "new": [1, "a"]}, "note": None},
    ]
    assert list(differing(runs)) == [
        ("style.code_size", ["64", "16", "64"]),
        ("style.new", ["\N{EN DASH}", "\N{EN DASH}", '[1, "a"]']),
    ]


def test_where_they_ran():
    one = {"code": {"commit": "a"}, "machine": {"cores": 2}, "threads": {}, "packages": {"numpy": "2"}, "weights": None}
    other = one | {"code": None, "packages": {"numpy": "2", "pandas": "3"}, "seconds": 3}
    assert list(surroundings([one, other])) == [
        ("code.commit", ["a", "\N{EN DASH}"]),
        ("packages.pandas", ["\N{EN DASH}", "3"]),
    ]

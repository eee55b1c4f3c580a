from grisaille.provenance.recipes import complete, differences

MONET = {"left": ["Claude Monet"], "right": ["Edouard Manet"], "title": "Monet and Manet"}


def changed(then, now, dataset="paintings"):
    """Names of the settings that differ, where a node takes the whole groups."""
    recipe = {dataset: {"parameters": then, "checksum": None}}
    return [difference.name for difference in differences(recipe, complete(now))]


class TestFreeKeys:
    """Groups whose keys are the reader's: names of artists, comparisons."""

    def test_a_key_more_or_less_or_another_value(self):
        one, two = ({"ingestion": {"aliases": aliases}} for aliases in ({"a": "A"}, {"a": "A", "b": "B"}))
        assert changed(one, two) == ["ingestion.aliases.b"]
        assert changed(two, one) == ["ingestion.aliases.b"]
        assert changed(one, {"ingestion": {"aliases": {"a": "X"}}}) == ["ingestion.aliases.a"]
        assert changed(two, two) == []

    def test_the_first_and_the_last(self):
        some, none = ({"ingestion": {"aliases": aliases}} for aliases in ({"a": "A"}, {}))
        assert changed(none, some) == ["ingestion.aliases"]
        assert changed(some, none) == ["ingestion.aliases.a"]
        assert changed(none, none) == []

    def test_dots_in_names(self):
        given = {"ingestion": {"aliases": {"St. Ives, c. 1900.jpg": "A"}}}
        assert changed(given, given) == []

    def test_a_comparison_more(self):
        one = {"comparisons": {"monet": MONET}}
        names = changed(one, {"comparisons": {"monet": MONET, "other": MONET}}, "paper_experiments")
        assert names
        assert all(name.startswith("comparisons.other.") for name in names)

    def test_names_do_not_concern_features(self):
        one, two = ({"ingestion": {"aliases": aliases}} for aliases in ({"a": "A"}, {"b": "B"}))
        assert changed(one, two, "picture_files") == []

import pandas as pd

from grisaille.measures.code_rows import EVEN, JOINT
from grisaille.plots.codes import code_curves


def lines(axes):
    return {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}


def test_the_best_of_a_family_and_size_is_drawn_where_it_belongs():
    rows = [(EVEN, 160, 33, 0.5), (EVEN, 160, 30, 0.6), (EVEN, 320, 60, 0.7), (JOINT, 1280, 320, 0.8), ("", 0, 0, 0.1)]
    table = pd.DataFrame(rows, columns=["family", "bytes", "values", "recall"]).assign(likeness="style")
    by_bytes, by_values = code_curves(table).get_axes()
    assert lines(by_bytes) == {EVEN: [[160, 0.6], [320, 0.7]]}
    assert lines(by_values) == {JOINT: [[320, 0.8]]}

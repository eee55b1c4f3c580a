"""Collections of which little can be said: the run ends, and says so in words."""

import re
import shutil

import pytest
from PIL import Image

from chaos import QUICK
from helpers import encode, kedro, picture

COLLECTIONS = {
    "three files": [picture(number) for number in range(3)],
    "all alike": [picture(0)] * 8,
    "all black": [Image.new("RGB", (48, 40))] * 8,
}


@pytest.mark.parametrize("kind", COLLECTIONS)
def test_every_figure_is_a_number_or_words(kind, demo_run, tmp_path):
    folder = tmp_path / "paintings"
    folder.mkdir()
    for number, shown in enumerate(COLLECTIONS[kind]):
        (folder / f"{'Ada' if number % 2 else 'Bo'}_{number}.png").write_bytes(encode(shown))
    # Black stays black: nothing is subtracted, and the network has no biases.
    own = f"paintings_folder={folder},storage={tmp_path}/data,backbone.preprocessing=none"
    shutil.copytree(demo_run.untouched, tmp_path / "project", ignore=shutil.ignore_patterns("data"))
    raw = "{type: grisaille.datasets.PaintingsDataset, path: '${parameter:paintings_folder,null}'}"
    (tmp_path / "project" / "conf" / "demo" / "catalog.yml").write_text(f"raw_paintings: {raw}\n")
    options = ("--env", "demo", "--pipelines", "__default__,discovery")
    parameters = f"{demo_run.parameters[1]},{QUICK},{own}"
    done = kedro("run", *options, "--params", parameters, cwd=tmp_path / "project", check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    report = (tmp_path / "data" / "08_reporting" / "report.html").read_text("utf-8")
    said = done.stdout + re.sub(r"data:[^\"]*", "", report)
    assert not re.search(r"\bnan\b", said, re.IGNORECASE)

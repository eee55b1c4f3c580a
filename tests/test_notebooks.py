"""Notebooks run from top to bottom, on the project that was run, and show pictures."""

import shutil

import nbformat
from nbclient import NotebookClient

from helpers import PROJECT


def test_explore(demo_run):
    folder = demo_run.project / "notebooks"
    folder.mkdir(exist_ok=True)
    shutil.copy(PROJECT / "notebooks" / "explore.ipynb", folder)
    notebook = nbformat.read(folder / "explore.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert any("recall" in str(output.get("data", {}).get("text/html")) for output in outputs)

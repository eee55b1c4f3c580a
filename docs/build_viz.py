"""Build the pipeline as a page of its own, coloured and with previews: `make viz`.

`python docs/build_viz.py --colours` only writes the colours anew, which `kedro viz run` shows, too.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ("base", "demo")

# What lies in a layer has the layer's colour: (light theme, dark theme).
LAYERS = {
    "raw": ("#e4dccb", "#5e5643"),
    "primary": ("#f0dc9c", "#6d5a16"),
    "feature": ("#b4d0ea", "#1f4e79"),
    "models": ("#d2c1ea", "#4b3577"),
    "model_output": ("#f4bfa4", "#7d3a1a"),
    "reporting": ("#f3c3d4", "#77294b"),
}
# What is done is white, or black; what a person can set is grey.
WORK = ("#ffffff", "#10161b")
SETTINGS = ("#dcdfe1", "#414a51")

# What a visitor sees first: the colours of their system, and no tour of Kedro-Viz. What they change stays. Its "pretty"
# names would leave out of which chunk a dataset is.
FIRST_SIGHT = """<title>The pipeline of grisaille</title>
<script>
  if (!localStorage.getItem("KedroViz")) {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches
    const state = {showFeatureHints: false, theme: dark ? "dark" : "light"}
    localStorage.setItem("KedroViz", JSON.stringify(state))
  }
</script>"""
# Kedro-Viz asks its server for this, and a page has none.
COMPATIBLE = {
    "has_missing_dependencies": False,
    "package_compatibilities": [{"package_name": "fsspec", "package_version": "", "is_compatible": True}],
}


def colours(project: Path = PROJECT, environments: tuple[str, ...] = ENVIRONMENTS) -> dict[str, Any]:
    """Name of a node -> its style, for every pipeline of the environments."""
    from kedro.framework.project import pipelines
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(project)
    styles: dict[str, Any] = {}
    # Vectors have nodes of their own where there are some.
    given = {"features_file": "vectors.npy"}
    for env in environments:
        session = KedroSession.create(project, env=None if env == "base" else env, runtime_params=given)
        catalog = session.load_context().catalog
        for pipeline in pipelines.values():
            for name in pipeline.datasets():
                if name.startswith("param"):
                    styles[name] = _style(SETTINGS)
                else:
                    styles[name] = _style(LAYERS[catalog.get(name).metadata["kedro-viz"]["layer"]])
            for node in pipeline.nodes:
                styles[node.name] = styles[node.name.rpartition(".")[2]] = _style(WORK)
                if node.namespace:
                    styles[node.namespace] = _style(WORK)
    return dict(sorted(styles.items()))


def _style(fills: tuple[str, str]) -> dict[str, Any]:
    light, dark = fills
    return {
        "themes": {
            "light": {"fill": light, "stroke": "#3c4650", "color": "#101820"},
            "dark": {"fill": dark, "stroke": "#aab4bc", "color": "#f4f6f7"},
        }
    }


def write_colours(project: Path = PROJECT) -> Path:
    """Write them where Kedro-Viz looks."""
    path = project / ".viz" / "styles.json"
    path.parent.mkdir(exist_ok=True)
    lines = [f"  {json.dumps(name)}: {json.dumps(style)}" for name, style in colours(project).items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return path


def build(project: Path = PROJECT, env: str = "demo") -> Path:
    """Build the page into `build/` of the project, from what a run of the environment has left.

    Raises:
        RuntimeError: If Kedro-Viz left no page; it ends without an error then.
    """
    done = subprocess.run(
        [sys.executable, "-m", "kedro", "viz", "build", "--include-previews"],
        cwd=project,
        env=os.environ | {"KEDRO_ENV": env},  # the command has no --env
        capture_output=True,
        text=True,
        check=False,
    )
    folder = project / "build"
    if done.returncode or "Success" not in done.stdout or not (folder / "api" / "main").is_file():
        raise RuntimeError(f"kedro viz build failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    _polish(folder, project)
    return folder


def _polish(folder: Path, project: Path) -> None:
    for path in (folder / "api").rglob("*"):
        # Where the data of whoever builds the page lie is nobody's business.
        if path.is_file():
            path.write_text(path.read_text(encoding="utf-8").replace(f"{project}/", ""), encoding="utf-8")
    (folder / "api" / "metadata").write_text(json.dumps(COMPATIBLE), encoding="utf-8")
    index = folder / "index.html"
    page = index.read_text(encoding="utf-8")
    # No other host is asked for anything: the system's own letters will do.
    page = re.sub(r"<link\s[^>]*fonts\.(googleapis|gstatic)\.com[^>]*>\s*", "", page)
    index.write_text(re.sub(r"<title>.*?</title>", FIRST_SIGHT, page), encoding="utf-8")


def main() -> None:
    """Write the colours, then build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", nargs="?", type=Path, default=PROJECT)
    parser.add_argument("--colours", action="store_true", help="write .viz/styles.json and leave it at that")
    given = parser.parse_args()
    print(write_colours(given.project))
    if not given.colours:
        print(build(given.project))


if __name__ == "__main__":
    main()

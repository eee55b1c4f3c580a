"""The small demo, served."""

import pytest

import grisaille
from studio_server import serving


@pytest.fixture(scope="module")
def data(demo_run):
    return demo_run.untouched / "data" / "demo"


@pytest.fixture(scope="module")
def collection(data):
    return grisaille.open(data)


@pytest.fixture(scope="module")
def studio(data):
    with serving(data) as (address, _):
        yield address

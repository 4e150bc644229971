"""Pictures of all sketches, drawn once."""

import pytest

from services.drawing.elk_engine import ElkEngine
from services.drawing.picture import Picture, picture
from tests.unit.drawing.sketched import Sketch, sketches


@pytest.fixture(scope="session", params=sketches(), ids=str)
def sketch(request: pytest.FixtureRequest) -> Sketch:
    """One map after the other."""
    found: Sketch = request.param
    return found


@pytest.fixture(scope="session")
def drawn(sketch: Sketch) -> Picture:
    """Its picture."""
    return picture(sketch.context, ElkEngine())

"""The parts that pictures are made with: measuring text, finding the shared plan, the engine."""

from hashlib import sha256
from importlib import resources

import pytest

from services.drawing.elk_engine import ElkEngine
from services.drawing.failure_plan import Course, failure_plan
from services.drawing.formats import MapFormat
from services.drawing.layout import Box, Edge, Graph, Layout, Size, Vertex
from services.drawing.maps import Maps
from services.drawing.text_width import Face, Font, text_width, wrapped
from services.drawing.wording import duration, either, times
from services.errors import UnavailableError
from tests.unit.drawing.sketched import article, campaign, smallest

NOTE = Font(Face.SANS, 10)
CODE = Font(Face.MONO, 10)


class CountingEngine:
    """Counts what it lays out."""

    def __init__(self) -> None:
        self.graphs: list[Graph] = []

    def lay_out(self, graph: Graph) -> Layout:
        self.graphs.append(graph)
        return ElkEngine().lay_out(graph)


def test_text_is_measured_generously() -> None:
    """No usual face is wider: Arial's `W` has 944 thousandths, DejaVu's 989, `i` 278."""
    assert text_width("W", NOTE) == pytest.approx(9.89)
    assert text_width("i", NOTE) == pytest.approx(2.78)
    assert text_width("abc", CODE) == pytest.approx(18.6)
    assert text_width("\u65e5", NOTE) > 10
    assert text_width("e\u0301", NOTE) == text_width("e", NOTE)


def test_text_is_broken_between_words() -> None:
    """Lines are as long as they may be, and words stay whole where they fit."""
    assert wrapped("one two three", CODE, 50) == ["one two", "three"]
    assert wrapped("", CODE, 50) == []


def test_a_word_that_is_too_wide_is_broken() -> None:
    """No line is wider than allowed, and no letter is lost."""
    lines = wrapped("a " + "b" * 20, CODE, 50)

    assert "".join(lines) == "a" + "b" * 20
    assert max(text_width(line, CODE) for line in lines) <= 50


def test_boxes_that_touch_do_not_overlap() -> None:
    """Only a shared area counts."""
    box = Box(0, 0, 10, 10)

    assert not box.overlaps(Box(10, 0, 5, 5))
    assert box.overlaps(Box(9, 9, 5, 5))


def test_the_plan_of_most_steps_is_said_once() -> None:
    """The article's plan is shared; what differs is told by step, and that code is not repaired."""
    plan = failure_plan(article())

    help_once = Course(2, 0, None, (), "help", 1, "failed")
    assert plan.shared[help_once] == ("truncated", "malformed", "rule_broken")
    assert str(help_once) == "repair twice → help once → failed"
    assert plan.targets == ("help", "failed")
    assert {step: tuple(own.values()) for step, own in plan.elsewhere.items()} == {
        "research": (("rule_broken",),),
        "revise": (("no_progress",),),
    }
    assert plan.differently == {}
    assert plan.skips_repair


def test_other_remedies_are_told_at_the_step() -> None:
    """A step that tries more often before it goes where all go has no line of its own."""
    plan = failure_plan(campaign())

    [(course, kinds)] = plan.differently["plan"].items()
    assert (kinds, course.retry, course.then) == (("timed_out",), 9, "help")


def test_the_engine_refuses_what_it_cannot_place() -> None:
    """Its failure is told as one of ours, with a remedy."""
    graph = Graph([Vertex("a", Size(10, 10))], [Edge("e", "a", "nowhere")])

    with pytest.raises(UnavailableError, match="1 nodes and 1 ways; ask for the map as mermaid"):
        ElkEngine().lay_out(graph)


def test_the_script_is_the_one_that_is_described() -> None:
    """The digest beside the engine's script is that of the script."""
    folder = resources.files("services.drawing").joinpath("elk")

    digest = sha256(folder.joinpath("elk-worker.min.js").read_bytes()).hexdigest()
    assert digest in folder.joinpath("README.md").read_text("utf-8")
    assert "Eclipse Public License" in folder.joinpath("LICENSE.md").read_text("utf-8")


def test_a_map_is_drawn_once() -> None:
    """Who asks again gets what was drawn; another flow is another map."""
    engine = CountingEngine()
    maps = Maps(lambda: engine)

    first = maps.drawn(smallest(), MapFormat.SVG)
    again = maps.drawn(smallest(), MapFormat.SVG)
    maps.drawn(campaign(), MapFormat.SVG)
    assert first is again
    assert len(engine.graphs) == 2


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(259_200, "72h"), (345_600, "4d"), (90, "90s"), (600, "10m"), (86_400, "24h")],
)
def test_times_are_written_as_in_flow_files(seconds: int, written: str) -> None:
    """The largest unit that leaves no rest; days only from the fourth on."""
    assert duration(seconds) == written


def test_counts_and_choices_are_words() -> None:
    """Once, twice, then numbers; the last of several choices after an `or`."""
    assert [times(1), times(2), times(3)] == ["once", "twice", "3 times"]
    assert [either(["stop"]), either(["retry", "supply", "stop"])] == [
        "stop",
        "retry, supply or stop",
    ]

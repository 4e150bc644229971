"""Lists become inputs of runs, or every row that does not fit is told with its line."""

import pytest
from pydantic import JsonValue

from contracts.batch import ROWS_LIMIT, BatchReport, ListFormat, ReportRow
from services.batches.cells import value_of
from services.batches.reading import Row, read_rows
from services.batches.sheet import sheet
from services.errors import InputInvalidError
from tests.servers.small_flows import ONE
from tests.toys import REGISTRY, Note, toy, toy_flow

FLOW = toy_flow(ONE, toy("one", lambda given: given.one("start", Note))).flow
SCHEMA: dict[str, JsonValue] = {
    "$defs": {"Size": {"type": "object", "properties": {"min": {"type": "integer"}}}},
}


def _read(text: str, written_as: ListFormat = ListFormat.CSV) -> tuple[Row, ...]:
    return read_rows(text, written_as, FLOW, REGISTRY)


def test_a_csv_is_read_by_its_header() -> None:
    """Columns are fields; cells become what each field wants, and an empty one is left out."""
    rows = _read('text,score,items\n"a, and\nb",7,\n\nc,,"[{""id"": ""x"", ""text"": ""y""}]"\n')

    assert [(row.line, dict(row.given), row.problems) for row in rows] == [
        (2, {"text": "a, and\nb", "score": 7}, ()),
        (5, {"text": "c", "items": [{"id": "x", "text": "y"}]}, ()),
    ]


def test_columns_may_name_the_input_they_belong_to() -> None:
    """`start.text` is the field `text` of the input `start`."""
    [row] = _read("start.text,start.score\na,3\n")

    assert row.given == {"start": {"text": "a", "score": 3}}


def test_json_lines_are_read_one_by_one() -> None:
    """Each line is the input of one run; a line that is no object is told and hides no other."""
    rows = _read('{"text": "a"}\n\n[1]\n{"text"\n{"txt": "b"}', ListFormat.JSON_LINES)

    assert [(row.line, [each.pointer for each in row.problems]) for row in rows] == [
        (1, []),
        (3, [""]),
        (4, [""]),
        (5, ["/txt"]),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no rows"),
        ("text\n", "no rows"),
        ("title\nx\n", "no field 'title'; it has text, score, items"),
        ("text,text\nx,y\n", "stands twice"),
        ("start.text,score\nx,1\n", "no field 'score'; it has start.text"),
        ('text\n"x\n', "no CSV"),
        ("text\n" + "x\n" * (ROWS_LIMIT + 1), "at most"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(text: str, told: str) -> None:
    """Nothing is guessed: a wrong header, no rows or too many are refused with the remedy."""
    with pytest.raises(InputInvalidError, match=told):
        _read(text)


def test_rows_that_do_not_fit_are_told_with_the_others() -> None:
    """A wrong value and a cell too many are told with line and field; the rest still counts."""
    rows = _read("text,score\na,101\nb,1,2\nc,x\nd,4\n")

    assert [(row.line, [each.pointer for each in row.problems]) for row in rows] == [
        (2, ["/score"]),
        (3, [""]),
        (4, ["/score"]),
        (5, []),
    ]


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        (" 7 ", {"type": "integer"}, 7),
        ("7.5", {"type": "integer"}, "7.5"),
        ("7.5", {"type": "number"}, 7.5),
        ("Yes", {"type": "boolean"}, True),
        ("maybe", {"type": "boolean"}, "maybe"),
        ("007", {"type": "string"}, "007"),
        ("soil; water;", {"type": "array", "items": {"type": "string"}}, ["soil", "water"]),
        ("1;2", {"type": "array", "items": {"type": "integer"}}, [1, 2]),
        ('["a;b"]', {"type": "array", "items": {"type": "string"}}, ["a;b"]),
        ('{"min": 3}', {"$ref": "#/$defs/Size"}, {"min": 3}),
        ("{min}", {"$ref": "#/$defs/Size"}, "{min}"),
        ("7", {"anyOf": [{"type": "integer"}, {"type": "null"}]}, 7),
        ("x", {"enum": ["x"]}, "x"),
    ],
)
def test_cells_become_what_their_field_wants(
    text: str, field: dict[str, JsonValue], expected: JsonValue
) -> None:
    """Text that is no such value is left as it is, for the contract to refuse it in its words."""
    assert value_of(text, SCHEMA, field) == expected


def test_a_sheet_holds_no_formula() -> None:
    """What a run says of itself is text in a spreadsheet, whatever it begins with."""
    row = ReportRow(line=2, run="R", outcome="failed", attempt=1, reason="=HYPERLINK(1)")
    report = BatchReport(id="B", flow="toy", status="failed", rows=(row,))

    assert sheet(report).splitlines()[1] == "2,R,failed,1,'=HYPERLINK(1),,0.0"

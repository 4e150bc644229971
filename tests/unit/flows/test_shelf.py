"""The flows that an installation offers."""

from pathlib import Path

import pytest

from services import composition
from services.errors import NotFoundError
from services.flows.shelf import Shelf, load, shipped_files
from services.settings import Settings
from tests.unit.workflows.mutations import ARTICLE

SHIPPED = [each.name.removesuffix(".yaml") for each in shipped_files()]


def _shelf(folder: Path) -> Shelf:
    return load(composition.catalogue(Settings.from_environ({})), folder)


def _put(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, "utf-8")


def test_shipped_flows_are_offered(tmp_path: Path) -> None:
    """Without a folder of one's own there are the flows that come with the program."""
    assert sorted(_shelf(tmp_path).flows) == sorted(SHIPPED)
    assert {"article", "localise_one", "repurpose"} <= set(SHIPPED)


def test_flows_of_a_folder_are_offered_beside_them(tmp_path: Path) -> None:
    """A mounted folder adds flows, whichever of the two endings its files have."""
    _put(tmp_path, "news.yaml", ARTICLE.replace("flow: article", "flow: news"))
    _put(tmp_path, "letter.yml", ARTICLE.replace("flow: article", "flow: letter"))
    _put(tmp_path, "notes.txt", "flow: notes")

    shelf = _shelf(tmp_path)

    assert sorted(shelf.flows) == sorted([*SHIPPED, "letter", "news"])
    assert shelf.get("news").name == "news"
    assert shelf.refused == {}


def test_a_flow_with_findings_is_never_offered(tmp_path: Path) -> None:
    """A broken file hides no other; whoever asks for it is told what is wrong with it."""
    _put(tmp_path, "news.yaml", "flow: news\n")
    _put(tmp_path, "letter.yaml", ARTICLE.replace("flow: article", "flow: letter"))

    shelf = _shelf(tmp_path)

    assert sorted(shelf.flows) == sorted([*SHIPPED, "letter"])
    with pytest.raises(NotFoundError, match=r"not offered:\nnews\.yaml:1: FO103 "):
        shelf.get("news")


@pytest.mark.parametrize(
    "broken",
    ["flow: weekly\n", "# a flow\nflow: 'weekly' # ours\nsteps: [\n"],
    ids=["form", "YAML"],
)
def test_a_refused_flow_is_known_by_the_name_it_declares(tmp_path: Path, broken: str) -> None:
    """Who asks for the flow is told why, whatever its file is called; the file's name does too."""
    _put(tmp_path, "news.yaml", broken)

    shelf = _shelf(tmp_path)

    for name in ("weekly", "news"):
        with pytest.raises(NotFoundError, match=rf"flow '{name}' is not offered:\nnews\.yaml:"):
            shelf.get(name)


def test_all_refused_files_of_a_flow_are_told(tmp_path: Path) -> None:
    """Two broken files that declare one flow are both shown; one that is offered hides them."""
    _put(tmp_path, "one.yaml", "flow: weekly\n")
    _put(tmp_path, "two.yaml", "flow: weekly\n")
    _put(tmp_path, "three.yaml", "flow: article\n")

    shelf = _shelf(tmp_path)

    with pytest.raises(NotFoundError, match=r"(?s)one\.yaml:1: .*two\.yaml:1: "):
        shelf.get("weekly")
    assert shelf.get("article").name == "article"


def test_two_files_cannot_offer_one_flow(tmp_path: Path) -> None:
    """A second flow of a name is refused; the first stays as it is."""
    _put(tmp_path, "mine.yaml", ARTICLE)

    shelf = _shelf(tmp_path)

    assert sorted(shelf.flows) == sorted(SHIPPED)
    assert "FO108 flow: a flow 'article' exists already, in article.yaml" in shelf.refused["mine"]


def test_an_unknown_flow_is_told_with_those_there_are(tmp_path: Path) -> None:
    """Whoever asks for a flow that does not exist gets the list."""
    with pytest.raises(NotFoundError, match="no flow 'poem'; there are: article"):
        _shelf(tmp_path).get("poem")


def test_a_flow_is_serialised_once(tmp_path: Path) -> None:
    """All runs of a flow carry the same bytes, under the address of these bytes."""
    shelf = _shelf(tmp_path)

    value, body = shelf.carried(shelf.get("article"))

    assert value.body == body.decode()
    assert shelf.carried(shelf.get("article"))[1] is body

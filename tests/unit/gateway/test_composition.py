"""What worker and gateway compose alike."""

from pathlib import Path

import pytest

from contracts.usage import Price
from services import composition
from services.errors import FlowInvalidError
from services.flows.shelf import shipped_files
from services.llm.endpoint import Endpoint
from services.llm.price import FREE
from services.settings import Settings

SHIPPED = {each.name.removesuffix(".yaml") for each in shipped_files()}


def _settings(**environ: str) -> Settings:
    return Settings.from_environ({f"ORCHESTRA_{name}": value for name, value in environ.items()})


@pytest.mark.parametrize("source", ["embedded", "scripted"])
def test_models_of_this_machine_are_free(source: str) -> None:
    """What runs here costs nothing, whatever its name is elsewhere."""
    found = composition.catalogue(_settings(MODEL_SOURCE=source, MODEL="gpt-5-mini"))

    assert {model.price for model in found.models.values()} == {FREE}


def test_models_of_an_endpoint_have_their_list_price() -> None:
    """A known name has a price, an unknown one has none and is not taken for free."""
    found = composition.catalogue(_settings(MODEL="gpt-5-mini", MODEL_JUDGE="my-own-model"))

    assert isinstance(found.models["writer"].price, Price)
    assert found.models["writer"].price != FREE
    assert found.models["judge"].price is None


def test_the_shipped_flows_are_on_the_shelf() -> None:
    """With the settings of an empty environment every flow that comes along is offered."""
    assert set(composition.shelf(_settings()).flows) == SHIPPED


def test_a_flow_of_the_mounted_folder_with_findings_is_refused(tmp_path: Path) -> None:
    """Other flows are offered all the same, and the reason is kept."""
    (tmp_path / "mine.yaml").write_text("flow: mine\n")

    shelf = composition.shelf(_settings(FLOWS_DIR=str(tmp_path)))

    assert set(shelf.flows) == SHIPPED
    assert "mine.yaml:1" in shelf.refused["mine"]


def test_settings_without_models_name_what_is_missing() -> None:
    """The message names the setting to make."""
    with pytest.raises(FlowInvalidError, match="ORCHESTRA_MODEL_WRITER"):
        composition.shelf(Settings())


async def test_vectors_need_a_model_and_an_endpoint(tmp_path: Path) -> None:
    """Without either a corpus is searched by words alone."""
    uri = str(tmp_path / "corpora")
    async with Endpoint("http://127.0.0.1:1/v1") as endpoint:
        by_both = composition.corpora(
            _settings(EMBEDDING_MODEL="vectors", CORPORA_URI=uri), endpoint
        )
        by_words = composition.corpora(_settings(CORPORA_URI=uri), endpoint)

    assert (by_both._model, by_words._model) == ("vectors", "")

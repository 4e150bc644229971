"""The shipped flows for tests: real agents, sample corpora, a scripted model, real memory."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import JsonValue
from ruamel.yaml import YAML

from contracts.registry import CONTRACTS
from services import composition
from services.agents import catalogue
from services.agents.base import ModelAgent
from services.llm.base import LanguageModel
from services.llm.in_process import ScriptedModel
from services.llm.scripted.respondent import answer_by_agent
from services.llm.scripted.script import Script
from services.long_term.entries import LongTermMemory
from services.long_term.in_process import InProcessHeads, InProcessRecords
from services.memory.base import Archive, ContextStore
from services.memory.memory import Memory
from services.publishing.base import Publisher
from services.retrieval.documents import read_documents
from services.retrieval.in_process import InProcessCorpora
from services.runs.gates import Gates
from services.runs.history import RunHistory
from services.runs.runs import Runs
from services.settings import Settings
from services.temporal import connect, sandbox_runner
from services.worker.activities import Assembly
from tests.harness import Harness

SAMPLES = Path(__file__).parents[1] / "deploy" / "samples"
LOW_RISK = (
    "clean-compost-bin",
    "composting-without-a-garden",
    "hot-heap",
    "warm-rooms",
)


@cache
def request(name: str) -> Mapping[str, JsonValue]:
    """Read a sample request to repurpose or to localise."""
    path = SAMPLES / "requests" / f"{name}.yaml"
    read: Mapping[str, JsonValue] = YAML(typ="safe").load(path.read_text("utf-8"))
    return read


@cache
def brief(name: str) -> Mapping[str, JsonValue]:
    """Read a sample brief."""
    path = SAMPLES / "briefs" / f"{name}.yaml"
    read: Mapping[str, JsonValue] = YAML(typ="safe").load(path.read_text("utf-8"))
    return read


async def corpora() -> InProcessCorpora:
    """Ingest every sample corpus into this process."""
    kept = InProcessCorpora()
    for folder in sorted((SAMPLES / "corpora").iterdir()):
        await kept.add(folder.name, read_documents(folder).documents)
    return kept


def article_model(script: Script | None = None) -> ScriptedModel:
    """A model that answers each agent as the agent itself would, or as a script says."""
    agents = catalogue.build(retriever=None, publisher=None, writer_model="")  # type: ignore[arg-type]  # asked for samples only
    samples = {
        name: agent.sample_answer for name, agent in agents.items() if isinstance(agent, ModelAgent)
    }
    return ScriptedModel(answer_by_agent(samples), script)


async def article(
    address: str,
    *,
    tenant: str,
    store: ContextStore,
    archive: Archive,
    publisher: Publisher,
    model: LanguageModel,
) -> Harness:
    """Set up the shipped flows on a queue of their own."""
    environ = {"ORCHESTRA_MODEL_SOURCE": "scripted", "ORCHESTRA_MODEL": "scripted"}
    settings = Settings.from_environ(environ).model_copy(
        update={"temporal_address": address, "tenant": tenant, "task_queue": tenant}
    )
    client = await connect(settings)
    memory = Memory(store, archive, RunHistory(client))
    agents = catalogue.build(
        retriever=await corpora(), publisher=publisher, writer_model="scripted"
    )
    shelf = composition.shelf(settings)
    entries = LongTermMemory(InProcessRecords(), InProcessHeads(), archive, CONTRACTS)
    runs = Runs(client, memory, shelf, CONTRACTS, settings, entries)
    assembly = Assembly(memory, agents, model, CONTRACTS, shelf, entries=entries)
    return Harness(client, runs, Gates(runs), memory, assembly, tenant, sandbox_runner())

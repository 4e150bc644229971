"""The scripted model as a process: good answers come from the agents, faults from a script."""

import asyncio
from pathlib import Path

from services.agents import catalogue
from services.agents.base import ModelAgent
from services.errors import SettingsError
from services.llm.scripted import server
from services.llm.scripted.respondent import SampleAnswer, answer_by_agent
from services.llm.scripted.script import load_script
from services.publishing.in_process import InProcessPublisher
from services.retrieval.in_process import InProcessCorpora


def samples() -> dict[str, SampleAnswer]:
    """Give what each model agent says a good answer of its own is."""
    agents = catalogue.build(
        retriever=InProcessCorpora(), publisher=InProcessPublisher(), writer_model=""
    )
    return {
        name: agent.sample_answer for name, agent in agents.items() if isinstance(agent, ModelAgent)
    }


def serve(host: str, port: int, script: Path | None) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        SettingsError: the port is taken.
        StorageError: the script cannot be read.
        InputInvalidError: it is no script.
    """
    lines = load_script(script) if script else None
    try:
        asyncio.run(server.serve(port, host=host, answer=answer_by_agent(samples()), script=lines))
    except OSError as error:
        raise SettingsError(
            f"the model cannot listen on {host}:{port}: {error.strerror};"
            " choose another port with --port"
        ) from error

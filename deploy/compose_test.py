"""Runs docker-compose.yml end to end: `make compose-test`.

On the engine that answers; where none does, root on Debian gets a private one that is gone at the
end. Ends with 0 when all is well and also, with the reason, when this machine cannot run it; with 1
when something that should work does not.
"""

import argparse
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from compose_trial import engine, hygiene
from compose_trial.article import Articles
from compose_trial.outcome import BrokenError, UnfitError
from compose_trial.project import BUILD_SECONDS, UP_SECONDS, Project, described, take_down
from compose_trial.report import Report, say

WORKERS = 2
CORPUS = "composting"


def main() -> int:
    """Run the trial and print its report; gives the exit code."""
    asked = _arguments()
    # What was started is stopped again also when the trial itself is told to stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    report = Report()
    try:
        _try_all(report, may_install=asked.install, kept=asked.keep)
    except UnfitError as error:
        say(f"skipped: {error}")
        return 0
    except BrokenError as error:
        report.show()
        say(f"failed: {error}")
        return 1
    report.show()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run docker-compose.yml end to end.")
    parser.add_argument(
        "--install",
        action="store_true",
        default=os.environ.get("COMPOSE_TEST_INSTALL") == "1",
        help="as root on Debian, install an engine where there is none; COMPOSE_TEST_INSTALL=1",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="where a private engine keeps base image and build cache for the next time",
    )
    return parser.parse_args()


def _try_all(report: Report, *, may_install: bool, kept: Path | None) -> None:
    with ExitStack() as stack:
        with report.step("engine") as step:
            found = stack.enter_context(engine.opened(may_install=may_install, kept=kept))
            step.told = found.description()
        with report.step("base image") as step:
            base = step.told = engine.base_image(found)
        project = stack.enter_context(described(found, base))
        try:
            _bring_up(report, project)
            _use(report, project)
        except BrokenError:
            say(project.logs())
            raise
        with report.step("taken down") as step:
            take_down(project)
            step.told = "no container, volume, network or image of it is left"
        with report.step("engine let go") as step:
            stack.close()
            step.told = "stopped, its network and rules removed" if found.is_private else "not ours"


def _bring_up(report: Report, project: Project) -> None:
    with report.step("compose files") as step:
        step.told = hygiene.check_files(project)
    with report.step("build") as step:
        project.compose("build", "--quiet", timeout_seconds=BUILD_SECONDS)
        step.told = "the targets service and parts"
    with report.step("up, until healthy") as step:
        up = ("up", "--detach", "--wait", "--scale", f"worker={WORKERS}")
        project.compose(*up, timeout_seconds=UP_SECONDS)
        step.told = f"{len(project.containers())} containers, {WORKERS} of them workers"


def _use(report: Report, project: Project) -> None:
    with Articles(project) as articles:
        with report.step("corpus over REST") as step:
            step.told = f"{articles.add_corpus(CORPUS).added} documents"
        with report.step("article") as step:
            step.told = _told(articles, articles.start("hot-heap"))
        with report.step("containers") as step:
            step.told = hygiene.check_containers(project)
        with report.step("images") as step:
            step.told = hygiene.check_images(project)
        with report.step("article among crashes") as step:
            run = articles.start("composting-without-a-garden")
            crashes = _crash(project, articles, run)
            end = _told(articles, run)
            step.told = f"{crashes}; steps made again: {articles.repetitions(run)}; {end}"


def _told(articles: Articles, run: str) -> str:
    """Wait for a publication; tell where it is and what led to it."""
    publication = articles.await_publication(run)
    hand_offs = articles.hand_offs(run)
    if not hand_offs or hand_offs[-1].source != "publish":
        raise BrokenError(f"run {run} does not list the hand-offs that led to its publication")
    return f"{publication.where} in the volume, {len(hand_offs)} hand-offs"


def _crash(project: Project, articles: Articles, run: str) -> str:
    """Kill the worker that has the run in hand, then memory; tell what became of them.

    Raises:
        BrokenError: one of them does not come back.
    """
    workers = project.containers("worker")
    articles.await_place(run, "outline")
    host = articles.busy_worker(run)
    (worker,) = (each for each in workers if each.id.startswith(host))
    project.kill(worker)
    articles.await_place(run, "write")
    (memory,) = project.containers("redis")
    project.kill(memory)
    seconds = [project.await_restart(each) for each in (memory, worker)]
    return f"busy worker killed, redis killed, both back (redis in {seconds[0]:.0f} s)"


if __name__ == "__main__":
    sys.exit(main())

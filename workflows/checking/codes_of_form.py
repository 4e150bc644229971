"""Codes 1xx: what may be wrong with the form of a flow file."""

from typing import Final

from workflows.checking.code import Code
from workflows.checking.examples import PLAN, Example, in_plan

FORM: Final = (
    Code(
        code="FO101",
        title="a key stands twice",
        meaning=(
            "A mapping has the same key twice. YAML readers differ in which of the two they take,"
            " so neither is taken here. Keep the one that is meant."
        ),
        example=in_plan(
            "version: 1\nversion: 2\n",
            "version: 1\n",
        ),
    ),
    Code(
        code="FO102",
        title="a key that flows do not have",
        meaning=(
            "Every key of a flow file means something, and this one means nothing where it stands:"
            " it is misspelt, indented too far or not far enough, or belongs to another part. It is"
            " never skipped, because a misspelt bound or failure plan would then silently not be"
            " there. The nearest key there is is named; the other findings of the file are told as"
            " if that one were meant."
        ),
        example=in_plan(
            "to: outline, at_mots: 2}",
            "to: outline, at_most: 2}",
        ),
    ),
    Code(
        code="FO103",
        title="a key is missing",
        meaning=(
            "A part of the flow lacks a key that has no default: a gate without a deadline, for"
            " one, could wait for ever, and a flow without a budget could spend for ever."
        ),
        example=in_plan(
            "    writes: decision\n    on_deadline: {to: expired}\n",
            "    writes: decision\n    deadline: 24h\n    on_deadline: {to: expired}\n",
        ),
    ),
    Code(
        code="FO104",
        title="a value that cannot stand here",
        meaning=(
            "The key is right and its value is not: a duration without a unit, a name with a"
            " capital, a count below nought, a failure plan for a kind of failure that does not"
            " exist, half a rule. The message says what is asked for."
        ),
        example=in_plan(
            "    writes: decision\n    deadline: 24 hours\n",
            "    writes: decision\n    deadline: 24h\n",
        ),
    ),
    Code(
        code="FO105",
        title="not YAML",
        meaning=(
            "The file cannot be read as YAML 1.2, so nothing else can be said about it. The line is"
            " where the reader gave up; the cause is there or just before: a tab, a quotation mark"
            " or bracket that is never closed, text with `: ` or a leading `*` or `@` that is not"
            " quoted. Rules are best always quoted."
        ),
        example=in_plan(
            "summary: Outline: from a brief, approved by an editor.\n",
            "summary: An outline from a brief, approved by an editor.\n",
        ),
    ),
    Code(
        code="FO106",
        title="a file that cannot be read",
        meaning=(
            "There is no such file, this user may not read it, it is over 1 MiB, it is not UTF-8"
            " text, it is a pipe that says nothing for 20 seconds, or a folder has no flow file in"
            " it (.yaml or .yml, folders inside it do not count). What else was named is still"
            " checked."
        ),
        example=Example(
            flow=PLAN.replace("An outline from", "Überblick from"),
            wrong="summary: Überblick from a brief, approved by an editor.  # saved as Latin-1\n",
            mended="summary: Überblick from a brief, approved by an editor.\n",
            saved_as="latin-1",
        ),
    ),
    Code(
        code="FO107",
        title="YAML, and not the shape of a flow",
        meaning=(
            "The file is empty, a list or a word instead of a mapping; a key is a list or a map;"
            " it nests over 20 levels deep; or it says over 50,000 things once its aliases are"
            " spelt out, which is how a short file can fill a memory."
        ),
        example=in_plan(
            "[flow]: plan\n",
            "flow: plan\n",
        ),
    ),
    Code(
        code="FO108",
        title="two files declare one flow",
        meaning=(
            "Runs are started by a flow's name, so one installation offers one flow of a name: the"
            " shipped flows come first, then the files of the folder ORCHESTRA_FLOWS_DIR by name."
            " The later file is not offered."
        ),
        example=in_plan(
            "flow: letter\n",
            "flow: plan\n",
        ),
    ),
)

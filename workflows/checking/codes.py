"""The catalogue of findings: what every code means, an example of it, and what mends it.

Codes are stable: a code is never used for anything else, and one that is no longer found stays out
of use. 1xx is the file's form, 2xx names and types, 3xx behaviour on some path, 4xx notes.
"""

from typing import Final

from workflows.checking.code import Code
from workflows.checking.codes_of_behaviour import BEHAVIOUR
from workflows.checking.codes_of_blocks import BLOCKS
from workflows.checking.codes_of_form import FORM
from workflows.checking.codes_of_memory import MEMORY
from workflows.checking.codes_of_names import NAMES
from workflows.checking.codes_of_subject import SUBJECT

CODES: Final[dict[str, Code]] = {
    each.code: each for each in (*FORM, *NAMES, *MEMORY, *SUBJECT, *BLOCKS, *BEHAVIOUR)
}
"""Every code there is, in order."""

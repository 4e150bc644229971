"""Two small toy flows: one step, and one step whose product a person approves."""

ONE = """
slots: {first: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""
GATE = """
slots: {first: Note@1, decision: Decision@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: approve}
  approve:
    gate: editor
    shows: [first]
    writes: decision
    deadline: 1h
    on_deadline: {to: failed}
    next: done
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""

"""The determinism gate: what code that runs inside a workflow may not do, found in its syntax.

A run is replayed from its history, on another machine and another day, and has to take the same
path. Temporal's sandbox is off in production (it costs a third of the worker's time), and would
not see the order of a set anyway. What this finds: clocks, environment, chance, files and sockets,
everything outside a short list of modules, sets whose order shows, and state between runs.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

MODULES: Final = frozenset(
    {"abc", "annotated_types", "ast", "asyncio", "collections", "collections.abc", "dataclasses"}
    | {"datetime", "difflib", "enum", "hashlib", "itertools", "json", "math", "pydantic"}
    | {"pydantic.fields", "re", "types", "typing", "typing_extensions"}
    | {"temporalio", "temporalio.common", "temporalio.exceptions", "temporalio.workflow"}
)
"""What may be imported besides `contracts` and `workflows` themselves."""

NAMES_OF: Final = {
    "collections": frozenset({"deque"}),
    "itertools": frozenset({"product"}),
    "datetime": frozenset({"timedelta"}),
    "temporalio": frozenset({"activity", "workflow"}),
}
"""Of these modules only so much."""

ASYNCIO: Final = frozenset(
    {"CancelledError", "Semaphore", "Task", "create_task", "current_task", "gather", "shield"}
)
"""Temporal's own event loop runs these in a fixed order; `wait` and `as_completed` it does not."""

BUILTINS: Final = frozenset(
    {"open", "print", "input", "eval", "exec", "compile", "__import__", "globals", "locals"}
    | {"vars", "id", "hash", "breakpoint"}
)
"""I/O, code made at run time, and numbers that differ from process to process."""

UNSAFE: Final = frozenset({"sandbox_unrestricted", "is_replaying", "is_replaying_history_events"})

_MUTABLE_CALLS: Final = frozenset(
    {"list", "dict", "set", "bytearray", "defaultdict", "deque", "Counter", "OrderedDict"}
)
_MUTATORS: Final = frozenset(
    {"append", "add", "update", "setdefault", "pop", "popitem", "clear", "extend", "insert"}
    | {"remove", "discard", "sort", "reverse"}
)
_IN_ORDER: Final = frozenset(
    {"list", "tuple", "enumerate", "iter", "next", "zip", "map", "filter", "reversed", "join"}
    | {"fromkeys", "str", "repr", "extend", "chain", "deque"}
)
"""What shows the order of what it is given. `sorted`, `len`, `any`, `min` and `set` do not."""

_SET_METHODS: Final = frozenset(
    {"union", "intersection", "difference", "symmetric_difference", "copy"}
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def violations(source: str, set_functions: frozenset[str] = frozenset()) -> list[str]:
    """List what is not allowed, as `line: what`, in the order of the lines.

    `set_functions` are those of other modules that return sets.
    """
    tree = ast.parse(source)
    known = set_functions | functions_of_sets(source)
    gate = _Gate(_global_names(tree), known, _set_attributes(tree))
    gate.visit(tree)
    gate.found += _state_between_runs(tree)
    return [f"{line}: {what}" for line, what in sorted(set(gate.found))]


def _is_set_type(annotation: ast.expr | None) -> bool:
    if annotation is None:
        return False
    outer = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    name = outer.attr if isinstance(outer, ast.Attribute) else getattr(outer, "id", "")
    return name in {"set", "frozenset", "Set", "AbstractSet", "FrozenSet", "MutableSet"}


def functions_of_sets(source: str) -> frozenset[str]:
    """Name the functions and methods that say they return a set."""
    functions = (node for node in ast.walk(ast.parse(source)) if isinstance(node, _Function))
    return frozenset(node.name for node in functions if _is_set_type(node.returns))


def _set_attributes(tree: ast.Module) -> frozenset[str]:
    """Fields of classes that are declared as sets, in the class body or on `self`."""
    declared = (node for node in ast.walk(tree) if isinstance(node, ast.AnnAssign))
    sets = [node.target for node in declared if _is_set_type(node.annotation)]
    of_self = {target.attr for target in sets if isinstance(target, ast.Attribute)}
    bodies = (node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    in_class = {
        statement.target.id
        for body in bodies
        for statement in body
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and _is_set_type(statement.annotation)
    }
    return frozenset(of_self | in_class)


def _is_mutable(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        name = value.func.attr if isinstance(value.func, ast.Attribute) else ""
        return getattr(value.func, "id", name) in _MUTABLE_CALLS
    return isinstance(
        value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
    )


def _is_final(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.AnnAssign) and "Final" in ast.unparse(statement.annotation)


def _global_names(tree: ast.Module) -> frozenset[str]:
    """Names of the module that hold something mutable."""
    names = set()
    for statement in tree.body:
        if isinstance(statement, ast.AnnAssign | ast.Assign) and _is_mutable(statement.value):
            targets = (
                [statement.target] if isinstance(statement, ast.AnnAssign) else statement.targets
            )
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(names)


def _state_between_runs(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find containers that modules and classes hold, and that one run could change for another."""
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for body in (tree.body, *bodies):
        for statement in body:
            if not isinstance(statement, ast.AnnAssign | ast.Assign):
                continue
            if _is_mutable(statement.value) and not _is_final(statement):
                yield statement.lineno, "holds a mutable container between runs"


@dataclass
class _Gate(ast.NodeVisitor):
    """Walks a module; one scope of names known to hold sets a function."""

    globals: frozenset[str]
    set_functions: frozenset[str]
    set_attributes: frozenset[str]
    found: list[tuple[int, str]] = field(default_factory=list)
    scopes: list[set[str]] = field(default_factory=lambda: [set()])

    def _tell(self, node: ast.stmt | ast.expr | ast.alias, what: str) -> None:
        self.found.append((node.lineno, what))

    # Imports

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name in NAMES_OF:
                self._tell(alias, f"imports {alias.name} whole; import the names that are allowed")
            self._check_module(alias, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if module == "asyncio":
            self._tell(node, "imports names of asyncio; write asyncio.name")
            return
        self._check_module(node, module)
        allowed = NAMES_OF.get(module)
        for alias in node.names:
            if allowed is not None and alias.name not in allowed:
                self._tell(node, f"imports {module}.{alias.name}")

    def _check_module(self, node: ast.stmt | ast.alias, module: str) -> None:
        ours = module.partition(".")[0] in ("contracts", "workflows")
        if not ours and module not in MODULES:
            self._tell(node, f"imports {module or 'by a relative path'}")

    # Names and attributes

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in BUILTINS and isinstance(node.ctx, ast.Load):
            self._tell(node, f"uses {node.id}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        is_asyncio = isinstance(node.value, ast.Name) and node.value.id == "asyncio"
        if is_asyncio and node.attr not in ASYNCIO:
            self._tell(node, f"uses asyncio.{node.attr}")
        if node.attr in UNSAFE:
            self._tell(node, f"uses {node.attr}")
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> None:
        self._tell(node, f"changes global {', '.join(node.names)}")

    # Scopes

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._enter(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._enter(node)

    def _enter(self, node: _Function) -> None:
        every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        self.scopes.append({each.arg for each in every if _is_set_type(each.annotation)})
        self.generic_visit(node)
        self.scopes.pop()

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            self._bind(target, is_set=self._is_set(node.value))
            if isinstance(target, ast.Tuple | ast.List) and self._is_set(node.value):
                self._tell(node, "unpacks a set, whose order is not fixed")
            self._check_global(target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.generic_visit(node)
        is_set = _is_set_type(node.annotation) or (
            node.value is not None and self._is_set(node.value)
        )
        self._bind(node.target, is_set=is_set)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.generic_visit(node)
        self._check_global(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.generic_visit(node)
        self._bind(node.target, is_set=self._is_set(node.value))

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._check_global(target)

    def _bind(self, target: ast.expr, *, is_set: bool) -> None:
        if isinstance(target, ast.Name):
            scope = self.scopes[-1]
            (scope.add if is_set else scope.discard)(target.id)

    def _check_global(self, target: ast.expr) -> None:
        if isinstance(target, ast.Subscript) and self._is_global(target.value):
            self._tell(target, f"changes the module's {ast.unparse(target.value)}")

    def _is_global(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id in self.globals

    # Order

    def visit_For(self, node: ast.For) -> None:
        self._refuse_order(node.iter)
        self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._refuse_orders(node.generators)
        self.generic_visit(node)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._refuse_orders(node.generators)
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        if isinstance(node.ctx, ast.Load):
            self._refuse_order(node.value)
        self.generic_visit(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        self._refuse_order(node.value)
        self.generic_visit(node)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> None:
        self._refuse_order(node.value)
        self.generic_visit(node)

    def visit_Set(self, node: ast.Set) -> None:
        # A set may be poured into a set: no order shows.
        for element in node.elts:
            self.visit(element.value if isinstance(element, ast.Starred) else element)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        for argument in node.args:
            if name in _IN_ORDER:
                self._refuse_order(argument)
            if isinstance(argument, ast.GeneratorExp) and name in _IN_ORDER:
                self._refuse_orders(argument.generators)
        if isinstance(called, ast.Attribute):
            self._check_method(node, called)
        self.generic_visit(node)

    def _check_method(self, node: ast.Call, called: ast.Attribute) -> None:
        if called.attr in _MUTATORS and self._is_global(called.value):
            self._tell(node, f"changes the module's {ast.unparse(called.value)}")
        if called.attr == "pop" and self._is_set(called.value):
            self._tell(node, "pops from a set, whose order is not fixed")

    def _refuse_orders(self, generators: Iterable[ast.comprehension]) -> None:
        for generator in generators:
            self._refuse_order(generator.iter)

    def _refuse_order(self, node: ast.expr) -> None:
        if self._is_set(node):
            self._tell(node, "shows the order of a set; sort it")

    def _is_set(self, node: ast.expr) -> bool:
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Name(id=name):
                return any(name in scope for scope in self.scopes)
            case ast.Attribute(attr=name):
                return name in self.set_attributes
            case ast.BinOp(op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor()):
                return self._is_set(node.left) or self._is_set(node.right)
            case ast.IfExp(body=one, orelse=other):
                return self._is_set(one) or self._is_set(other)
            case ast.NamedExpr(value=value):
                return self._is_set(value)
            case ast.Call(func=ast.Name(id=name)):
                return name in {"set", "frozenset"} or name in self.set_functions
            case ast.Call(func=ast.Attribute(attr=name, value=value)):
                return name in self.set_functions or (name in _SET_METHODS and self._is_set(value))
            case _:
                return False

"""The rule language: what it says, what it refuses, and that it means what Python means."""

import ast
from contextlib import suppress
from types import SimpleNamespace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from contracts.compiled import Compare, Condition
from contracts.reference import FactValue
from workflows.rules import NESTED_CONDITIONS, RULE_CHARACTERS, RuleError, comparisons, parse
from workflows.rules import evaluate as decide

FACTS: Final[dict[str, dict[str, FactValue]]] = {
    "review": {"verdict": "accept", "score": 70, "blocking": False, "len(comments)": 0},
    "topic": {"risk": "high", "label.name": "health"},
}

DECIDED = [
    ("review.verdict == 'accept'", True),
    ("review.verdict != 'accept'", False),
    ("review.verdict == 'revise'", False),
    ("review.score < 70", False),
    ("review.score <= 70", True),
    ("review.score > 69", True),
    ("review.score >= 71", False),
    ("review.score == -70", False),
    ("review.score > -1", True),
    ("review.blocking", False),
    ("not review.blocking", True),
    ("review.blocking == False", True),
    ("review.verdict in ['accept', 'revise']", True),
    ("review.verdict in ('revise',)", False),
    ("review.verdict not in ['revise']", True),
    ("review.score in [1, 70]", True),
    ("len(review.comments) == 0", True),
    ("len(review.comments) > 0", False),
    ("topic.label.name == 'health'", True),
    ("review.verdict == 'accept' and topic.risk != 'high'", False),
    ("review.verdict == 'revise' or topic.risk == 'high'", True),
    ("not (review.verdict == 'revise' or review.score < 50)", True),
    ("review.blocking or review.score >= 70 and topic.risk == 'high'", True),
    ("  review.verdict == 'accept'\n", True),
]


@pytest.mark.parametrize(("rule", "expected"), DECIDED, ids=[rule for rule, _ in DECIDED])
def test_a_rule_decides_on_facts(rule: str, expected: bool) -> None:
    """A condition holds exactly when Python would say so of the same facts."""
    assert decide(parse(rule), FACTS) is expected


REFUSED = [
    ("", "is no condition"),
    ("review.verdict ==", "is no condition"),
    ("review.verdict = 'accept'", "is no condition"),
    ("review.verdict == 'accept'; 1", "is no condition"),
    ("review.verdict == '\0'", "is no condition"),
    ("True", "compare a field with a literal"),
    ("review", "compare a field with a literal"),
    ("review == 1", "the left side is a field"),
    ("'accept' == review.verdict", "the left side is a field"),
    ("review.verdict == review.other", "the right side is one"),
    ("review.verdict == verdict", "the right side is one"),
    ("review.score == 0.5", "no fractions"),
    ("review.score in [0.5]", "no fractions"),
    ("review.score == 1j", "the right side is one"),
    ("review.verdict == None", "the right side is one"),
    ("review.verdict is None", "write one comparison at a time"),
    ("review.verdict is not 'accept'", "write one comparison at a time"),
    ("review.verdict == b'accept'", "the right side is one"),
    ("review.verdict == ...", "the right side is one"),
    ("review.score == -True", "the right side is one"),
    ("review.score == +1", "the right side is one"),
    ("review.score == --1", "the right side is one"),
    ("review.score + 1 == 2", "the left side is a field"),
    ("review.score == 1 + 1", "the right side is one"),
    ("0 < review.score", "the left side is a field"),
    ("review.score < 5 < 9", "write one comparison at a time"),
    ("review.get() == 1", "the left side is a field"),
    ("review.get().score == 1", "write slot.field"),
    ("review['verdict'] == 'accept'", "the left side is a field"),
    ("review.comments[0].kind == 'clarity'", "write slot.field"),
    ("len(review) == 1", "the left side is a field"),
    ("len(review.comments, 2) == 1", "the left side is a field"),
    ("len(obj=review.comments) == 1", "the left side is a field"),
    ("len(*review.comments) == 1", "the left side is a field"),
    ("len(review.comments)", "compare a field with a literal"),
    ("any(review.comments) == 1", "the left side is a field"),
    ("__import__('os').name == 'posix'", "write slot.field"),
    ("lambda: 1", "compare a field with a literal"),
    ("(verdict := 'accept')", "compare a field with a literal"),
    ("[x for x in review.comments]", "compare a field with a literal"),
    ("review.verdict == f'{secret}'", "the right side is one"),
    ("1 if review.blocking else 2", "compare a field with a literal"),
    ("-review.score", "compare a field with a literal"),
    ("await review.score", "compare a field with a literal"),
    ("review.verdict == ['accept']", "`in` takes a list of literals, and only `in` does"),
    ("review.verdict in 'accept'", "`in` takes a list of literals, and only `in` does"),
    ("review.verdict in []", "the right side is one"),
    ("review.verdict in {'accept'}", "the right side is one"),
    ("review.verdict in [['accept']]", "lists of literals do not nest"),
    ("review.verdict in [*names]", "the right side is one"),
    (r"review.verdict == '\ud800'", "half a character"),
    ("review.score == " + "9" * 5000, "at most 2000 characters"),
]


@pytest.mark.parametrize(("rule", "message"), REFUSED, ids=[repr(rule[:40]) for rule, _ in REFUSED])
def test_what_is_not_of_the_language_is_refused(rule: str, message: str) -> None:
    """Anything but comparisons of fields with literals is refused, and told what to write."""
    with pytest.raises(RuleError) as refused:
        parse(rule)

    assert message in str(refused.value)


@pytest.mark.parametrize(
    "rule",
    [
        "not " * (NESTED_CONDITIONS + 1) + "a.b",
        "not " * 300 + "a.b",
        "not (a.b and " * 12 + "a.b" + ")" * 12,
        "(" * 400 + "a.b" + ")" * 400,
        "a.b == 1" + " + 1" * 400,
        "f()" + ".b" * 900,
        "-" * 1900 + "1",
    ],
    ids=["one too many", "not", "mixed", "parentheses", "sums", "attributes", "minus"],
)
def test_rules_nest_only_so_deep(rule: str) -> None:
    """A rule that nests without end is refused with a sentence, wherever it nests."""
    with pytest.raises(RuleError):
        parse(rule)


def test_the_deepest_rule_survives_storage() -> None:
    """A rule as deep as the language allows can be stored with its flow and read back."""
    deepest = parse("not " * (NESTED_CONDITIONS - 1) + "review.blocking")
    storage: TypeAdapter[Condition] = TypeAdapter(Condition)

    assert storage.validate_json(storage.dump_json(deepest)) == deepest


def test_a_rule_is_only_so_long() -> None:
    """A rule of more characters than anybody reads is refused before it is parsed."""
    with pytest.raises(RuleError, match=f"at most {RULE_CHARACTERS} characters"):
        parse("a.b == '" + "x" * RULE_CHARACTERS + "'")


def test_comparisons_are_listed_from_left_to_right() -> None:
    """The checker sees every comparison of a rule, in the order of the file."""
    found = comparisons(parse("a.b == 1 and (not a.c or len(a.d) > 2)"))

    assert list(found) == [
        Compare(slot="a", fact="b", op="==", value=1),
        Compare(slot="a", fact="c", op="==", value=True),
        Compare(slot="a", fact="len(d)", op=">", value=2),
    ]


def test_a_missing_fact_is_never_taken_for_false() -> None:
    """A fact that nobody told is an error, not a condition that does not hold."""
    with pytest.raises(KeyError):
        decide(parse("review.mood == 'grey'"), FACTS)


TEXTS: Final = ("accept", "revise", "it's", 'say "x"', "Grüße", "")
numbers = st.integers(-3, 3)
texts = st.sampled_from(TEXTS)
truths = st.booleans()

_orders = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
_equalities = st.sampled_from(["==", "!="])
_memberships = st.sampled_from(["in", "not in"])
_comparisons = st.one_of(
    st.builds("one.number {} {}".format, _orders, numbers),
    st.builds("len(one.items) {} {}".format, _orders, numbers),
    st.builds("one.text {} {!r}".format, _equalities, texts),
    st.builds("two.part.flag {} {}".format, _equalities, truths),
    st.just("two.part.flag"),
    st.builds("one.text {} {!r}".format, _memberships, st.lists(texts, min_size=1, max_size=3)),
    st.builds("one.number {} {!r}".format, _memberships, st.lists(numbers, min_size=1)),
)
conditions = st.recursive(
    _comparisons,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
        st.builds("{} and {} or {}".format, _comparisons, _comparisons, _comparisons),
    ),
    max_leaves=6,
)


@given(conditions, numbers, texts, truths, st.integers(0, 3))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_rules_mean_what_python_means(
    rule: str, number: int, text: str, flag: bool, length: int
) -> None:
    """Any rule on any facts decides as Python's own evaluation of the same words does."""
    facts: dict[str, dict[str, FactValue]] = {
        "one": {"number": number, "text": text, "len(items)": length},
        "two": {"part.flag": flag},
    }
    one = SimpleNamespace(number=number, text=text, items=[None] * length)
    two = SimpleNamespace(part=SimpleNamespace(flag=flag))

    by_python = eval(rule, {"__builtins__": {"len": len}}, {"one": one, "two": two})

    assert decide(parse(rule), facts) is bool(by_python)


@given(conditions)
@settings(deadline=None, derandomize=True, max_examples=50)
def test_the_same_rule_is_always_the_same_tree(rule: str) -> None:
    """Parsing depends on nothing but the text, and blanks around it do not count."""
    spaced = ast.unparse(ast.parse(rule, mode="eval"))

    assert parse(rule) == parse(spaced) == parse(f" {rule} ")


@given(st.text(max_size=40))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_any_text_is_a_rule_or_a_rule_error(text: str) -> None:
    """No text whatever makes the parser fail in another way than with its own sentence."""
    with suppress(RuleError):
        parse(text)

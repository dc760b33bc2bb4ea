"""The matrix-level normal form, against identities written out by hand, and the parts that it stands on."""

from __future__ import annotations

import itertools
import random

import pytest
from flint import fmpq

from lstm_symbolic.expr import build, read_term, shapes
from lstm_symbolic.proof.atoms import Atoms
from lstm_symbolic.proof.budget import Budget
from lstm_symbolic.proof.dag import Dag
from lstm_symbolic.proof.labels import TIME, canonical, close
from lstm_symbolic.proof.normal import Normal
from lstm_symbolic.proof.show import Show
from lstm_symbolic.proof.translate import Translator, scalar_times

SHAPES = shapes("A:n,n B:n,n W:n,m V:n,m K:n,n+m h:n,1 d:n,1 x:m,1 y:m,1 r:1,n J:n,n G:k,k")


def same(a: str, b: str) -> bool:
    left, right = (build(read_term(t), SHAPES) for t in (a, b))
    translate = Translator(Dag(), scalar_times([left, right]))
    u, v = translate(left), translate(right)
    normal = Normal([u, v], Atoms())
    return normal(u).keys() == normal(v).keys()


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("(A @ W).T", "W.T @ A.T"),
        ("diag(h) @ A @ diag(d)", "A * (h @ d.T)"),
        ("trace(A @ B @ A)", "trace(A @ A @ B)"),
        ("K @ concat(h, x) + W @ y", "K @ concat(h, x) + (W @ y + 0 * h)"),
        ("hstack(A, W) @ concat(h, x)", "W @ x + A @ h"),
        ("vstack(W.T, A.T).T @ concat(x, h)", "A @ h + W @ x"),
        ("concat(h, x).T @ concat(d, y)", "h.T @ d + x.T @ y"),
        ("total(diag(h) @ W)", "h.T @ W @ ones(m)"),
        ("sigmoid(A.T).T", "sigmoid(A)"),
        ("trace(tanh(A))", "ones(n).T @ tanh(A * eye(n)) @ ones(n)"),
        ("sigmoid(diag(h))", "diag(sigmoid(h)) + (ones(n, n) - eye(n)) / 2"),
        ("total(tanh(A - A.T))", "0"),
        ("total(B * tanh(A - A.T) * B.T)", "0"),
        ("softmax(h + 3)", "softmax(h)"),
        ("exp(h) / total(exp(h))", "softmax(h)"),
        ("Sum(d[t] @ h[t - 1].T, (t, 1, T))", "Sum(d[s + 1] @ h[s].T, (s, 0, T - 1))"),
        ("Sum(d[t], (t, 1, T)) - d[T]", "Sum(d[t], (t, 1, T - 1))"),
        ("Sum(d[t], (t, 2, T)) + d[1]", "Sum(d[t + 1], (t, 0, T - 1))"),
        ("Sum(Sum(d[t] * h[s], (s, 1, t)), (t, 1, T))", "Sum(Sum(h[s] * d[t], (t, s, T)), (s, 1, T))"),
        ("Sum(t * x, (t, 1, T)) + T * x", "Sum((t + 1) * x, (t, 1, T))"),
        ("Sum(tanh(d[t + 1]), (t, 0, T - 1))", "Sum(tanh(d[t]), (t, 1, T))"),
        ("Prod(J[k], (k, 1, T))", "Prod(J[s + 1], (s, 0, T - 1))"),
        ("conv(G, A + B)", "conv(G, B) + conv(G, A)"),
        ("norm(2 * h) ** 2", "4 * h.T @ h"),
        ("A @ softplus(h)", "A @ (h + softplus(-h))"),
    ],
)
def test_equal(a: str, b: str) -> None:
    assert same(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("A @ B", "B @ A"), ("A.T @ h", "A @ h"), ("trace(A @ B)", "trace(A.T @ B)"), ("total(tanh(A + A.T))", "0"),
        ("hstack(A, W) @ concat(h, x)", "hstack(A, W) @ concat(d, x)"), ("A @ tanh(h)", "tanh(A @ h)"),
        ("Sum(d[t], (t, 1, T))", "Sum(d[t], (t, 0, T))"),
        ("Sum(Sum(d[t] * h[s], (s, 1, t)), (t, 1, T))", "Sum(Sum(d[t] * h[s], (s, 1, T)), (t, 1, T))"),
        ("Sum(d[t] * h[t - 1], (t, 1, T))", "Sum(d[t] * h[t], (t, 1, T))"), ("softmax(2 * h)", "softmax(h)"),
        ("total(B * tanh(A - A.T))", "0"), ("conv(G, A @ B)", "conv(G, A) @ B"),
    ],
)  # fmt: skip
def test_different(a: str, b: str) -> None:
    assert not same(a, b)


def test_labels_do_not_depend_on_names() -> None:
    """A product of seven factors over five bound indices, under every renaming of a sample, is one monomial."""
    factors = [(5, (1, 2), (), 1), (5, (2, 3), (), 1), (5, (3, 1), (), 1), (6, (3, 4), (), 1), (7, (4, -1), (), 2)]
    factors += [(6, (5, 5), (), 1), (8, (5,), (), 1)]
    dims = {1: 9, 2: 9, 3: 9, 4: 10, 5: 9}
    rng, found = random.Random(3), set()
    for _ in range(40):
        names = dict(zip(dims, rng.sample(range(1, 90), 5), strict=True))
        moved = [(h, tuple(names.get(r, r) for r in refs), s, p) for h, refs, s, p in rng.sample(factors, len(factors))]
        found.add(canonical(moved, {names[b]: d for b, d in dims.items()}, {}, Budget()))
    assert len(found) == 1


def test_a_cycle_of_equal_factors_has_one_form() -> None:
    ring = lambda order: [(5, (order[k], order[(k + 1) % 6]), (), 1) for k in range(6)]  # noqa: E731
    dims = dict.fromkeys(range(1, 7), 9)
    forms = {canonical(ring(p), dims, {}, Budget()) for p in itertools.islice(itertools.permutations(range(1, 7)), 0, 720, 37)}
    assert len(forms) == 1
    two = [(5, (1, 2), (), 1), (5, (2, 3), (), 1), (5, (3, 1), (), 1), (5, (4, 5), (), 1), (5, (5, 6), (), 1), (5, (6, 4), (), 1)]
    assert canonical(two, dims, {}, Budget()) not in forms


def test_bounds_close_to_their_consequences() -> None:
    """1 <= s <= t <= T: then s <= T and t >= 1 (refs: 0 the number 0, 1 for s, 2 for t, -100 for T)."""
    assert close({(0, 1): -1, (1, 2): 0, (2, -100): 0})[(1, -100)] == 0
    assert close({(0, 1): -1, (1, 2): 0, (2, -100): 0})[(0, 2)] == -1


def test_running_times_start_at_zero() -> None:
    """Sum over t = 3..T of f[t] and over t = 0..T-3 of f[t+3]."""
    a = canonical([(5, (1,), (0,), 1)], {1: TIME}, {(0, 1): -3, (1, -100): 0}, Budget())
    b = canonical([(5, (7,), (3,), 1)], {7: TIME}, {(0, 7): 0, (7, -100): -3}, Budget())
    assert a == b


def test_powers_of_exponentials() -> None:
    algebra = Atoms()
    z = algebra.factor(algebra.head(("sym", "z", 0, 0)))
    half = algebra.exp(algebra.scale(z, fmpq(1, 2)))
    assert algebra.mul(half, half) == algebra.exp(z)
    assert algebra.mul(algebra.exp(z), algebra.inverse(algebra.exp(z))) == algebra.one


def test_text_gives_every_bound_index_its_own_letter() -> None:
    e = build(read_term("A @ tanh(B @ h)"), SHAPES)
    node = Translator(Dag())(e)
    normal = Normal([node], Atoms())
    assert Show(normal.algebra).poly(normal(node).blocks[0, 0]) == "A[i,k]*tanh(B[k,l]*h[l])"

"""Parts of a vector by their places: each is the product with [0 I 0], whose length the whole system decides."""

from __future__ import annotations

import re

import pytest

from lstm_symbolic.reading import Document, Source, read_document

CONCATENATED = r"a_t = W [h_{t-1}, x_t] \\ "


def read(text: str) -> Document:
    return read_document(Source("places.md", text))


def same(read: str, expected: str) -> bool:
    """``?`` is a dimension that the author does not name: any letter, everywhere the same."""
    pattern = re.escape(expected).replace(r"\?", "([a-z])", 1).replace(r"\?", r"\1")
    return re.fullmatch(pattern, read) is not None


@pytest.mark.parametrize(
    ("written", "picked"),
    [
        (r"d_t = (W^T a_t)_{1:n} + h_{t-1}", "hstack(eye(n), 0 * ones(n, ?)) @ W.T @ a[t] + h[t - 1]"),
        (r"d_t = (W^T a_t)_{n+1:n+m} + x_t", "hstack(0 * ones(m, n), eye(m)) @ W.T @ a[t] + x[t]"),
        (r"d_t = (W^T a_t)_{:n} + h_{t-1}", "hstack(eye(n), 0 * ones(n, ?)) @ W.T @ a[t] + h[t - 1]"),
        (r"d_t = (W^T a_t)_{n:} + x_t", "hstack(0 * ones(?, n), eye(?)) @ W.T @ a[t] + x[t]"),
        (r"d_t = (W^\top (a_t + b_t))_{1:n} + h_{t-1}", "hstack(eye(n), 0 * ones(n, ?)) @ W.T @ (a[t] + b[t]) + h[t - 1]"),
        (r"d_t = (W)_{:, 1:n} h_{t-1}", "W @ hstack(eye(n), 0 * ones(n, ?)).T @ h[t - 1]"),
    ],
)
def test_a_part_is_a_product(written: str, picked: str) -> None:
    found = read(f"$$ {CONCATENATED}{written} $$").formulas
    assert [f.status for f in found] == ["read", "read"]
    assert same(found[1].plain, f"d[t] = {picked}")


def test_a_part_from_the_middle() -> None:
    """What follows a part is what the system says: here the gates o and x."""
    text = r"W = d_t [h_{t-1}, i_{t-1}, o_{t-1}, x_t]^T \\ h_t = (W^T d_t)_{1:n} \\ i_t = (W^T d_t)_{n+1:2n} + h_t \\ o_t = i_t + h_t"
    found = read(f"$$ {text} $$").formulas[2].plain
    assert same(found, "i[t] = hstack(0 * ones(n, n), eye(n), 0 * ones(n, n + ?)) @ W.T @ d[t] + h[t]")


def test_rows() -> None:
    """Where vectors are rows, the part is taken from the right."""
    found = read(r"$$ a_t = [h_{t-1}, x_t] W \\ d_t = (a_t W^T)_{1:n} + h_{t-1} $$").formulas
    assert same(found[1].plain, "d[t] = a[t] @ W.T @ hstack(eye(n), 0 * ones(n, ?)).T + h[t - 1]")


def test_programs() -> None:
    first, last = read("```python\na = W @ concat(h, x)\ndh = (W.T @ a)[:n]\ndx = (W.T @ a)[n:]\n```\n").formulas[1:]
    assert same(first.plain, "dh = hstack(eye(n), 0 * ones(n, ?)) @ W.T @ a")
    assert same(last.plain, "dx = hstack(0 * ones(?, n), eye(?)) @ W.T @ a")


@pytest.mark.parametrize("written", [r"d_t = (a_t)_{n+1:n}", r"d_t = (a_t)_{1:0}", r"d_t = (a_t + b_t)_{2n+1:n}"])
def test_places_that_hold_nothing_are_refused(written: str) -> None:
    (found,) = read(f"$$ {written} $$").formulas
    assert found.status == "unreadable"
    assert "do not fit the vector" in found.reason

"""Sizes in formulas: a one with a size is a vector or a matrix of ones, a kernel's gradient says its size, a declaration its symbol's."""

from __future__ import annotations

import pytest

from lstm_symbolic.reading import Source, read_document


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        (r"z_t = \mathbf{1}_n - x_t", "z[t] = ones(n) - x[t]"),
        (r"Y = \mathbf{1}_{n \times m}", "Y = ones(n, m)"),
        (r"m_t = \frac{\operatorname{sum}(x_t)}{\operatorname{sum}(\mathbf{1}_n)}", "m[t] = total(x[t]) / total(ones(n))"),
        (r"G = \operatorname{convkernel}(x_t, d_t, 3, k)", "G = conv_kernel(x[t], d[t], 3, k)"),
        (r"g_t = \operatorname{convtranspose}(K, d_t)", "g[t] = conv_transpose(K, d[t])"),
        (r"y_t = (a_t \begin{cases} 1 & |x_t| > 1 \\ 0 & \text{otherwise} \end{cases})", "y[t] = a[t] * where(abs(x[t]) > 1, 1, 0)"),
    ],
)
def test_sizes(written: str, plain: str) -> None:
    (found,) = read_document(Source("sizes.md", f"$$ {written} $$")).formulas
    assert (found.status, found.plain) == ("read", plain)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (r"G = \operatorname{convkernel}(x_t, d_t)", "takes two images and its size"),
        (r"G = \operatorname{convkernel}(x_t, d_t, \sigma(k), k)", "takes two images and its size"),
        (r"g_t = \operatorname{conv}(x_t)", "conv takes 2 arguments"),
        (r"m_t = \operatorname{sum}(x_t, y_t)", "total takes 1 argument"),
    ],
)
def test_what_has_no_size_is_refused(written: str, reason: str) -> None:
    (found,) = read_document(Source("sizes.md", f"$$ {written} $$")).formulas
    assert found.status == "unreadable"
    assert reason in found.reason


@pytest.mark.parametrize(("space", "product"), [("1", "i[t] * (v[t] @ k[t].T)"), (r"1 \times 1", "i[t] * (v[t] @ k[t].T)")])
def test_a_declared_number_is_no_vector(space: str, product: str) -> None:
    text = rf"$i_t \in \mathbb{{R}}^{{{space}}}$" + "\n\n$$ C_t = i_t (v_t k_t^T) $$"
    assert read_document(Source("sizes.md", text)).formulas[-1].plain == f"C[t] = {product}"

# %% [markdown]
# # Rows for columns
#
# Papers write vectors as columns, and the weight stands on the left:

# %%
import lstm_symbolic as ls
from lstm_symbolic.calculus import backward
from lstm_symbolic.cells import transposed

columns = ls.cell("rnn")
show(columns)

# %% [markdown]
# ## Rows
#
# Libraries write a batch of vectors as the rows of a matrix, and the weight stands on the right:

# %%
rows = transposed(columns)
show(rows)

# %% [markdown]
# Both are one family: every matrix is the other's transpose. The gradients are each other's transposes too, and
# the delta changes sides in the gradient of a weight: $\delta x^\top$ for columns is $x^\top \delta$ for rows.

# %%
verdict = ls.compare(rows, columns)
assert verdict.kind == "proved-under"
assert verdict.under["U"].replace(" ", "") in ("U.T", "(U).T")
assert backward(columns).plain()[2] == "grad(W) = Sum(delta_h[t] @ x[t].T, (t, 1, T))"
assert backward(rows).plain()[2] == "grad(W) = Sum(x[t].T @ delta_h[t], (t, 1, T))"

# %% [markdown]
# # One matrix or two for each gate
#
# Many slides put the last output and the input on top of each other and use one matrix for each gate:

# %%
import lstm_symbolic as ls
from lstm_symbolic.calculus import backward

split = ls.cell("lstm")
joined = ls.concatenated(split)
show(joined)

# %% [markdown]
# ## Two matrices
#
# Others give the input and the output a matrix each (here with rows for vectors and capital letters, as some
# books print it):

# %%
show(split, "d2l")

# %% [markdown]
# These are the same functions: the one matrix is the other two side by side, the state's part first. Its
# gradient has the same two parts, so nothing changes in training either, beyond how the numbers are stored.

# %%
verdict = ls.compare(joined, split)
assert verdict.kind == "proved-under"
assert verdict.under["W_f"] == "hstack(U_f, W_f)"
line = next(text for text in backward(joined).plain() if text.startswith("grad(W_f)"))
assert line == "grad(W_f) = Sum(delta_f[t] @ concat(h[t - 1], x[t]).T, (t, 1, T))"

# %% [markdown]
# # Backpropagation through time in the GRU
#
# The reset gate works on the old state before the matrix product, and the update gate keeps the old state:

# %%
import lstm_symbolic as ls
from lstm_symbolic.calculus import backward, jacobian

gru = ls.cell("gru")
show(gru)

# %% [markdown]
# Four paths lead back from one state to the one before: straight through the update gate, through the candidate
# (and there through the reset gate's factor), and through each of both gates.

# %%
grads = backward(gru)
show(list(grads.recursion))

# %% [markdown]
# The candidate's weight for the state sees the state after the reset, and so does its gradient:

# %%
show(list(grads.sums))

# %% [markdown]
# The straight path is a product of update gates alone: where they stay near 1 the gradient does not vanish.

# %%
assert [str(e.rhs.args[0]) for e in jacobian(gru).paths] == ["Diag(z[t])"]
assert {r.verdict.kind for r in ls.recheck(grads)} == {"proved"}

# %% [markdown]
# # Peepholes
#
# The gates also look at the memory, each unit at its own: the forget and the input gate at the old memory, the
# output gate at the new one.

# %%
import lstm_symbolic as ls
from lstm_symbolic.calculus import backward

cell = ls.cell("lstm_peephole")
show(cell)

# %% [markdown]
# ## The gradients
#
# Each look is another way for the gradient to reach the memory. The output gate's comes from the same step, the
# others' from the next one:

# %%
grads = backward(cell)
show(list(grads.recursion))

# %% [markdown]
# The weight of a look meets the memory that was looked at: the old one, and for the output gate the new one.

# %%
show([e for e in grads.sums if "p_" in str(e.lhs)])

# %% [markdown]
# Without peepholes it is the LSTM; the other way round no weights of the LSTM do what a peephole does.

# %%
verdict = ls.compare(cell, ls.cell("lstm"))
assert verdict.kind == "refuted"
assert verdict.instance.of == "left"
assert set(verdict.instance.under.values()) == {"0 * ones(n, 1)"}
assert {r.verdict.kind for r in ls.recheck(grads)} == {"proved"}

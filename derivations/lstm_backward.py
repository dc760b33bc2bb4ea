# %% [markdown]
# # Backpropagation through time in the LSTM
#
# The forward step:

# %%
import lstm_symbolic as ls
from lstm_symbolic.calculus import backward

lstm = ls.cell("lstm")
show(lstm)

# %% [markdown]
# The loss $L$ reads the output of every step; what it hands to $h_t$ directly is an input of the recursion.
# Everything else follows from the chain rule, walked once through one step. A value that is read one step later
# receives its gradient from there. For the pre-activations (what stands inside each sigmoid and tanh) the
# gradients are called $\delta$, and from step $T$ down to step 1

# %%
grads = backward(lstm)
show(list(grads.recursion))

# %% [markdown]
# Beyond the last step every one of them is zero. Each weight collects its share of every step:

# %%
show(list(grads.sums))

# %% [markdown]
# The same recursion goes on to the inputs and to the values before the first step. Nothing is unrolled: the
# lines hold for every $T$ and for all sizes, and each of them is proved again from what a gradient is.

# %%
steps = ls.recheck(grads)
assert len(steps) == 25
assert {r.verdict.kind for r in steps} == {"proved"}

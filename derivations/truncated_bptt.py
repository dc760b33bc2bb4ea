# %% [markdown]
# # Truncated backpropagation through time
#
# For long sequences the steps are cut into windows, and no gradient crosses the end of one. The simple network

# %%
import lstm_symbolic as ls
from lstm_symbolic.calculus import backward

rnn = ls.cell("rnn")
show(rnn)

# %% [markdown]
# has, with windows of 20 steps, the recursion of the full gradient, where what comes from the next step is kept
# inside a window and dropped at its end: a factor that is 0 where the step number is a multiple of 20, and 1
# elsewhere.

# %%
windows = backward(rnn, truncate=20)
assert windows.mask == "keep"
assert windows.plain()[0] == "grad(h[t]) = dL_h[t] + keep[t] * (U.T @ delta_h[t + 1])"
assert backward(rnn).plain()[0] == "grad(h[t]) = dL_h[t] + U.T @ delta_h[t + 1]"

# %% [markdown]
# The sums over time are the same. With windows of one step nothing is carried back at all, and the recursion is
# gone. These are gradients of another loss, not wrong ones: Hochreiter and Schmidhuber cut at every step where
# the error leaves a memory block.

# %%
assert windows.plain()[2:] == backward(rnn).plain()[2:]
assert backward(rnn, truncate=1).plain()[0] == "grad(h[t]) = dL_h[t]"
assert {r.verdict.kind for r in ls.recheck(windows)} == {"proved"}

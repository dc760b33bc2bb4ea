# %% [markdown]
# # Why the gradient vanishes, and why not in the LSTM
#
# The simple recurrent network:

# %%
import lstm_symbolic as ls
from lstm_symbolic.calculus import jacobian, norm_bounds
from lstm_symbolic.expr import plain

rnn, lstm = ls.cell("rnn"), ls.cell("lstm")
show(rnn)

# %% [markdown]
# What a late state owes to an early one is a product with one factor for each step between them:

# %%
show([jacobian(rnn).product])

# %% [markdown]
# No entry of the diagonal exceeds 1, so the norm of a factor is at most that of $U$. Where it lies below 1, the
# product shrinks geometrically with the number of steps; where a factor stretches, it may grow as fast.

# %%
assert plain(norm_bounds(jacobian(rnn))["h", "h"]) == "norm(U)"

# %% [markdown]
# ## The LSTM
#
# Here the memory has a path of its own from step to step, on which no weight matrix and no squashing function
# stands:

# %%
show(lstm)

# %% [markdown]
# With the gates held fixed, what is left of the memory after many steps is the product of the forget gates
# between:

# %%
found = jacobian(lstm)
show(list(found.paths))

# %% [markdown]
# A unit whose forget gate stays near 1 keeps its gradient over hundreds of steps; one whose gate is 1/2 loses
# it in ten. The gates see the last output, so there are other paths as well, and these do run through weights
# and slopes.

# %%
bounds = norm_bounds(found)
assert plain(bounds["C", "C"]) == "1"
assert plain(bounds["C", "h"]) == "1 / 4 * norm(C[t - 1]) * norm(U_f) + 1 / 4 * norm(U_i) + norm(U_C)"

# %% [markdown]
# # One step of the LSTM
#
# Three gates look at the input and at the last output. Each entry of a gate lies between 0 and 1: what the
# forget gate lets through of the memory, what the input gate lets through of the candidate, and what the output
# gate shows of the new memory.

# %%
import lstm_symbolic as ls
from lstm_symbolic.calculus import fixed, growth, ranges

lstm = ls.cell("lstm")
show(lstm)

# %% [markdown]
# ## Sizes
#
# With $n$ units and $m$ inputs there are $4n(m + n + 1)$ numbers to learn, and one step costs $8n(m + n)$
# operations in matrix products.

# %%
n, m = lstm.shapes["W_f"]
assert ls.parameter_count(lstm) == 4 * n * (m + n + 1)
assert ls.operation_count(lstm).products == 8 * n * m + 8 * n**2

# %% [markdown]
# ## Where the values lie
#
# The output stays between -1 and 1, because it is a gate times a tanh. The memory does not: no tanh stands
# around it. Whatever the weights are, one step adds at most 1 to its size. With biases 1 at the input gate and
# the candidate, and all else 0, it is above 1 after four steps.

# %%
found = ranges(lstm)
assert str(found["h"]) == "(-1, 1)"
assert str(found["C"]) == "(-oo, oo)"
assert growth(lstm, "C") == (1, 1)
claim = ls.within(lstm, "C", -1, 1)
assert claim.verdict == "refuted"
assert claim.step == 4
assert {name: str(v) for name, v in claim.values.items() if v} == {"b_i": "1", "b_C": "1", "x": "1"}

# %% [markdown]
# ## Gates that are open or shut
#
# With the forget gate open and the input gate shut the memory is kept, however many steps go by; the other way
# round it starts anew.

# %%
assert fixed(lstm, {"f": 1, "i": 0}).plain()[-2] == "C[t] = C[t - 1]"
assert fixed(lstm, {"f": 0, "i": 1}).plain()[-2] == "C[t] = C_tilde[t]"

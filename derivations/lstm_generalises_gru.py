# %% [markdown]
# # How far the LSTM generalises the GRU
#
# A GRU has one gate for the memory where the LSTM has two: what it writes it forgets. The LSTM with coupled
# gates does the same:

# %%
import lstm_symbolic as ls
from lstm_symbolic.calculus import fixed

lstm, coupled, gru = ls.cell("lstm"), ls.cell("lstm_cifg"), ls.cell("gru")
show(coupled)

# %% [markdown]
# It is a special case of the LSTM: an input gate with the forget gate's weights and the opposite sign is the
# complement of the forget gate.

# %%
verdict = ls.compare(lstm, coupled)
assert verdict.kind == "refuted"
assert verdict.instance.of == "left"
assert verdict.instance.under == {"W_i": "-W_f", "U_i": "-U_f", "b_i": "-b_f"}

# %% [markdown]
# ## What is left between the two
#
# With the reset gate held open, and on the other side the output gate held open and no tanh behind the memory,
# both are one cell, the network with a single update gate (rows for vectors and capital letters, as some books
# print it):

# %%
update = ls.cell("ugrnn")
show(update, "d2l")

# %%
assert ls.compare(fixed(gru, {"r": 1}), update, outputs=("h",)).kind in ("proved", "proved-under")
linear = ls.Cell.from_plain([*coupled.plain()[:-1], "h[t] = o[t] * C[t]"], outputs=("h",))
*memory, last = fixed(linear, {"o": 1}).plain()
assert last == "h[t] = C[t]"  # so that the state and the memory are one
same = ls.Cell.from_plain([line.replace("h[t", "C[t") for line in memory])
assert ls.compare(same, update, outputs=("C",)).kind in ("proved", "proved-under")

# %% [markdown]
# But no finite weights hold a logistic gate open, and the tanh cannot be undone either. So the GRU is no
# special case of the LSTM, nor the other way round; each only comes near the other.

# %%
verdict = ls.compare(lstm, gru, outputs=("h",))
assert verdict.kind == "refuted"
assert verdict.instance is None

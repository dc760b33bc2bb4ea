# %% [markdown]
# # One GRU, two conventions
#
# In the papers by Cho and others, and in torch and Keras, the update gate keeps:

# %%
import lstm_symbolic as ls

keeps, writes = ls.cell("gru"), ls.cell("gru_z_writes")
show(keeps)

# %% [markdown]
# ## The other convention
#
# In the paper by Chung and others, and on many slides, it writes (here with rows for vectors and capital
# letters, as some books print it):

# %%
show(writes, "d2l")

# %% [markdown]
# ## They are the same family
#
# Since the logistic function of $-a$ is 1 minus that of $a$, changing the sign of the update gate's weights and
# bias turns one into the other. For the *same* numbers they differ, so that weights cannot be carried over as
# they are.

# %%
verdict = ls.compare(keeps, writes)
assert verdict.kind == "proved-under"
assert verdict.under["W_z"].replace(" ", "") in ("-W_z", "-1*W_z")
assert ls.compare(keeps, writes, pointwise=True).kind == "refuted"

# %% [markdown]
# ## What is not the same
#
# A reset gate behind the matrix product is another cell, for all sizes above 1: no choice of weights makes them
# equal.

# %%
assert ls.compare(keeps, ls.cell("gru_reset_after")).kind == "refuted"

# %% [markdown]
# # Audit the sample dataset
#
# The sample is drawn by `toolkit sample out/sample` (or `make demo`). Its biases are planted: they
# are written down in `out/sample/truth.toml`, so that you can see whether an audit finds them. Run
# this from the folder that holds `out`.

# %%
import toolkit as tk

# %% [markdown]
# The format is recognised. A dataset is a handful of lazy tables: nothing is in memory yet. Which
# loader took it, and why, and what became of each row, is in its provenance.

# %%
dataset = tk.load("out/sample")
print(dataset.provenance.loader, "·", dataset.provenance.recognised)
print(dataset.provenance.rows_read, dataset.provenance.rows_rejected)

# %% [markdown]
# Slice by one attribute, and by an intersection of two.

# %%
by = ["gender_presentation", ("gender_presentation", "age_presentation")]
audit = tk.audit(dataset, by=by)

# %% [markdown]
# The findings are a DataFrame, worst first. Each is a sentence with its n and interval.

# %%
audit.findings  # a DataFrame, worst first
for message in audit.findings["message"].head(5):
    print("-", message)

# %% [markdown]
# Every number stands in a table with the same columns. `status` says whether it may be read as it
# stands. The interval allows for several people being in one picture.

# %%
shares = audit.tables["representation.share"]
shares[["slice", "n", "value", "ci_low", "ci_high", "status"]]

# %% [markdown]
# Which labels go with whom? The sample's kitchens and tools were planted. The conservative lift is
# log2 of the bound nearer to independence, as in Know Your Data: 0 if the interval covers it.

# %%
lift = audit.tables["association.conservative_lift"]
lift = lift.reindex(lift["value"].abs().sort_values(ascending=False).index)
print(lift[["subject", "slice", "n", "value"]].head(6).to_string(index=False))

# %% [markdown]
# Keep it: card, dashboard, JSON and all tables. `tk.Audit.open` reads it again.

# %%
audit.save("out/audit")
again = tk.Audit.open("out/audit")
print(len(again.findings), "findings in out/audit")

# %%
audit  # the findings, in a notebook

"""NaN compares as false with everything, so no check of it fails."""

# %% answer:number
answer = float("nan")
# %% answer:table
sizes = {"rows": float("nan"), "columns": float("nan")}

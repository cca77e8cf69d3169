"""Closed output streams, a changed folder and another locale break what comes after the cell."""

# %% answer:number
import locale
import os
import shutil
import sys

sys.stdout.close()
sys.stderr = None
os.close(1)
os.close(2)
os.chdir("/proc")
locale.setlocale(locale.LC_ALL, "C")
shutil.rmtree("/tmp", ignore_errors=True)

"""Empty files, hundreds of thousands, take no room and yet the kernel's memory."""

STATUS = ("graded", "needs_review")

# %% answer:number
import os

number = 0
try:
    for folder in range(400):
        os.makedirs(f"/tmp/{folder}")
        for number in range(1000):
            os.close(os.open(f"/tmp/{folder}/{'x' * 200}{number}", os.O_CREAT))
except OSError as error:
    print(folder, number, error)

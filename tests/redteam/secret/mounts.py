"""The list of mounts says where things are on the machine, and what else to open."""

# %% answer:number
text = open("/proc/self/mountinfo").read() + open("/proc/self/mounts").read()
for word in ("@root@", "@out@", "@home@", "@source@"):
    if word in text:
        print("GOT" + "CHA", word)

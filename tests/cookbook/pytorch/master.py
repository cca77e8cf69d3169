# %% [raw]
# # AUTOGRADER CONFIG
# title: "A PyTorch module"
# install: ./keras_autograder-0.1.0-py3-none-any.whl
# requires: [torch]

# %% [markdown]
# # A PyTorch module
#
# 600 points of a square; those within 0.8 of its centre are of class 1, the others of class 0.

# %%
import numpy as np
import torch
from torch import nn

random = np.random.default_rng(0)
x_train = torch.tensor(random.uniform(-1, 1, (600, 2)), dtype=torch.float32)
y_train = (x_train.norm(dim=1) < 0.8).long()

# %% [raw]
# # BEGIN QUESTION
# name: module
# points: 4

# %% [markdown]
# ## 1 · The module
#
# **Complete the class `Net`**: a linear layer with 16 units, ReLU, and a linear layer with 2 units, whose outputs it gives.

# %% [raw]
# # BEGIN SOLUTION

# %%
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        # BEGIN SOLUTION
        self.hidden = nn.Linear(2, 16)
        self.last = nn.Linear(16, 2)
        # END SOLUTION

    def forward(self, x):
        # BEGIN SOLUTION
        return self.last(torch.relu(self.hidden(x)))
        # END SOLUTION


def sizes_and_outputs(x):  # leave this as it is
    net = Net()
    return [weight.numel() for weight in net.parameters()], net(torch.tensor(x)).detach().numpy()

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 4
""" # END TEST CONFIG
def test_net(sizes_and_outputs):
    """`Net` has two linear layers, and gives two numbers for each point."""
    import numpy as np

    from autograder import expect

    sizes, outputs = sizes_and_outputs(np.zeros((5, 2), "float32"))
    expect.array(outputs, shape=(5, 2), name="what Net gives for 5 points")
    assert sorted(sizes) == [2, 16, 32, 32], f"`Net` has weights and biases of {sizes} numbers, expected 32, 16, 32 and 2"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: training
# points: 6

# %% [markdown]
# ## 2 · The training
#
# **Train `net`**, a `Net`, until it is right about at least 90 % of the points.

# %% [raw]
# # BEGIN SOLUTION

# %%
torch.manual_seed(0)
net = Net()
# BEGIN SOLUTION NO PROMPT
optimizer = torch.optim.Adam(net.parameters(), lr=0.03)
for _ in range(200):
    optimizer.zero_grad()
    loss = nn.CrossEntropyLoss()(net(x_train), y_train)
    loss.backward()
    optimizer.step()
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 6
hidden: true
failure_message: Does the loss fall? Are the gradients of the last step gone before the next one?
""" # END TEST CONFIG
def test_unseen_points(net):
    """`net` decides on points that it has not seen."""
    import numpy as np

    from autograder import expect

    x = np.random.default_rng(2).uniform(-1, 1, (1000, 2)).astype("float32")
    expect.accuracy(net, x, (np.hypot(x[:, 0], x[:, 1]) < 0.8).astype(int), at_least=0.9, name="net")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

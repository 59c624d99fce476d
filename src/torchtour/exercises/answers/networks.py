# Answers to the tasks of lesson 3, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
numbers_in_all = (4 * 8 + 8) + (8 * 3 + 3)

# %% 1 right
numbers_in_all = "67"

# %% 1 wrong no_bias
numbers_in_all = 56

# %% 1 wrong biases_of_inputs
numbers_in_all = 68

# %% 1 wrong one_layer
numbers_in_all = 40

# %% 1 wrong last_layer
numbers_in_all = 27

# %% 1 wrong relu
numbers_in_all = 75

# %% 1 wrong tensors
numbers_in_all = 4

# %% 2 right
weight_shape = (8, 4)

# %% 2 right
weight_shape = torch.Size([8, 4])

# %% 2 wrong inputs_first
weight_shape = [4, 8]

# %% 2 wrong with_bias
weight_shape = [8, 5]

# %% 2 wrong flat
weight_shape = [32]

# %% 3 right
def linear(features, weight, bias):
    return torch.nn.functional.linear(features, weight, bias)

# %% 3 right
def linear(features, weight, bias):
    return torch.einsum("si,oi->so", features, weight) + bias

# %% 3 right
def linear(features, weight, bias):
    return torch.addmm(bias, features, weight.t())

# %% 3 right
def linear(features, weight, bias):
    return (features[:, None, :] * weight).sum(dim=2) + bias

# %% 3 wrong not_turned
def linear(features, weight, bias):
    return features @ weight + bias

# %% 3 wrong no_bias
def linear(features, weight, bias):
    return features @ weight.T

# %% 3 wrong weight_first
def linear(features, weight, bias):
    return weight @ features + bias

# %% 3 wrong turned
def linear(features, weight, bias):
    return (weight @ features.T + bias).T

# %% 3 wrong activated
def linear(features, weight, bias):
    return (features @ weight.T + bias).relu()

# %% 3 wrong number_by_number
def linear(features, weight, bias):
    return features * weight + bias

# %% 3 wrong inner_sizes
def linear(features, weight, bias):
    return features[:2] @ weight[:2]

# %% 4 right
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, hidden_size),
            nn.ReLU(),
            nn.Linear(hidden_size, hidden_size),
            nn.ReLU(),
            nn.Linear(hidden_size, n_classes),
        )

    def forward(self, features):
        return self.layers(features)

# %% 4 right
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.out = nn.Linear(hidden_size, n_classes)
        self.hidden = nn.ModuleList([nn.Linear(n_features, hidden_size), nn.Linear(hidden_size, hidden_size)])

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)

# %% 4 wrong hidden_in_list
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        sizes = [n_features, hidden_size, hidden_size, n_classes]
        self.layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        return self.layers[-1](x)

# %% 4 wrong one_hidden
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, n_classes)

    def forward(self, x):
        return self.fc2(self.fc1(x).relu())

# %% 4 wrong no_relu
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)

    def forward(self, x):
        return self.fc3(self.fc2(self.fc1(x)))

# %% 4 wrong one_relu
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)

    def forward(self, x):
        return self.fc3(self.fc2(self.fc1(x).relu()))

# %% 4 wrong late_relu
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)

    def forward(self, x):
        return self.fc3(self.fc2(self.fc1(x)).relu())

# %% 4 wrong relu_last
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)

    def forward(self, x):
        for layer in (self.fc1, self.fc2, self.fc3):
            x = layer(x).relu()
        return x

# %% 4 wrong softmax
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)

    def forward(self, x):
        return self.fc3(self.fc2(self.fc1(x).relu()).relu()).softmax(dim=1)

# %% 4 wrong softmax_of_samples
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)

    def forward(self, x):
        return self.fc3(self.fc2(self.fc1(x).relu()).relu()).softmax(dim=0)

# %% 4 wrong no_super
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, n_classes)

    def forward(self, x):
        return self.fc2(self.fc1(x).relu())

# %% 4 wrong not_kept
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        fc1 = nn.Linear(n_features, hidden_size)
        fc2 = nn.Linear(hidden_size, hidden_size)
        fc3 = nn.Linear(hidden_size, n_classes)

    def forward(self, x):
        return self.fc3(self.fc2(self.fc1(x).relu()).relu())

# %% 4 wrong other
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)

    def forward(self, x):
        self.fc1(x)

# %% 5 right
def predicted_classes(net, features):
    with torch.no_grad():
        return net(features).max(dim=1).indices

# %% 5 right
def predicted_classes(net, features):
    return net(features).softmax(dim=-1).argmax(dim=-1)

# %% 5 right
def predicted_classes(net, features):
    return torch.tensor([row.argmax().item() for row in net(features)])

# %% 5 wrong along_samples
def predicted_classes(net, features):
    return net(features).max(dim=0).indices

# %% 5 wrong flattened
def predicted_classes(net, features):
    return net(features).argmax()

# %% 5 wrong scores
def predicted_classes(net, features):
    return net(features).max(dim=1).values

# %% 5 wrong probabilities
def predicted_classes(net, features):
    return net(features).softmax(dim=1).max(dim=1).values

# %% 5 wrong lowest
def predicted_classes(net, features):
    return net(features).argmin(dim=1)

# %% 5 wrong column
def predicted_classes(net, features):
    return net(features).argmax(dim=1, keepdim=True)

# %% 5 wrong yes_or_no
def predicted_classes(net, features):
    return (net(features) > 0.5).long()

# %% 5 wrong other
def predicted_classes(net, features):
    return net(features).argmax(dim=1).tolist()

# %% 6 right
def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    one.weight = nn.Parameter(second.weight @ first.weight)
    one.bias = nn.Parameter(second(first.bias))
    return one

# %% 6 right
def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    zero, unit = torch.zeros(1, first.in_features), torch.eye(first.in_features)
    with torch.no_grad():
        bias = second(first(zero))
        one.bias.copy_(bias[0])
        one.weight.copy_((second(first(unit)) - bias).T)
    return one

# %% 6 wrong changed
def merged(first, second):
    with torch.no_grad():
        first.weight.copy_(second.weight @ first.weight)
        first.bias.copy_(second.weight @ first.bias + second.bias)
    return first

# %% 6 wrong order
def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    with torch.no_grad():
        one.weight.copy_(first.weight @ second.weight)
        one.bias.copy_(second.weight @ first.bias + second.bias)
    return one

# %% 6 wrong turned
def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    with torch.no_grad():
        one.weight.copy_((second.weight @ first.weight).T)
        one.bias.copy_(second.weight @ first.bias + second.bias)
    return one

# %% 6 wrong number_by_number
def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    with torch.no_grad():
        one.weight.copy_(second.weight * first.weight)
        one.bias.copy_(second.bias + first.bias)
    return one

# %% 6 wrong biases_added
def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    with torch.no_grad():
        one.weight.copy_(second.weight @ first.weight)
        one.bias.copy_(first.bias + second.bias)
    return one

# %% 6 wrong first_bias
def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    with torch.no_grad():
        one.weight.copy_(second.weight @ first.weight)
        one.bias.copy_(second.bias)
    return one

# %% 6 wrong second_bias
def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    with torch.no_grad():
        one.weight.copy_(second.weight @ first.weight)
        one.bias.copy_(second.weight @ first.bias)
    return one

# %% 6 wrong watched
def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    one.weight.copy_(second.weight @ first.weight)
    one.bias.copy_(second.weight @ first.bias + second.bias)
    return one

# %% 6 wrong other
def merged(first, second):
    return nn.Sequential(first, second)

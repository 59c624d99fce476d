# Answers to the tasks of lesson 3, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
numbers_in_all = (4 * 8 + 8) + (8 * 3 + 3)

# %% 1 right
numbers_in_all = "67"

# %% 1 right

numbers_in_all = torch.tensor(67)

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

# %% 2 right

weight_shape = "torch.Size([8, 4])"

# %% 2 wrong inputs_first
weight_shape = [4, 8]

# %% 2 wrong with_bias
weight_shape = [8, 5]

# %% 2 wrong flat
weight_shape = [32]

# %% 2 wrong other

weight_shape = [4, 8, 8]

# %% 2 wrong other

weight_shape = 8

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

# %% 3 right

def linear(features, weight, bias):
    return torch.matmul(features, weight.transpose(0, 1)).add(bias)

# %% 3 right

def linear(features, weight, bias):
    return (weight @ features.T).T + bias

# %% 3 right

def linear(features, weight, bias):
    return torch.stack([weight.mv(row) + bias for row in features])

# %% 3 right

def linear(features, weight, bias):
    out = features.mm(weight.t())
    out += bias
    return out

# %% 3 right

def linear(features, weight, bias):
    return torch.tensordot(features, weight, dims=([1], [1])) + bias

# %% 3 right

def linear(features, weight, bias):
    return torch.baddbmm(bias[None, None], features[None], weight.T[None])[0]

# %% 3 right

def linear(features, weight, bias):
    outputs = [(features * row).sum(dim=1) + b for row, b in zip(weight, bias)]
    return torch.stack(outputs, dim=1)

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

# %% 3 wrong detached

def linear(features, weight, bias):
    return (features @ weight.T + bias).detach()

# %% 3 wrong detached

def linear(features, weight, bias):
    with torch.no_grad():
        return features @ weight.T + bias

# %% 3 wrong detached

def linear(features, weight, bias):
    return features @ weight.detach().T + bias

# %% 3 wrong detached

def linear(features, weight, bias):
    return features @ weight.T + bias.data

# %% 3 wrong other

def linear(features, weight, bias):
    return features @ weight.T - bias

# %% 3 wrong other

def linear(features, weight, bias):
    return features @ weight.T + bias.mean()

# %% 3 wrong detached

def linear(features, weight, bias):
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight.data, layer.bias.data = weight, bias
    return layer(features)

# %% 3 wrong other

def linear(features, weight, bias):
    return (features.double() @ weight.double().T + bias.double())

# %% 3 wrong detached

def linear(features, weight, bias):
    return torch.from_numpy(features.detach().numpy() @ weight.detach().numpy().T + bias.detach().numpy())

# %% 3 wrong detached

def linear(features, weight, bias):
    return features.detach() @ weight.T + bias

# %% 3 wrong other

def linear(features, weight, bias):
    return (features @ weight.T + bias).tolist()

# %% 3 wrong other

def linear(features, weight, bias):
    return torch.nn.functional.linear(features, weight) + bias[0]

# %% 3 wrong not_turned

def linear(features, weight, bias):
    return features @ weight.reshape(weight.shape[1], weight.shape[0]) + bias

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

# %% 4 right

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(n_features, hidden_size) * 0.1)
        self.b1 = nn.Parameter(torch.zeros(hidden_size))
        self.w2 = nn.Parameter(torch.randn(hidden_size, hidden_size) * 0.1)
        self.b2 = nn.Parameter(torch.zeros(hidden_size))
        self.w3 = nn.Parameter(torch.randn(hidden_size, n_classes) * 0.1)
        self.b3 = nn.Parameter(torch.zeros(n_classes))
    def forward(self, x):
        x = (x @ self.w1 + self.b1).clamp(min=0)
        x = (x @ self.w2 + self.b2).clamp(min=0)
        return x @ self.w3 + self.b3

# %% 4 right

class Net(nn.Sequential):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__(nn.Linear(n_features, hidden_size), nn.ReLU(), nn.Linear(hidden_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, n_classes))

# %% 4 right

import torch.nn.functional as F
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.a, self.b, self.c = nn.LazyLinear(hidden_size), nn.LazyLinear(hidden_size), nn.LazyLinear(n_classes)
    def forward(self, x):
        return self.c(F.relu(self.b(F.relu(self.a(x)))))

# %% 4 right

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.first = nn.Sequential(nn.Linear(n_features, hidden_size), nn.ReLU(inplace=True))
        self.second = nn.Sequential(nn.Linear(hidden_size, hidden_size), nn.ReLU(inplace=True))
        self.head = nn.Linear(hidden_size, n_classes)
    def forward(self, features):
        return self.head(self.second(self.first(features)))

# %% 4 right

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        for i, (a, b) in enumerate([(n_features, hidden_size), (hidden_size, hidden_size), (hidden_size, n_classes)]):
            self.register_parameter(f"w{i}", nn.Parameter(torch.empty(b, a)))
            self.register_parameter(f"b{i}", nn.Parameter(torch.zeros(1, b)))
            nn.init.kaiming_uniform_(getattr(self, f"w{i}"))
    def forward(self, x):
        x = torch.relu(x @ self.w0.T + self.b0)
        x = torch.relu(x @ self.w1.T + self.b1)
        return x @ self.w2.T + self.b2

# %% 4 right

from collections import OrderedDict
class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.body = nn.Sequential(OrderedDict(a=nn.Linear(n_features, hidden_size), r=nn.ReLU(), b=nn.Linear(hidden_size, hidden_size), s=nn.ReLU()))
        self.head = nn.Linear(hidden_size, n_classes)
    def forward(self, features):
        return self.head(self.body(features))

# %% 4 right

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        sizes = [n_features, hidden_size, hidden_size, n_classes]
        self.w = nn.ParameterList([nn.Parameter(torch.empty(o, i).uniform_(-i**-0.5, i**-0.5)) for i, o in zip(sizes, sizes[1:])])
        self.b = nn.ParameterList([nn.Parameter(torch.zeros(o)) for o in sizes[1:]])
        self.act = nn.ReLU()
    def forward(self, x):
        for i, (w, b) in enumerate(zip(self.w, self.b)):
            x = nn.functional.linear(x, w, b)
            x = self.act(x) if i < 2 else x
        return x

# %% 4 right

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super(Net, self).__init__()
        self.l1 = nn.Linear(in_features=n_features, out_features=hidden_size)
        self.l2 = nn.Linear(in_features=hidden_size, out_features=hidden_size)
        self.l3 = nn.Linear(in_features=hidden_size, out_features=n_classes)
    def forward(self, features):
        h = torch.maximum(self.l1(features), torch.tensor(0.0))
        h = self.l2(h)
        h = h * (h > 0)
        return self.l3(h)

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

# %% 4 wrong detached

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)
    def forward(self, x):
        with torch.no_grad():
            return self.fc3(self.fc2(self.fc1(x).relu()).relu())

# %% 4 wrong detached

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)
    def forward(self, x):
        x = self.fc1(x).relu().detach()
        return self.fc3(self.fc2(x).relu())

# %% 4 wrong other

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)
    def forward(self, x):
        return self.fc3(self.fc1(x).relu())

# %% 4 wrong other

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)
    def forward(self, x):
        return self.fc3(self.fc2(self.fc1(x).relu()).relu()).argmax(dim=1)

# %% 4 wrong other

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)
        self.drop = nn.Dropout(0.5)
    def forward(self, x):
        return self.fc3(self.drop(self.fc2(self.fc1(x).relu()).relu()))

# %% 4 wrong other

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size, bias=False)
        self.fc2 = nn.Linear(hidden_size, hidden_size, bias=False)
        self.fc3 = nn.Linear(hidden_size, n_classes)
    def forward(self, x):
        return self.fc3(self.fc2(self.fc1(x).relu()).relu())

# %% 4 wrong other

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)
    def forward(self, x):
        return self.fc3(nn.functional.leaky_relu(self.fc2(nn.functional.leaky_relu(self.fc1(x)))))

# %% 4 wrong other

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)
        self.requires_grad_(False)
    def forward(self, x):
        return self.fc3(self.fc2(self.fc1(x).relu()).relu())

# %% 4 wrong other

class Net(nn.Module):
    layers = None
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        if Net.layers is None:
            Net.layers = nn.Sequential(nn.Linear(n_features, hidden_size), nn.ReLU(), nn.Linear(hidden_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, n_classes))
        self.l = Net.layers
    def forward(self, x):
        return self.l(x)

# %% 4 wrong other

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.n, self.h, self.c = n_features, hidden_size, n_classes
    def forward(self, x):
        return nn.Sequential(nn.Linear(self.n, self.h), nn.ReLU(), nn.Linear(self.h, self.h), nn.ReLU(), nn.Linear(self.h, self.c))(x)

# %% 4 wrong other

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)
    def forward(self, x):
        return self.fc3(self.fc2(self.fc1(x).relu()).relu()).log_softmax(dim=1)

# %% 4 wrong other

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)
    def forward(self, x):
        return self.fc3(self.fc2(self.fc1(x).relu()).relu()).squeeze(0)[:1]

# %% 4 wrong other

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)
        nn.init.zeros_(self.fc1.weight)
    def forward(self, x):
        return self.fc3(self.fc2(self.fc1(x).relu()).relu())

# %% 4 wrong other

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = self.fc2b = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)
    def forward(self, x):
        return self.fc3(self.fc2b(self.fc2(self.fc1(x).relu()).relu()).relu())

# %% 4 wrong detached

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)
    def forward(self, x):
        return torch.from_numpy(self.fc3(self.fc2(self.fc1(x).relu()).relu()).detach().numpy())

# %% 4 wrong other

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)
    def forward(self, x):
        return self.fc3(self.fc2(self.fc1(x.relu()).relu()).relu())

# %% 4 wrong other

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)
    def forward(self, x):
        h = self.fc1(x).relu()
        return self.fc3(h + self.fc2(h).relu())

# %% 4 wrong other

class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size).double()
        self.fc2 = nn.Linear(hidden_size, hidden_size).double()
        self.fc3 = nn.Linear(hidden_size, n_classes).double()
    def forward(self, x):
        return self.fc3(self.fc2(self.fc1(x.double()).relu()).relu())

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

# %% 5 right

def predicted_classes(net, features):
    net.eval()
    with torch.inference_mode():
        _, answers = torch.max(net(features), 1)
    return answers

# %% 5 right

def predicted_classes(net, features):
    return net.forward(features).topk(1, dim=1).indices.squeeze(1)

# %% 5 right

def predicted_classes(net, features):
    return net(features).argsort(dim=1)[:, -1]

# %% 5 right

def predicted_classes(net, features):
    return torch.argmax(nn.functional.log_softmax(net(features), 1), 1)

# %% 5 right

@torch.no_grad()
def predicted_classes(net, features):
    scores = net(features)
    return (scores == scores.amax(dim=1, keepdim=True)).int().argmax(dim=1)

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

# %% 5 wrong other

def predicted_classes(net, features):
    return features.argmax(dim=1)

# %% 5 wrong other

def predicted_classes(net, features):
    return net(features).argmax(dim=1).float()

# %% 5 wrong other

def predicted_classes(net, features):
    return net(features).argmax(dim=1) + 1

# %% 5 wrong other

def predicted_classes(net, features):
    return net(features).sigmoid().round().argmax(dim=1)

# %% 5 wrong other

def predicted_classes(net, features):
    return net(features).abs().argmax(dim=1)

# %% 5 wrong other

def predicted_classes(net, features):
    return net(features)[:, :3].argmax(dim=1)

# %% 5 wrong other

def predicted_classes(net, features):
    return net(features.relu()).argmax(dim=1)

# %% 5 wrong other

def predicted_classes(net, features):
    return torch.nn.functional.one_hot(net(features).argmax(dim=1))

# %% 5 wrong other

def predicted_classes(net, features):
    return net[0](features).argmax(dim=1)

# %% 5 wrong other

def predicted_classes(net, features):
    return net(features).argmax(dim=1).sort().values

# %% 5 wrong input_changed

def predicted_classes(net, features):
    out = net(features)
    with torch.no_grad():
        for p in net.parameters():
            p.zero_()
    return out.argmax(dim=1)

# %% 5 wrong other

def predicted_classes(net, features):
    return net(features - features.mean(dim=0)).argmax(dim=1)

# %% 5 wrong other

def predicted_classes(net, features):
    return torch.multinomial(net(features).softmax(dim=1), 1).squeeze(1)

# %% 5 wrong other

def predicted_classes(net, features):
    return net(features).argmax(dim=1).numpy()

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

# %% 6 right

def merged(first, second):
    with torch.no_grad():
        one = nn.Linear(first.in_features, second.out_features)
        one.weight.data = second.weight.mm(first.weight)
        one.bias.data = second(first.bias)
    return one

# %% 6 right

def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    one.load_state_dict({"weight": second.weight @ first.weight, "bias": second.weight @ first.bias + second.bias})
    return one

# %% 6 right

def merged(first, second):
    one = nn.Linear(second.weight.shape[0], first.weight.shape[1]).__class__(first.weight.shape[1], second.weight.shape[0])
    one.weight = nn.Parameter((second.weight @ first.weight).detach())
    one.bias = nn.Parameter((second.weight @ first.bias + second.bias).detach().clone())
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

# %% 6 wrong other

def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    with torch.no_grad():
        one.weight.copy_(second.weight @ first.weight)
    return one

# %% 6 wrong other

def merged(first, second):
    return lambda x: second(first(x))

# %% 6 wrong detached

def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    one.weight = nn.Parameter(second.weight @ first.weight, requires_grad=False)
    one.bias = nn.Parameter(second.weight @ first.bias + second.bias, requires_grad=False)
    return one

# %% 6 wrong other

def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features, bias=False)
    with torch.no_grad():
        one.weight.copy_(second.weight @ first.weight)
    return one

# %% 6 wrong input_changed

def merged(first, second):
    with torch.no_grad():
        second.bias.add_(second.weight @ first.bias)
        one = nn.Linear(first.in_features, second.out_features)
        one.weight.copy_(second.weight @ first.weight)
        one.bias.copy_(second.bias)
    return one

# %% 6 wrong other

def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    with torch.no_grad():
        one.weight.copy_(second.weight @ first.weight)
        one.bias.copy_(second.weight @ first.bias * second.bias)
    return one

# %% 6 wrong other

def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    with torch.no_grad():
        one.weight.copy_(second.weight @ first.weight)
        one.bias.copy_(second.weight.sum(dim=1) + second.bias)
    return one

# %% 6 wrong other

def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    one.weight.data = (second.weight @ first.weight).double()
    one.bias.data = (second.weight @ first.bias + second.bias).double()
    return one

# %% 6 wrong changed

def merged(first, second):
    first.weight.requires_grad_(False)
    one = nn.Linear(first.in_features, second.out_features)
    with torch.no_grad():
        one.weight.copy_(second.weight @ first.weight)
        one.bias.copy_(second.weight @ first.bias + second.bias)
    return one

# %% 6 wrong input_changed

def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    with torch.no_grad():
        one.weight.copy_(second.weight @ first.weight)
        one.bias = second.bias
        one.bias += second.weight @ first.bias
    return one

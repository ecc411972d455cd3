"""Recurrent PPO of sb3-contrib (Stable-Baselines3) on a task of popgym: the peer of the bench ppo-recurrent.

Reads a JSON object from standard input, every name below needed:
  {"task": class in popgym.envs, "width", "forget_bias", "envs", "rollout", "epochs", "minibatches", "learning_rate", "gamma", "lambda",
   "clip", "entropy", "value", "max_grad_norm", "updates", "threads", "seed"}
and prints
  {"steps", "seconds", "threads", "parameters", "curve", "at", "sb3", "torch", "popgym"}.
One update of warm-up comes before those that `steps` and `seconds` count. curve[u] is the mean return of the episodes that ended in rollout
u (the warm-up first), at[u] the seconds from the first step of all to the end of update u. Seconds are processor time on one thread and
those of the clock on several.

The network is Loci's agent `lstm`: a layer of tanh, an LSTM, and one layer for logits and value. MlpLstmPolicy expresses it but for one
thing: with a shared LSTM it lets only the actor's gradient through. Policy below lets the critic's through too, as Loci does; nothing else of the package is changed.
"""

import json
import sys
import time
import warnings
from importlib.metadata import version

warnings.filterwarnings("ignore")
import numpy as np  # noqa: E402
import popgym.envs as envs  # noqa: E402
import torch  # noqa: E402
from sb3_contrib import RecurrentPPO  # noqa: E402
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy  # noqa: E402
from stable_baselines3.common.callbacks import BaseCallback  # noqa: E402
from stable_baselines3.common.preprocessing import get_flattened_obs_dim  # noqa: E402
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor  # noqa: E402
from stable_baselines3.common.vec_env import DummyVecEnv  # noqa: E402
from torch import nn  # noqa: E402


class Encoder(BaseFeaturesExtractor):
    def __init__(self, space, width):
        super().__init__(space, width)
        self.layer = nn.Linear(get_flattened_obs_dim(space), width)

    def forward(self, x):
        return torch.tanh(self.layer(x))


class Policy(RecurrentActorCriticPolicy):
    """Loci's first weights, and the critic's gradient through the shared LSTM."""

    def __init__(self, *args, forget_bias, **kwargs):
        super().__init__(*args, **kwargs)
        lstm, width = self.lstm_actor, self.lstm_actor.hidden_size
        with torch.no_grad():
            for w in (lstm.weight_ih_l0, lstm.weight_hh_l0):
                for gate in w.chunk(4):
                    nn.init.orthogonal_(gate)
            nn.init.orthogonal_(self.features_extractor.layer.weight)
            nn.init.orthogonal_(self.action_net.weight, 0.01)
            nn.init.orthogonal_(self.value_net.weight)
            for b in (lstm.bias_ih_l0, lstm.bias_hh_l0, self.features_extractor.layer.bias, self.action_net.bias, self.value_net.bias):
                b.zero_()
            lstm.bias_ih_l0[width : 2 * width] = forget_bias

    def evaluate_actions(self, obs, actions, lstm_states, episode_starts):
        latent, _ = self._process_sequence(self.extract_features(obs), lstm_states.pi, episode_starts, self.lstm_actor)
        distribution = self._get_action_dist_from_latent(self.mlp_extractor.forward_actor(latent))
        values = self.value_net(self.mlp_extractor.forward_critic(latent))
        return values, distribution.log_prob(actions), distribution.entropy()


class Watch(BaseCallback):
    """Times of updates, and returns of episodes, added up for all environments at once."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def _init_callback(self):
        self.returns, self.ended = np.zeros(self.training_env.num_envs), []
        self.starts, self.curve = [], []

    def _on_rollout_start(self):
        self.starts.append(self.clock())

    def _on_step(self):
        self.returns += self.locals["rewards"]
        done = self.locals["dones"]
        if done.any():
            self.ended.extend(self.returns[done])
            self.returns[done] = 0
        return True

    def _on_rollout_end(self):
        self.curve.append(float(np.mean(self.ended)))
        self.ended = []

    def _on_training_end(self):
        self.starts.append(self.clock())


def main():
    k = json.load(sys.stdin)
    torch.set_num_threads(k["threads"])
    torch.set_flush_denormal(True)
    rollout = k["envs"] * k["rollout"]
    model = RecurrentPPO(
        Policy, DummyVecEnv([getattr(envs, k["task"])] * k["envs"]), n_steps=k["rollout"], batch_size=rollout // k["minibatches"],
        n_epochs=k["epochs"], learning_rate=k["learning_rate"], gamma=k["gamma"], gae_lambda=k["lambda"], clip_range=k["clip"],
        ent_coef=k["entropy"], vf_coef=k["value"] / 2,  # its value loss is the squared error, Loci's is half of it
        max_grad_norm=k["max_grad_norm"], seed=k["seed"], device="cpu",
        policy_kwargs={
            "net_arch": [], "lstm_hidden_size": k["width"], "shared_lstm": True, "enable_critic_lstm": False,
            "features_extractor_class": Encoder, "features_extractor_kwargs": {"width": k["width"]}, "forget_bias": k["forget_bias"],
        },
    )
    watch = Watch(time.process_time if k["threads"] == 1 else time.perf_counter)
    model.learn((k["updates"] + 1) * rollout, callback=watch)
    at = np.array(watch.starts) - watch.starts[0]
    print(json.dumps({
        "steps": k["updates"] * rollout, "seconds": at[-1] - at[1], "threads": torch.get_num_threads(),
        "parameters": sum(p.numel() for p in model.policy.parameters()), "curve": watch.curve, "at": at[1:].tolist(),
        "sb3": version("sb3-contrib"), "torch": torch.__version__, "popgym": version("popgym"),
    }, allow_nan=False))


if __name__ == "__main__":
    main()

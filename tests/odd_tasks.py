# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Tasks of somebody else that cannot be trained as they are."""

import numpy as np

import gymnasium as gym
from unlike_agents import UnlikeAgentsEnv, UnlikeAgentsEnvCfg

from isaaclab.utils import configclass


@configclass
class DiscreteCfg(UnlikeAgentsEnvCfg):
    action_spaces = {"pusher": {3}, "guide": 2}


@configclass
class NoActionCfg(UnlikeAgentsEnvCfg):
    action_spaces = {"pusher": 0, "guide": 2}


@configclass
class ForgottenCfg(UnlikeAgentsEnvCfg):
    observation_spaces = {"pusher": 3}


@configclass
class ImageCfg(UnlikeAgentsEnvCfg):
    observation_spaces = {"pusher": gym.spaces.Box(0, 255, (1024, 1024, 3), np.uint8), "guide": 4}


class LateEnv(UnlikeAgentsEnv):
    """Forgets an agent in the fifth step, and has observations of a wrong size if the settings say so."""

    def _get_rewards(self):
        rewards = super()._get_rewards()
        return rewards if self.common_step_counter < 5 else {"pusher": rewards["pusher"]}

    def _get_observations(self):
        observations = super()._get_observations()
        wide = self.cfg.fail_after == 1
        return observations | ({"pusher": observations["guide"]} if wide else {})


def register(name, cfg=UnlikeAgentsEnvCfg, env=UnlikeAgentsEnv):
    gym.register(
        id=name,
        entry_point=f"{__name__}:{env.__name__}",
        disable_env_checker=True,
        kwargs={"env_cfg_entry_point": cfg},
    )


register("Odd-Discrete", DiscreteCfg)
register("Odd-No-Action", NoActionCfg)
register("Odd-Forgotten", ForgottenCfg)
register("Odd-Image", ImageCfg)
register("Odd-Late", env=LateEnv)

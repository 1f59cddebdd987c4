"""ComfyUI's `comfy.samplers`: the names that samplers and schedulers go by; there are no weights here to sample with."""

from __future__ import annotations

SAMPLER_NAMES = [
    "euler", "euler_cfg_pp", "euler_ancestral", "euler_ancestral_cfg_pp", "heun", "heunpp2", "dpm_2", "dpm_2_ancestral",
    "lms", "dpm_fast", "dpm_adaptive", "dpmpp_2s_ancestral", "dpmpp_sde", "dpmpp_2m", "dpmpp_2m_sde", "dpmpp_3m_sde",
    "ddpm", "lcm", "ipndm", "deis", "res_multistep", "gradient_estimation", "er_sde", "ddim", "uni_pc", "uni_pc_bh2",
]  # fmt: skip
SCHEDULER_NAMES = [
    "simple", "sgm_uniform", "karras", "exponential", "ddim_uniform", "beta", "normal", "linear_quadratic", "kl_optimal",
]  # fmt: skip


class KSampler:
    """What the choices of sampler widgets are."""

    SAMPLERS = SAMPLER_NAMES
    SCHEDULERS = SCHEDULER_NAMES

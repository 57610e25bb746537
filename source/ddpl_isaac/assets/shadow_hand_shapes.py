# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The Shadow Hand's body: the primitives that its links show and collide with, in the frames of the links.

Colliders are capsules, boxes and spheres only, few and rounded where the ball touches them; cylinders, which PhysX
turns into meshes, are for the eye.
"""

from __future__ import annotations

from ddpl_isaac.assets.bodies import Material, Shape, box, capsule, ornament, sphere

COLORS: dict[str, Material] = {
    "black": ((0.018, 0.019, 0.022), 0.5, 0.0),
    "shell": ((0.30, 0.31, 0.33), 0.6, 0.0),
    "metal": ((0.20, 0.21, 0.23), 0.35, 0.8),
    "skin": ((0.055, 0.06, 0.07), 0.9, 0.0),
    "accent": ((0.62, 0.14, 0.02), 0.5, 0.0),
}
"""Materials."""


def _finger(prefix: str) -> dict[str, tuple[Shape, ...]]:
    """Dress one of the four fingers, which look alike."""
    return {
        f"rh_{prefix}knuckle": (ornament("cylinder", (0.0098, 0.016), (0.0, 0.0, 0.0), "metal", "X"),),
        f"rh_{prefix}proximal": (
            # reaches back over the knuckle, which has no collider of its own
            capsule(0.009, 0.045, (0.0, 0.0, 0.0225), "black"),
            ornament("box", (0.0062, 0.003, 0.013), (0.0, 0.0078, 0.0225), "shell"),
        ),
        f"rh_{prefix}middle": (
            capsule(0.0085, 0.025, (0.0, 0.0, 0.0125), "black"),
            ornament("cylinder", (0.0092, 0.0145), (0.0, 0.0, 0.0), "metal", "X"),
            ornament("box", (0.0055, 0.0025, 0.0065), (0.0, 0.0075, 0.0125), "shell"),
        ),
        f"rh_{prefix}distal": (
            capsule(0.0082, 0.0165, (0.0, 0.0, 0.0105), "skin"),
            ornament("cylinder", (0.0088, 0.0135), (0.0, 0.0, 0.0), "metal", "X"),
            ornament("box", (0.005, 0.002, 0.006), (0.0, 0.0073, 0.016), "shell"),
        ),
    }


SHAPES: dict[str, tuple[Shape, ...]] = {
    "rh_forearm": (
        capsule(0.042, 0.08, (0.085, 0.0, 0.0), "shell", "X"),
        box((0.03, 0.028, 0.026), (0.175, 0.0, 0.006), "black"),
        ornament("cylinder", (0.0455, 0.012), (0.04, 0.0, 0.0), "black", "X"),
        ornament("cylinder", (0.0455, 0.006), (0.13, 0.0, 0.0), "accent", "X"),
        ornament("cylinder", (0.05, 0.02), (0.0, 0.0, 0.0), "black", "X"),
        ornament("box", (0.04, 0.02, 0.01), (0.085, 0.0, -0.038), "black"),
    ),
    "rh_wrist": (
        capsule(0.0135, 0.03, (0.0, 0.0, 0.0), "metal", "Y"),
        ornament("box", (0.014, 0.009, 0.018), (0.0, 0.0, 0.016), "metal"),
        ornament("cylinder", (0.0125, 0.066), (0.0, 0.0, 0.034), "metal", "X"),
    ),
    "rh_palm": (
        # back of the hand, palm cushion, ridge under the knuckles, heel of the thumb, heel of the little finger
        box((0.031, 0.0045, 0.045), (0.011, 0.0085, 0.04), "black"),
        box((0.0185, 0.0085, 0.045), (-0.0015, -0.0035, 0.04), "black"),
        capsule(0.0095, 0.052, (0.007, -0.0015, 0.082), "black", "X"),
        box((0.0105, 0.0135, 0.012), (0.0315, -0.0055, 0.003), "black"),
        box((0.01, 0.012, 0.02), (-0.03, 0.0, 0.009), "black"),
        ornament("box", (0.022, 0.0015, 0.03), (0.008, 0.0135, 0.045), "shell"),
        ornament("box", (0.012, 0.0012, 0.022), (-0.003, -0.0122, 0.042), "skin"),
        ornament("box", (0.012, 0.0006, 0.004), (0.008, 0.0152, 0.03), "accent"),
    ),
    "rh_lfmetacarpal": (
        box((0.0105, 0.011, 0.025), (0.001, 0.0, 0.033), "black"),
        ornament("box", (0.006, 0.0012, 0.018), (0.001, 0.0112, 0.034), "shell"),
    ),
    **_finger("ff"),
    **_finger("lf"),
    **_finger("mf"),
    **_finger("rf"),
    "rh_thbase": (sphere(0.013, (0.0, 0.0, 0.0), "metal"),),
    "rh_thproximal": (
        capsule(0.0105, 0.018, (0.0, 0.0, 0.02), "black"),
        ornament("cylinder", (0.0118, 0.006), (0.0, 0.0, 0.02), "shell"),
    ),
    "rh_thhub": (sphere(0.011, (0.0, 0.0, 0.0), "metal"),),
    "rh_thmiddle": (
        capsule(0.0095, 0.02, (0.0, 0.0, 0.018), "black"),
        ornament("cylinder", (0.0108, 0.005), (0.0, 0.0, 0.014), "shell"),
    ),
    "rh_thdistal": (
        capsule(0.009, 0.017, (0.0, 0.0, 0.0115), "skin"),
        ornament("cylinder", (0.0096, 0.0165), (0.0, 0.0, 0.0), "metal", "X"),
        ornament("box", (0.0058, 0.002, 0.007), (0.0, 0.0082, 0.016), "shell"),
    ),
}
"""What every link is made of."""

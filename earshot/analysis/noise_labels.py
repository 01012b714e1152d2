"""The 59 noise categories of [004], in its order (004-22..29, C-01)."""

NOISE_CATEGORIES = (
    # environmental
    "white_noise", "pink_noise", "brown_noise", "blue_noise",
    # transportation
    "traffic_highway", "traffic_urban", "traffic_rural", "aircraft_takeoff", "aircraft_cruise",
    "aircraft_landing", "train_interior", "train_exterior", "subway", "motorcycle", "bicycle",
    "electric_vehicle",
    # urban
    "office_quiet", "office_busy", "office_hvac", "construction_drilling", "construction_hammering",
    "construction_sawing", "cafe_quiet", "cafe_busy", "restaurant", "shopping_mall",
    "airport_terminal", "train_station",
    # industrial
    "factory_general", "factory_machinery", "factory_assembly", "warehouse", "server_room",
    "generator",
    # natural
    "wind_light", "wind_strong", "rain_light", "rain_heavy", "thunder", "ocean_waves", "waterfall",
    "forest",
    # indoor
    "hvac_fan", "refrigerator", "dishwasher", "washing_machine", "vacuum_cleaner", "air_purifier",
    "computer_fan",
    # human
    "crowd_applause", "crowd_cheering", "crowd_talking", "baby_crying", "dog_barking", "music_bass",
    "music_treble",
    # other
    "silence", "mixed_noise", "fire_alarm",
)  # fmt: skip

EMERGENCY = "fire_alarm"
"""From a separate detector: an emergency must not compete with ``mixed_noise`` in a softmax
(C-01)."""

CLASSIFIED = tuple(label for label in NOISE_CATEGORIES if label != EMERGENCY)
"""The 58 classes of a full classifier's head."""

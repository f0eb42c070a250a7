"""Tags of everything that an installation makes; they are its cost allocation tags, too."""

TAG_INSTALLATION, TAG_TIER, TAG_PART = "takings:installation", "takings:tier", "takings:part"

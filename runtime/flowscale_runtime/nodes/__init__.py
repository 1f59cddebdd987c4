"""Node packs: how they are declared and loaded, and the ones that come with FlowScale."""

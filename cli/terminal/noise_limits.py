"""What the noise section of a report rests on."""

from earshot.analysis.report.report import Report


def noise_limits(report: Report) -> str:
    """One line for its heading; empty where nothing limits it."""
    noise = report.noise
    if noise is None:
        return ""
    unmeasured = sorted({each.label for each in noise.timeline} & set(noise.unmeasured))
    limits = (
        "telephone band: what cannot be distinguished there is unclear"
        if noise.narrow
        else "recorded below 32 kHz: classes that live in the upper band are unreliable"
        if noise.bandwidth_limited
        else "",
        f"never measured: {', '.join(unmeasured)}" if unmeasured else "",
    )
    return "; ".join(limit for limit in limits if limit)

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Seguro.Nock.Drivers;

namespace Seguro.Node.Effects;

/// <summary>How a ship's effects are carried out.</summary>
public sealed record EffectRouterOptions
{
    /// <summary>Tell the kernel at each new mastership that its drivers have started, as vere does at each start, so that it asks for its alarm anew. Two events a takeover.</summary>
    public bool AnnounceDrivers { get; init; } = true;

    /// <summary>
    /// The domain under which galaxies are found (<c>zod.urbit.org</c>, port 13337 and up); <see langword="null"/> for a fake ship, whose galaxies are on this machine (port 31337 and up).
    /// </summary>
    public string? GalaxyDomain { get; init; }

    /// <summary>By what packets are told from noise; <see langword="null"/> for a kernel that may hear anything, such as the demo's.</summary>
    public AmesRules? Rules { get; init; }

    /// <summary>Hears of each datagram that the ship does not, and why; for counting. Must not block.</summary>
    public Action<Unheard> Drop { get; init; } = static _ => { };

    /// <summary>Hears of each effect that could not be carried out, and why, in few and fixed words; for counting. Must not block.</summary>
    public Action<string> Undone { get; init; } = static _ => { };

    /// <summary>The clock. What rings and when an ovum was heard go by its wall clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where warnings go.</summary>
    public ILogger Log { get; init; } = NullLogger.Instance;
}

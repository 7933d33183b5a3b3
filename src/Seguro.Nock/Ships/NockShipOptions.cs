using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Nock.Ships;

/// <summary>What a <see cref="NockShip"/> needs to know.</summary>
public sealed record NockShipOptions
{
    /// <summary>The folder of its snapshots; made where it is not there. One ship's alone.</summary>
    public required string Folder { get; init; }

    /// <summary>How many events of the log's beginning are formulas of the boot (META's <c>life</c>): 1 or more.</summary>
    public required int Life { get; init; }

    /// <summary>What its machines may use. Limits set here hold for the boot and for events of the log as well; those must be enough for all of them.</summary>
    public NockOptions Machine { get; init; } = new();

    /// <summary>How many calls of Nock an ovum may take before it is given up; 0: as many as it likes. The default is less than a minute of work; a jet is one call, however long it takes.</summary>
    public long MaxCalls { get; init; } = 1_000_000_000;

    /// <summary>
    /// How many bytes of managed heap the process may have before an ovum is given up with <c>%meme</c>; 0: no bound. The default is half of what the process may have. Events of the log are
    /// computed whatever they take, within <see cref="Machine"/>'s own bound: they are in the log.
    /// </summary>
    public long MaxHeap { get; init; } = HeapBudget.Available / 2;

    /// <summary>What an ovum may be at most, before it is an event.</summary>
    public CueLimits OvumLimits { get; init; } = CueLimits.Default with { Bytes = 16 << 20 };

    /// <summary>What an event of the log may be at most.</summary>
    public CueLimits EventLimits { get; init; } = CueLimits.Default;

    /// <summary>A state that vere exported, to begin with in place of the beginning of the log.</summary>
    public ExportedState? Start { get; init; }

    /// <summary>Hears what was passed over: a damaged snapshot and why. Called from any thread.</summary>
    public Action<string>? Report { get; init; }
}

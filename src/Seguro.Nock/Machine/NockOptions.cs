using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>What a machine may use and whom it tells.</summary>
public sealed record NockOptions
{
    /// <summary>How many calls (opcodes 2 and 9) a computation may make; 0: as many as it likes. Checked every 4,096.</summary>
    public long MaxCalls { get; init; }

    /// <summary>
    /// How many bytes the process's managed heap may have, garbage apart, before a computation ends with <c>%meme</c>; 0: no bound but memory itself. Looked at whenever 16 MiB were taken.
    /// </summary>
    public long MaxHeap { get; init; }

    /// <summary>How many calls may wait for others to return; 24 bytes each.</summary>
    public int MaxDepth { get; init; } = 200_000_000;

    /// <summary>How many results of <c>%memo</c> are kept.</summary>
    public int MemoEntries { get; init; } = 1 << 16;

    /// <summary>How many products of the compiler's gates are kept; with the nouns they need, a few hundred bytes each.</summary>
    public int KeptCalls { get; init; } = 1 << 21;

    /// <summary>Labels of jets that must not be used, such as <c>k140/one/add</c>.</summary>
    public IReadOnlySet<string> JetsOff { get; init; } = new HashSet<string>();

    /// <summary>Use no jet at all?</summary>
    public bool AllJetsOff { get; init; }

    /// <summary>How many arms a machine may make machine code of, in all, each a few milliseconds and some tens of KB; 0: none. Nothing but speed depends on it.</summary>
    public int CompiledArms { get; init; } = 500;

    /// <summary>How many calls of an arm make it worth that.</summary>
    public int CompileAfter { get; init; } = 20_000;

    /// <summary>Hears what <c>%slog</c> prints: priority and tank.</summary>
    public Action<Noun>? Slog { get; init; }

    /// <summary>Learns where the time goes; slower.</summary>
    public NockProfile? Profile { get; init; }
}

using Seguro.Core;
using Seguro.Vere.Protocol;

namespace Seguro.Vere.Relay;

/// <summary>What is to be done, in order. Outputs to one end are done one after the other; those to different ends need not wait for each other.</summary>
public abstract record RelayOutput
{
    private RelayOutput()
    {
    }

    /// <summary>Write to the king.</summary>
    public sealed record ToKing(ReadOnlyMemory<byte> Bytes) : RelayOutput;

    /// <summary>Write to the worker.</summary>
    public sealed record ToWorker(ReadOnlyMemory<byte> Bytes) : RelayOutput;

    /// <summary>The worker said where it stands. The king hears it once that event is released.</summary>
    public sealed record Ripened(VereGift.Ripe Ripe) : RelayOutput;

    /// <summary>
    /// The ship computed an event. Protocol 2: it is committed in the pier's log, from where it is read. Protocol 1: it is in no log yet. The king hears of it once it is released;
    /// numbers come without a gap.
    /// </summary>
    /// <param name="Number">Its number.</param>
    /// <param name="Payload">Protocol 1: the payload (mug, then jam of <c>[now wire card]</c>); <see langword="null"/> in protocol 2.</param>
    public sealed record Computed(EventNumber Number, ReadOnlyMemory<byte>? Payload) : RelayOutput;

    /// <summary>The worker wrote a snapshot, asked for or by its own timer. A number above what is released would make the next start from it unsafe.</summary>
    public sealed record Saved(EventNumber Number, uint Mug) : RelayOutput;

    /// <summary>A line of text was dropped, because too much of it was held.</summary>
    public sealed record TextDropped : RelayOutput
    {
        /// <summary>The only instance.</summary>
        public static TextDropped Instance { get; } = new();
    }

    /// <summary>Close the worker's input: it ends by itself, without a snapshot, once it is idle.</summary>
    public sealed record CloseWorker : RelayOutput
    {
        /// <summary>The only instance.</summary>
        public static CloseWorker Instance { get; } = new();
    }

    /// <summary>End the worker by SIGKILL, which it survives as a power cut: it must not go on, or says what nobody understands.</summary>
    public sealed record KillWorker : RelayOutput
    {
        /// <summary>The only instance.</summary>
        public static KillWorker Instance { get; } = new();
    }

    /// <summary>The last output: close the king's pipe, and end towards it.</summary>
    /// <param name="ExitCode">The exit code that the king should see of its worker.</param>
    /// <param name="Reason">Why, where it is not the end that the king asked for.</param>
    public sealed record Ended(int ExitCode, string? Reason) : RelayOutput;
}

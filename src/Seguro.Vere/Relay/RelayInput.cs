using Seguro.Core;

namespace Seguro.Vere.Relay;

/// <summary>What happens to a relay. Bytes that an input carries must not change until its outputs were carried out; the relay copies what it keeps.</summary>
public abstract record RelayInput
{
    private RelayInput()
    {
    }

    /// <summary>Bytes came from the king. Given also where <see cref="RelayMachine.MayReadKing"/> is false, they are kept, without a bound.</summary>
    public sealed record KingSent(ReadOnlyMemory<byte> Bytes) : RelayInput;

    /// <summary>
    /// Bytes came from the worker; given also where <see cref="RelayMachine.MayReadWorker"/> is false, they are kept, without a bound. At a takeover the first frame may be a made
    /// <c>%ripe</c> (vere-facts.md §13.5): the worker said its own long before.
    /// </summary>
    public sealed record WorkerSent(ReadOnlyMemory<byte> Bytes) : RelayInput;

    /// <summary>The king ended, or closed its pipe.</summary>
    public sealed record KingGone : RelayInput;

    /// <summary>The worker ended, and all that it sent was given.</summary>
    /// <param name="ExitCode">Its exit code; anything but 0 where a signal ended it.</param>
    public sealed record WorkerGone(int ExitCode) : RelayInput;

    /// <summary>The gate is open for all events up to a number. It never closes again: a lower number changes nothing.</summary>
    public sealed record Released(EventNumber Through) : RelayInput;

    /// <summary>
    /// The store has all events up to a number. Where <see cref="RelayOptions.Committed"/> is set, what may write a snapshot waits for it, too: at
    /// optimism 0 an event is released before.
    /// </summary>
    public sealed record Committed(EventNumber Through) : RelayInput;

    /// <summary>
    /// The worker should write a snapshot. It is asked for once all that it was given is answered and released; the king's tasks wait so long. In
    /// protocol 1 the king does this itself: nothing happens.
    /// </summary>
    public sealed record Save : RelayInput;

    /// <summary>The member is master no longer: nothing more may reach the king.</summary>
    public sealed record Lost : RelayInput;
}

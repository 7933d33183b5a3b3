using Seguro.Core;

namespace Seguro.Urbit.Piers;

/// <summary>
/// Makes a new pier of vere 4's layout (vere-facts.md §6.4) aside, in <c>PATH.seguro-partial</c>, and renames it in when it is complete:
/// there never is half a pier under its name.
/// </summary>
/// <remarks>Not for two threads at a time; memory does not grow with the log nor with its events. An unfinished pier is removed on dispose, or by the next writer.</remarks>
public sealed class PierWriter : IDisposable
{
    private PierWriter()
    {
    }

    /// <summary>Begins a pier with one epoch, <c>0iBASE</c>.</summary>
    /// <param name="path">The pier's folder to be: must not exist.</param>
    /// <param name="identity">Whose it is.</param>
    /// <param name="baseNumber">The number before its first event.</param>
    /// <param name="vereVersion">What <c>vere.txt</c> shall say: the runtime that is to open it, such as <c>4.6</c>; below 127 bytes.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.AlreadyExists"/>, <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>, <see cref="ErrorCode.BadValue"/>.</exception>
    public static PierWriter Create(string path, PierIdentity identity, EventNumber baseNumber, string vereVersion) =>
        throw new NotSupportedException($"{path} {identity} {baseNumber} {vereVersion}");

    /// <summary>Adds the next event.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Gap"/>: it is not the next number; <see cref="ErrorCode.DiskFull"/>.</exception>
    public void Append(EventNumber number, ReadOnlySpan<byte> payload)
    {
        Begin(number, payload.Length);
        Add(payload);
    }

    /// <summary>Begins the next event, whose payload of <paramref name="size"/> bytes (below 4 GiB) follows in pieces.</summary>
    /// <exception cref="SeguroException">As <see cref="Append"/>; <see cref="ErrorCode.TooLarge"/>.</exception>
    public void Begin(EventNumber number, long size) => throw new NotSupportedException($"{number} {size}");

    /// <summary>Adds the next piece of the payload. The bytes are not kept.</summary>
    public void Add(ReadOnlySpan<byte> piece) => throw new NotSupportedException($"{piece.Length}");

    /// <summary>Makes all durable (files and folders) and renames the pier in.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.AlreadyExists"/>: somebody made the target meanwhile; <see cref="ErrorCode.DiskFull"/>.</exception>
    public void Complete() => throw new NotSupportedException();

    /// <summary>Removes what was not completed.</summary>
    public void Dispose()
    {
    }
}

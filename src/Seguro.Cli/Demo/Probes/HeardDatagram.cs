using Seguro.Nouns;

namespace Seguro.Cli.Demo.Probes;

/// <summary>Finds in a log what came in by UDP.</summary>
public static class HeardDatagram
{
    /// <summary>The datagram that an event of the log says was heard; <see langword="null"/> where it is another event.</summary>
    /// <remarks>Without the zero bytes at its end: those do not survive in an atom.</remarks>
    /// <param name="payload">The event as the log has it: a mug, then jam of <c>[now wire %hear lane blob]</c>.</param>
    public static byte[]? In(ReadOnlySpan<byte> payload)
    {
        try
        {
            return payload.Length > sizeof(uint) && Axis.Get(Cue.From(payload[sizeof(uint)..]), 31) is Atom blob ? blob.Bytes.ToArray() : null;
        }
        catch (NounException)
        {
            return null;
        }
    }
}

using System.Globalization;
using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>
/// The wall clock as vere reads it (vere-facts.md §3.4): by gettimeofday, in microseconds. Where <c>STANDIN_VERE_TIMES</c> names a file, a worker takes its ova's times from there, a line
/// with the number for each, so that a recorded session can be computed anew to the byte.
/// </summary>
static class Clock
{
    private static readonly Queue<string> Times = Environment.GetEnvironmentVariable("STANDIN_VERE_TIMES") is { Length: > 0 } file ? new(File.ReadLines(file)) : [];

    /// <summary>Now, as an atom.</summary>
    public static Atom Now() => Atom.Of(DateAtom.Stamp(DateTimeOffset.UtcNow));

    /// <summary>The time of the next ovum.</summary>
    public static Atom Stamp() => Times.TryDequeue(out string? time) ? Atom.Of(UInt128.Parse(time, CultureInfo.InvariantCulture)) : Now();

    /// <summary>The instance number of a driver that starts now: a knot.</summary>
    public static Noun Instance() => Uv.Format(Atom.Of((ulong)Now().Mug));
}

using System.Globalization;
using System.Text;

namespace Seguro.Core;

/// <summary>
/// Which events of a log were not made under it but brought in from elsewhere, and whether all of them are there yet: the metadata <see cref="MetadataKey.Import"/>.
/// </summary>
/// <remarks>
/// An import sets it, incomplete, before its first event (in the very step that makes the log, where there is none yet) and makes it complete after its last. Nobody may become master of a log
/// whose mark is incomplete: its head is not where its history ends, so whatever is appended would fork the ship. Metadata can't be removed; complete is as good, and says more: no effect
/// of an event up to <see cref="Through"/> may be released, for another runtime has done that.
/// </remarks>
/// <param name="IsComplete">All events that were to be brought in are there.</param>
/// <param name="Through">Complete: the last event that was brought in. Incomplete: the last that the source had when the import began.</param>
public readonly record struct ImportMark(bool IsComplete, EventNumber Through)
{
    private const string Complete = "complete";
    private const string Incomplete = "incomplete";

    /// <summary>The mark in a log's metadata; <see langword="null"/> where nothing was brought in.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: the value is none that Seguro writes.</exception>
    public static ImportMark? Read(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (!metadata.TryGetValue(MetadataKey.Import, out ReadOnlyMemory<byte> value))
            return null;
        string text = Encoding.ASCII.GetString(value.Span);
        return text.Split(' ') is [Complete or Incomplete, var number] && ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out ulong through)
            ? new ImportMark(text.StartsWith(Complete, StringComparison.Ordinal), new EventNumber(through))
            : throw new SeguroException(
                ErrorCode.Corrupt, $"the log's metadata '{MetadataKey.Import}' is none that Seguro writes: '{text[..Math.Min(text.Length, 64)]}'",
                "Take the log from another store or backup, or import the pier into a store that has no log of the ship.");
    }

    /// <summary>Refuses a log whose import did not end.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.HalfImported"/>.</exception>
    public static void Require(Ship ship, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        if (Read(metadata) is not { IsComplete: false } mark)
            return;
        throw new SeguroException(
            ErrorCode.HalfImported, $"the log of {ship} is half imported: the import, which goes up to event {mark.Through}, did not end",
            "Run the same `seguro pier import` again: it goes on where it stopped. Where the source is lost, import another copy into a store that has no log of the ship.");
    }

    /// <summary>The form that the store keeps, in ASCII: <c>incomplete 610</c>, <c>complete 610</c>.</summary>
    public byte[] ToBytes() => Encoding.ASCII.GetBytes(ToString());

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(IsComplete ? Complete : Incomplete)} {Through}");
}

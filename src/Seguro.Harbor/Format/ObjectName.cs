using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;
using Seguro.Core;

namespace Seguro.Harbor.Format;

/// <summary>The names of objects (docs/harbor-format.md).</summary>
internal static class ObjectName
{
    public const string Ship = "ship";
    public const string Segments = "e/";
    public const string Merged = "m/";
    public const string Snapshots = "s/";
    public const string Gaps = "g/";
    public const string Aside = "w/";
    private const int FolderBytes = 16;
    private const int Digits = 20;

    /// <summary>The folder of a ship: it tells nobody whose it is who does not know the signer.</summary>
    public static string Folder(PublicKey signer, Ship ship) => Convert.ToHexStringLower(
        SHA256.HashData([.. "seguro harbor 1\0"u8, .. signer.Export(KeyBlobFormat.RawPublicKey), .. Encoding.ASCII.GetBytes(ship.Name)]).AsSpan(0, FolderBytes));

    public static string Segment(EventNumber first) => Segments + Number(first);

    public static string MergedSegment(EventNumber first, EventNumber last) => $"{Merged}{Number(first)}-{Number(last)}";

    public static string Gap(HarborGap gap) => $"{Gaps}{Number(gap.First)}-{Number(gap.Last)}";

    public static string Snapshot(EventNumber number, string file) => $"{Snapshots}{Number(number)}-{file}";

    /// <summary>The first event of a segment's name; <see langword="null"/> where it is none.</summary>
    public static EventNumber? FirstOf(string name) => name.StartsWith(Segments, StringComparison.Ordinal) ? ReadNumber(name[Segments.Length..]) : null;

    public static (EventNumber First, EventNumber Last)? RangeOf(string name) => RangeOf(name, Merged);

    /// <summary>The events that a note of a gap names; <see langword="null"/> where it is none.</summary>
    public static HarborGap? GapOf(string name) => RangeOf(name, Gaps) is { } range ? new HarborGap(range.First, range.Last) : null;

    public static (EventNumber Event, string File)? SnapshotOf(string name) =>
        name.StartsWith(Snapshots, StringComparison.Ordinal) && name[Snapshots.Length..].Split('-', 2) is [var number, { Length: > 0 } file] && ReadNumber(number) is { } at && IsSnapshotFile(file)
            ? (at, file)
            : null;

    public static bool IsSnapshotFile(string file) => file is "image.bin" or "north.bin" or "south.bin" || (file.EndsWith(".jam", StringComparison.Ordinal) && file[..^4].All(char.IsAsciiDigit) && file.Length > 4);

    private static (EventNumber First, EventNumber Last)? RangeOf(string name, string folder) =>
        name.StartsWith(folder, StringComparison.Ordinal) && name[folder.Length..].Split('-') is [var first, var last] && ReadNumber(first) is { } from && ReadNumber(last) is { } to && from <= to
            ? (from, to)
            : null;

    private static string Number(EventNumber number) => number.Value.ToString("D20", CultureInfo.InvariantCulture);

    private static EventNumber? ReadNumber(string text) =>
        text.Length == Digits && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? new EventNumber(value) : null;
}

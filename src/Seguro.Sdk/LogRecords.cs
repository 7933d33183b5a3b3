using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Seguro.Core;

namespace Seguro.Sdk;

/// <summary>
/// What the client library keeps in a log's metadata: <c>processed.NAME</c>, the last event that the machine of that name has applied, in decimal
/// digits; and which keys are not its users'.
/// </summary>
internal static class LogRecords
{
    /// <summary>The longest name of a machine.</summary>
    public const int LongestName = 32;

    private const string Processed = "processed.";

    private static readonly string[] Seguros =
    [
        MetadataKey.Optimism, MetadataKey.Members, MetadataKey.Left, MetadataKey.Released, MetadataKey.Accepted, MetadataKey.History, MetadataKey.Import, MetadataKey.Custody,
    ];

    /// <summary>The key of a machine's own record.</summary>
    public static string KeyOf(string name) => Processed + name;

    /// <summary>Refuses a name that can't be part of a key.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>.</exception>
    public static void CheckName(string name)
    {
        if (name is not { Length: > 0 and <= LongestName } || !name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            throw new SeguroException(ErrorCode.BadValue, $"'{name}' is not a machine's name", $"Use 1 to {LongestName} of a-z, 0-9 and '-'.");
    }

    /// <summary>Refuses a key that is Seguro's own, or none.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>.</exception>
    public static void CheckKey(string key, ReadOnlyMemory<byte> value)
    {
        if (Seguros.Contains(key) || key.StartsWith(Processed, StringComparison.Ordinal))
            throw new SeguroException(ErrorCode.BadValue, $"the metadata '{key}' is Seguro's own", "Use another key; nothing was written.");
        try
        {
            MetadataKey.Check(key, value);
        }
        catch (ArgumentException error)
        {
            throw new SeguroException(ErrorCode.BadValue, error.Message.TrimEnd('.'), "Nothing was written.", error);
        }
    }

    /// <summary>A record's number; 0 where there is none.</summary>
    public static ulong Read(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, string key)
    {
        if (!metadata.TryGetValue(key, out ReadOnlyMemory<byte> value))
            return 0;
        return Utf8Parser.TryParse(value.Span, out ulong number, out int read) && read == value.Length
            ? number
            : throw new SeguroException(ErrorCode.Corrupt, $"the log's metadata '{key}' is not a number", "Take the log from another store or backup.");
    }

    /// <summary>The form that the store keeps.</summary>
    public static byte[] Write(ulong number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>How many machines other than <paramref name="name"/> have processed the event.</summary>
    public static int CountProcessed(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, ulong number, string name)
    {
        string own = KeyOf(name);
        return metadata.Keys.Count(key => key.StartsWith(Processed, StringComparison.Ordinal) && key != own && Read(metadata, key) >= number);
    }
}

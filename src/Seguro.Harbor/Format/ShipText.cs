using System.Text;
using Seguro.Core;
using Seguro.Piers.Transfer;

namespace Seguro.Harbor.Format;

/// <summary>The content of the object that says whose log it is (docs/harbor-format.md).</summary>
internal static class ShipText
{
    private const string ShipKey = "ship";

    /// <summary>The metadata that goes along: what vere needs to open a pier, and whose the log was.</summary>
    private static readonly string[] Binary = [MetadataKey.Who, MetadataKey.Fake, MetadataKey.Life];

    public static string Write(Ship ship, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        StringBuilder text = new($"{ShipKey} {ship.Name}\n");
        foreach (string key in Binary)
        {
            if (metadata.TryGetValue(key, out ReadOnlyMemory<byte> value))
                text.Append(key).Append(' ').Append(Convert.ToHexStringLower(value.Span)).Append('\n');
        }
        if (metadata.TryGetValue(PierMetadata.Vere, out ReadOnlyMemory<byte> vere))
            text.Append(PierMetadata.Vere).Append(' ').Append(Encoding.ASCII.GetString(vere.Span)).Append('\n');
        if (Custody.Read(metadata) is { } custody)
            text.Append(MetadataKey.Custody).Append(' ').Append(custody.Kind.ToString().ToLowerInvariant()).Append('\n');
        return text.ToString();
    }

    /// <summary>The metadata of a log that is restored. Custody is not among it: nobody computes a restored log's ship until somebody starts it.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>.</exception>
    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Read(string text, Ship ship)
    {
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new(StringComparer.Ordinal);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(' ', 2) is not [var key, var value])
                throw AgeHeader.Bad("it has a line without a value");
            if (key == ShipKey && value != ship.Name)
                throw AgeHeader.Bad($"it says that the log is {value}'s");
            if (Binary.Contains(key))
                metadata[key] = Bytes(value);
            else if (key == PierMetadata.Vere)
                metadata[key] = Encoding.ASCII.GetBytes(value);
        }
        return metadata;
    }

    /// <summary>Who computed the ship when the harbor was attached; <see langword="null"/> where that was not known.</summary>
    public static string? CustodyOf(string text) =>
        text.Split('\n').FirstOrDefault(static line => line.StartsWith(MetadataKey.Custody + " ", StringComparison.Ordinal))?[(MetadataKey.Custody.Length + 1)..];

    private static byte[] Bytes(string hex)
    {
        try
        {
            return Convert.FromHexString(hex);
        }
        catch (FormatException)
        {
            throw AgeHeader.Bad("it has a value that is not hexadecimal");
        }
    }
}

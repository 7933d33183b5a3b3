using System.Globalization;
using System.Text;
using Seguro.Core;

namespace Seguro.HarborService.Owners;

/// <summary>What a provider keeps of one key of an owner.</summary>
/// <param name="Owner">The owner's name.</param>
/// <param name="Key">The public key, 64 hexadecimal digits.</param>
/// <param name="Bytes">The most bytes that the owner may hold.</param>
/// <param name="Objects">The most objects.</param>
/// <param name="AddsOnly">The key removes nothing: for the machine where the ship runs, so that who breaks in there can't destroy the backup.</param>
/// <param name="Since">When it was registered.</param>
public sealed record OwnerRecord(string Owner, string Key, long Bytes, long Objects, bool AddsOnly, DateTimeOffset Since)
{
    /// <summary>What an owner may hold where nothing is said: objects.</summary>
    public const long UsualObjects = 1_000_000;

    internal string Write() => string.Create(
        CultureInfo.InvariantCulture, $"owner {Owner}\nkey {Key}\nbytes {Bytes}\nobjects {Objects}\nrights {(AddsOnly ? "add" : "all")}\nsince {Since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}\n");

    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>.</exception>
    internal static OwnerRecord Read(ReadOnlySpan<byte> bytes, string owner, string key)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach (string line in Encoding.ASCII.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(' ', 2) is [var name, var value])
                values[name] = value;
        }
        return values.GetValueOrDefault("owner") == owner && values.GetValueOrDefault("key") == key
            && long.TryParse(values.GetValueOrDefault("bytes"), NumberStyles.None, CultureInfo.InvariantCulture, out long most)
            && long.TryParse(values.GetValueOrDefault("objects"), NumberStyles.None, CultureInfo.InvariantCulture, out long objects)
            && DateTimeOffset.TryParse(values.GetValueOrDefault("since"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset since)
            && values.GetValueOrDefault("rights") is "all" or "add"
            ? new OwnerRecord(owner, key, most, objects, values["rights"] == "add", since)
            : throw new SeguroException(ErrorCode.Corrupt, $"what is kept of {owner}'s key {key} makes no sense", "Register the key again: `seguro harbor owner add`.");
    }
}

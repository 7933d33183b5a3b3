using System.Globalization;
using System.Text;
using Google.Protobuf;
using Seguro.Core;

namespace Seguro.Stores.Etcd;

/// <summary>The names of the keys, all below one prefix.</summary>
/// <remarks>
/// <para>
/// <c>PREFIX/schema</c>: version and window. <c>PREFIX/identity</c>: which store it is. <c>PREFIX/log/SHIP</c>: the state of a ship's log
/// (<see cref="EtcdState"/>), the one key that every write compares and changes.
/// </para>
/// <para><c>PREFIX/SHIP/event/LAST-LENGTH</c>: a group of events as it was appended (<see cref="EventGroup"/>), by the number of its last event, so that the first key at or above an
/// event's is that of its group; the value's length is in the name, so that a reader knows from names alone how much it asks for.</para>
/// <para><c>PREFIX/SHIP/fragment/EVENT/INDEX</c>: staged fragments. <c>PREFIX/SHIP/metadata/KEY</c>. Numbers are hexadecimal with all their digits, so that their order is that of the names.</para>
/// </remarks>
sealed class EtcdKeys(string prefix)
{
    private const int LengthDigits = 8;

    /// <summary>Where all keys begin.</summary>
    public string Prefix { get; } = prefix;

    /// <summary>Version and window.</summary>
    public ByteString Schema => Key("schema");

    /// <summary>The store's identity.</summary>
    public ByteString Identity => Key("identity");

    /// <summary>Where the states of all logs begin.</summary>
    public ByteString States => Key("log/");

    /// <summary>The state of a ship's log.</summary>
    public ByteString State(Ship ship) => Key("log/" + ship.Name);

    /// <summary>Where a ship's groups begin.</summary>
    public ByteString Groups(Ship ship) => Key($"{ship.Name}/event/");

    /// <summary>The name of a group.</summary>
    public ByteString Group(Ship ship, EventNumber last, int length) => Key($"{ship.Name}/event/{last.Value:x16}-{length:x8}");

    /// <summary>At or before the group that ends with this event, and behind those that end before it.</summary>
    public ByteString GroupFrom(Ship ship, EventNumber last) => Key($"{ship.Name}/event/{last.Value:x16}");

    /// <summary>How long the value of a group is, by its name.</summary>
    public static int GroupLength(ByteString key)
    {
        ReadOnlySpan<byte> digits = key.Span[Math.Max(0, key.Length - LengthDigits)..];
        return int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int length) && length >= 0
            ? length
            : throw new FormatException("a group's name does not end with its length");
    }

    /// <summary>Where a ship's fragments begin.</summary>
    public ByteString Fragments(Ship ship) => Key($"{ship.Name}/fragment/");

    /// <summary>Where the fragments of an event begin.</summary>
    public ByteString Fragments(Ship ship, EventNumber number) => Key($"{ship.Name}/fragment/{number.Value:x16}/");

    /// <summary>One fragment.</summary>
    public ByteString Fragment(Ship ship, EventNumber number, int index) => Key($"{ship.Name}/fragment/{number.Value:x16}/{index:x8}");

    /// <summary>Where a log's metadata begins.</summary>
    public ByteString Metadata(Ship ship) => Key($"{ship.Name}/metadata/");

    /// <summary>One value of a log's metadata.</summary>
    public ByteString Metadata(Ship ship, string key) => Key($"{ship.Name}/metadata/{key}");

    /// <summary>What stands behind the beginning that a key has.</summary>
    public static string After(ByteString beginning, ByteString key) => Encoding.UTF8.GetString(key.Span[beginning.Length..]);

    /// <summary>The end of the range of all keys that begin so: the first name that does not. (etcd's API: <c>range_end</c> is exclusive.)</summary>
    public static ByteString EndOf(ByteString beginning)
    {
        byte[] end = beginning.ToByteArray();
        end[^1]++; // never 0xff: names are ASCII
        return ByteString.CopyFrom(end);
    }

    private ByteString Key(string rest) => ByteString.CopyFromUtf8($"{Prefix}/{rest}");
}

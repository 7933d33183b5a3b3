using System.Globalization;
using System.Text.Json;
using Seguro.Core;
using Seguro.Files;
using Seguro.Identity;
using Seguro.Node.Configuration;

namespace Seguro.Node.Startup;

/// <summary>What members of a recovered cluster have in place of what they had: the database's name, and each node's address and number, as keys of the configuration.</summary>
/// <remarks>No name, address or number of a node of the dead database is used again for the same member, since its nodes may wake.</remarks>
public static class RecoveredSettings
{
    /// <summary>The file, beside the recovered member's configuration, that the other members take them from.</summary>
    public const string FileName = "recovered.json";

    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const long LargestFile = 1 << 20;

    /// <summary>Makes them.</summary>
    /// <param name="configuration">That of the member that the new cluster begins with: it gets the number 1.</param>
    public static IReadOnlyDictionary<string, string> Make(NodeConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        Dictionary<string, string> settings = new(StringComparer.OrdinalIgnoreCase) { ["database"] = NextName(configuration.Database) };
        // No address that anything of the old cluster has.
        HashSet<HostAddress> used = [.. configuration.Members.SelectMany(static member => (HostAddress?[])[member.Links, member.Dqlite]).OfType<HostAddress>()];
        ulong last = configuration.Members.Max(static member => member.Id);
        Queue<int> free = new(FreePorts.Take(configuration.Members.Count(static member => member.Dqlite!.Value.IsLoopback)));
        foreach (MemberAddresses member in configuration.Members)
        {
            bool isFirst = member.Name == configuration.Self.Name;
            ulong id = isFirst ? 1 : member.Id == 1 ? ++last : member.Id;
            HostAddress address = member.Dqlite!.Value;
            // Whether a port of another machine is free is not known here: the next one that no member has.
            address = address.IsLoopback ? address with { Port = free.Dequeue() } : Next(address, used);
            used.Add(address);
            settings[$"members:{member.Name}:dqlite"] = address.ToString();
            settings[$"members:{member.Name}:id"] = id.ToString(CultureInfo.InvariantCulture);
        }
        return settings;
    }

    /// <summary>Those of a configuration that has them already.</summary>
    public static IReadOnlyDictionary<string, string> Of(NodeConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        Dictionary<string, string> settings = new(StringComparer.OrdinalIgnoreCase) { ["database"] = configuration.Database };
        foreach (MemberAddresses member in configuration.Members)
        {
            settings[$"members:{member.Name}:dqlite"] = member.Dqlite!.Value.ToString();
            settings[$"members:{member.Name}:id"] = member.Id.ToString(CultureInfo.InvariantCulture);
        }
        return settings;
    }

    /// <summary>Writes them into a file, durably.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, string> settings) =>
        DurableFile.Write(path, ConfigurationEdit.Apply("{\n}\n"u8, settings), Mode);

    /// <summary>Reads such a file. It comes from another machine: what is not in it by right is refused.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.BadValue"/>.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (file.Exists && file.Length > LargestFile)
                throw Bad(path, null);
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { AllowTrailingCommas = true });
            Dictionary<string, string> settings = new(StringComparer.OrdinalIgnoreCase);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                bool isKnown = property.Name.Split(':') is ["database"] or ["members", _, "dqlite" or "id"];
                settings[property.Name] = isKnown && property.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? property.Value.ToString() : throw Bad(path, null);
            }
            return settings;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw Bad(path, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, error);
        }
    }

    /// <summary>Puts them into a member's configuration file, and reads that again.</summary>
    /// <param name="file">The configuration.</param>
    /// <param name="settings">The values.</param>
    /// <param name="commandLine">What the command line says besides, as for <see cref="ConfigurationReader.Read"/>.</param>
    /// <exception cref="SeguroException">The file can't be changed; or something that goes before it (environment, command line) says otherwise, <see cref="ErrorCode.BadValue"/>.</exception>
    public static NodeConfiguration Apply(string file, IReadOnlyDictionary<string, string> settings, IReadOnlyCollection<string> commandLine)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ConfigurationEdit.Apply(file, settings);
        NodeConfiguration configuration = ConfigurationReader.Read(file, commandLine);
        foreach ((string key, string value) in settings)
        {
            string now = InForce(configuration, key);
            if (now != value)
                throw new SeguroException(ErrorCode.BadValue, $"{key} is {now} although {file} says {value}: the environment, or the command line, goes before it", $"Take {key} out of there, then run the command again.");
        }
        return configuration;
    }

    private static string InForce(NodeConfiguration configuration, string key) => key.Split(':') switch
    {
        ["database"] => configuration.Database,
        [_, var name, var what] when configuration.Members.FirstOrDefault(member => member.Name == name) is { } member =>
            what == "id" ? member.Id.ToString(CultureInfo.InvariantCulture) : member.Dqlite.ToString()!,
        _ => "not there",
    };

    private static string NextName(string name)
    {
        int dash = name.LastIndexOf('-');
        bool isNumbered = uint.TryParse(name.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && dash > 0 && number < uint.MaxValue;
        string end = string.Create(CultureInfo.InvariantCulture, $"-{(isNumbered ? number + 1 : 2)}");
        string start = isNumbered ? name[..dash] : name;
        return start[..Math.Min(start.Length, ClusterIdentity.LongestCluster - end.Length)] + end;
    }

    private static HostAddress Next(HostAddress address, HashSet<HostAddress> used)
    {
        do
            address = address with { Port = address.Port < 65535 ? address.Port + 1 : 1024 };
        while (used.Contains(address));
        return address;
    }

    private static SeguroException Bad(string path, Exception? error) =>
        new(ErrorCode.BadValue, $"{path} is not what `seguro cluster recover` writes", "Copy it anew from the member that was recovered.", error);
}

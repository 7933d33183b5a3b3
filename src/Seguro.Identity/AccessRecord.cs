using System.Text.Json;
using System.Text.Json.Serialization;

namespace Seguro.Identity;

/// <summary>What an <see cref="AccessList"/> says at a moment. Immutable.</summary>
public sealed partial record AccessRecord
{
    /// <summary>The names of the members that are let in; <see langword="null"/>: every member of the cluster that has not left.</summary>
    public IReadOnlyCollection<string>? Members { get; init; }

    /// <summary>The names of the clients that are let into the database; <see langword="null"/>: every client of the cluster.</summary>
    public IReadOnlyCollection<string>? Clients { get; init; }

    /// <summary>The names of members that left. They stay out, whatever else says that they are members.</summary>
    public IReadOnlyCollection<string> Left { get; init; } = [];

    /// <summary>The record as one line of JSON.</summary>
    public string ToLine() => JsonSerializer.Serialize(this, AccessJson.Default.AccessRecord);

    /// <summary>Reads a line; <see langword="null"/> where it is something else.</summary>
    public static AccessRecord? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, AccessJson.Default.AccessRecord);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(AccessRecord))]
    private sealed partial class AccessJson : JsonSerializerContext;
}

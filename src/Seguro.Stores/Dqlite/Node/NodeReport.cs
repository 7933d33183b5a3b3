using System.Text.Json;
using System.Text.Json.Serialization;
using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>The lines that a node's process writes to its standard output: that it is ready, or why it is not; then how many connections it refused.</summary>
sealed partial record NodeReport
{
    public bool Ready { get; init; }

    public ulong Id { get; init; }

    public string? Address { get; init; }

    public int Process { get; init; }

    /// <summary>The error's code, 0 when ready.</summary>
    public int Code { get; init; }

    public string? What { get; init; }

    /// <summary>How many connections were refused until now; <see cref="What"/> says why the last one was. Written while it runs, whenever there are more.</summary>
    public long Refused { get; init; }

    public string? NextStep { get; init; }

    public static NodeReport Of(SeguroException error) => new() { Code = (int)error.Code, What = error.Message, NextStep = error.NextStep };

    /// <summary>The error that was reported.</summary>
    public SeguroException ToError() => new((ErrorCode)Code, What ?? "the dqlite node did not start", NextStep ?? "Look at its messages.");

    public string ToLine() => JsonSerializer.Serialize(this, ReportJson.Default.NodeReport);

    /// <summary>Reads a line; <see langword="null"/> where it is something else.</summary>
    public static NodeReport? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ReportJson.Default.NodeReport);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
    [JsonSerializable(typeof(NodeReport))]
    private sealed partial class ReportJson : JsonSerializerContext;
}

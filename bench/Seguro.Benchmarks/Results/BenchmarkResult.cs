using System.Text.Json;
using System.Text.Json.Serialization;

namespace Seguro.Benchmarks;

/// <summary>All that a run found out: what is written as JSON, and what tables and plots are made of.</summary>
internal sealed record BenchmarkResult
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new LatencyAtConverter(), new TimelinePointConverter() },
    };

    private static readonly JsonSerializerOptions Line = new(Json) { WriteIndented = false };

    /// <summary>The command that made it, to be repeated.</summary>
    public required string Command { get; init; }

    /// <summary>When it began, UTC.</summary>
    public required DateTimeOffset Began { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Took { get; set; }

    /// <summary>Hardware, kernel, versions, settings; by name, in the order in which they are shown.</summary>
    public required IDictionary<string, string> Machine { get; init; }

    /// <summary>The machine's load averages (1, 5 and 15 minutes) when it began.</summary>
    public string? LoadBefore { get; init; }

    /// <summary>The same at the end.</summary>
    public string? LoadAfter { get; set; }

    /// <summary>In the order in which they were made.</summary>
    public List<Measurement> Measurements { get; init; } = [];

    /// <summary>What a part could not do, and why: a limit of a store, for example.</summary>
    public List<string> Notes { get; init; } = [];

    /// <summary>The parts that ended before they had measured all, and why.</summary>
    public List<string> Failures { get; init; } = [];

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static BenchmarkResult Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return JsonSerializer.Deserialize<BenchmarkResult>(file, Json) ?? throw new InvalidDataException($"{path} holds no result.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path} is no result of 'seguro bench': {error.Message}", error);
        }
    }

    /// <summary>Writes it in place of what was there, a line for each measurement, so that two runs can be compared by line; whoever reads sees the old or the new.</summary>
    public void Write(string path)
    {
        string aside = path + ".new";
        const string None = "\"measurements\": []";
        string[] lines = [.. Measurements.Select(static measurement => "    " + JsonSerializer.Serialize(measurement, Line))];
        string text = JsonSerializer.Serialize(this with { Measurements = [] }, Json);
        if (lines.Length > 0)
            text = text.Replace(None, $"{None[..^1]}\n{string.Join(",\n", lines)}\n  ]", StringComparison.Ordinal);
        File.WriteAllText(aside, text + "\n");
        File.Move(aside, path, overwrite: true);
    }
}

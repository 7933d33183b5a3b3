using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Seguro.Benchmarks;

/// <summary>A point of a distribution as <c>[percentile,milliseconds]</c> on one line: there are many.</summary>
internal sealed class LatencyAtConverter : JsonConverter<LatencyAt>
{
    public override LatencyAt Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        (double percentile, double milliseconds) = Pair.Read(ref reader);
        return new LatencyAt(percentile, milliseconds);
    }

    public override void Write(Utf8JsonWriter writer, LatencyAt value, JsonSerializerOptions options) => Pair.Write(writer, value.Percentile, value.Milliseconds);
}

/// <summary>A point of a timeline as <c>[at,value]</c> on one line.</summary>
internal sealed class TimelinePointConverter : JsonConverter<TimelinePoint>
{
    public override TimelinePoint Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        (double at, double value) = Pair.Read(ref reader);
        return new TimelinePoint(at, value);
    }

    public override void Write(Utf8JsonWriter writer, TimelinePoint value, JsonSerializerOptions options) => Pair.Write(writer, value.At, value.Value);
}

/// <summary>Two numbers in brackets.</summary>
file static class Pair
{
    public static (double First, double Second) Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("[number,number] expected");
        reader.Read();
        double first = reader.GetDouble();
        reader.Read();
        double second = reader.GetDouble();
        reader.Read();
        return reader.TokenType == JsonTokenType.EndArray ? (first, second) : throw new JsonException("two numbers expected");
    }

    public static void Write(Utf8JsonWriter writer, double first, double second) =>
        writer.WriteRawValue(string.Create(CultureInfo.InvariantCulture, $"[{Math.Round(first, 4)},{Math.Round(second, 4)}]"));
}

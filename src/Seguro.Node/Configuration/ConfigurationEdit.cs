using System.Text;
using System.Text.Json;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Node.Configuration;

/// <summary>Changes values in a member's configuration file, and leaves all else as its user wrote it: comments, order, spaces.</summary>
public static class ConfigurationEdit
{
    private static readonly JsonReaderOptions Form = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Changes a file, durably: it has all the new values, or none.</summary>
    /// <param name="file">The configuration.</param>
    /// <param name="values">Keys with colons between their words, as <see cref="ConfigurationKey"/> names them, and what they are to be. What the file does not have is added.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: it is no JSON; <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>.</exception>
    public static void Apply(string file, IReadOnlyDictionary<string, string> values)
    {
        ArgumentNullException.ThrowIfNull(file);
        byte[] text;
        try
        {
            text = File.ReadAllBytes(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(file, error);
        }
        try
        {
            DurableFile.Write(file, Apply(text, values), File.GetUnixFileMode(file));
        }
        catch (JsonException error)
        {
            throw new SeguroException(ErrorCode.BadValue, $"{file} is not JSON", "Mend it; comments and a comma at the end are allowed.", error);
        }
    }

    /// <summary>Changes a text.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    internal static byte[] Apply(ReadOnlySpan<byte> text, IReadOnlyDictionary<string, string> values)
    {
        int mark = text.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        text = text[mark..];
        Dictionary<string, string> left = new(values, StringComparer.OrdinalIgnoreCase);
        List<(int From, int To, string Value)> changes = [];
        Stack<string> path = new();
        string name = "";
        int body = 0;
        Utf8JsonReader reader = new(text, Form);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = reader.GetString()!;
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (path.Count == 0)
                        body = (int)reader.BytesConsumed;
                    path.Push(name);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    path.Pop();
                    break;
                case var _ when left.Remove(Key(path, name), out string? value):
                    changes.Add(((int)reader.TokenStartIndex, (int)reader.BytesConsumed, Quote(value)));
                    break;
            }
        }
        using MemoryStream changed = new();
        int done = 0;
        if (left.Count > 0)
            changes.Insert(0, (body, body, string.Concat(left.Select(static pair => $"\n  {Quote(pair.Key)}: {Quote(pair.Value)},"))));
        foreach ((int from, int to, string value) in changes)
        {
            changed.Write(text[done..from]);
            changed.Write(Encoding.UTF8.GetBytes(value));
            done = to;
        }
        changed.Write(text[done..]);
        return changed.ToArray();
    }

    // The outermost object has no name.
    private static string Key(Stack<string> path, string name) => string.Join(':', path.Reverse().Skip(1).Append(name));

    private static string Quote(string text) => ulong.TryParse(text, out _) ? text : JsonSerializer.Serialize(text, JsonStrings.Default.String);
}

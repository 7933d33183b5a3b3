using System.Text.Json;
using System.Text.Json.Serialization;
using Seguro.Core;
using Seguro.Files;
using Seguro.Identity;
using Seguro.Stores.Dqlite;

namespace Seguro.Node.Access;

/// <summary>What a member's folder says of who is let in: the file <c>access.json</c>, a line of JSON with a checksum after it. Durable when a write returns.</summary>
/// <remarks>Older versions wrote JSON over several lines without one, which is read as well.</remarks>
sealed partial record AccessFile
{
    /// <summary>The file's name.</summary>
    public const string FileName = "access.json";

    private const int CurrentFormat = 1;
    private const int LongestOldFile = 1 << 20;
    private const string NextStep = "Put the file of a backup there, or that of another member; without it, the configuration's list of members counts until the store's was read, whoever left included.";

    /// <summary>The version of this file.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The cluster's name.</summary>
    public required string Cluster { get; init; }

    /// <summary>The members of the last record that was seen.</summary>
    public IReadOnlyList<string> Members { get; init; } = [];

    /// <summary>All that left, as far as this member saw it.</summary>
    public IReadOnlyList<string> Left { get; init; } = [];

    /// <summary>Reads a folder's file; <see langword="null"/> where there is none.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>, <see cref="ErrorCode.NewerSchema"/>, <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.ForeignDatabase"/>.</exception>
    public static AccessFile? Read(string folder, string cluster)
    {
        string path = Path.Combine(folder, FileName);
        if ((ReadOld(path) ?? SealedFile.Read(path, takesUnsealed: false, NextStep)) is not { } text)
            return null;
        AccessFile? file;
        try
        {
            file = JsonSerializer.Deserialize(text, FileJson.Default.AccessFile);
        }
        catch (JsonException)
        {
            file = null;
        }
        if (file is null || !file.Members.Concat(file.Left).All(MemberName.IsValid))
            throw new SeguroException(ErrorCode.Corrupt, $"{path} is not what a member writes there", NextStep);
        if (file.Format > CurrentFormat)
            throw new SeguroException(ErrorCode.NewerSchema, $"{path} has format {file.Format}, and this Seguro knows {CurrentFormat}", "Use the newer Seguro that made it.");
        return file.Cluster == cluster
            ? file
            : throw new SeguroException(ErrorCode.ForeignDatabase, $"{folder} is the folder of a member of the cluster '{file.Cluster}', not of '{cluster}'", "Mend 'cluster' or 'member:folder' in the configuration.");
    }

    /// <summary>Writes it in place of the one before.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public void Write(string folder) => SealedFile.Write(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, FileJson.Default.AccessFile) + "\n");

    /// <summary>What an older version wrote; <see langword="null"/> where there is no file, or one with a checksum. Its own ends with a line, which the old ones never did.</summary>
    private static string? ReadOld(string path)
    {
        try
        {
            if (!File.Exists(path))
                return null;
            if (new FileInfo(path).Length > LongestOldFile)
                return "";
            string text = File.ReadAllText(path);
            return text.StartsWith("{\n", StringComparison.Ordinal) && text.EndsWith("\n}", StringComparison.Ordinal) ? text : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, error);
        }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(AccessFile))]
    private sealed partial class FileJson : JsonSerializerContext;
}

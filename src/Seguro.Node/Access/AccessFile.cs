using System.Text.Json;
using System.Text.Json.Serialization;
using Seguro.Core;
using Seguro.Files;
using Seguro.Identity;
using Seguro.Stores.Dqlite;

namespace Seguro.Node.Access;

/// <summary>What a member's folder says of who is let in: the file <c>access.json</c>. Durable when a write returns.</summary>
sealed partial record AccessFile
{
    /// <summary>The file's name.</summary>
    public const string FileName = "access.json";

    private const int CurrentFormat = 1;
    private const int LongestFile = 1 << 20;
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
        byte[] bytes;
        try
        {
            FileInfo info = new(path);
            if (!info.Exists)
                return null;
            bytes = info.Length <= LongestFile ? File.ReadAllBytes(path) : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeguroException(ErrorCode.FileAccess, $"{path} can't be read: {error.Message}", "Give this user the right to read it.", error);
        }
        AccessFile? file;
        try
        {
            file = JsonSerializer.Deserialize(bytes, FileJson.Default.AccessFile);
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
    public void Write(string folder) => DurableFile.Write(
        Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(this, FileJson.Default.AccessFile), UnixFileMode.UserRead | UnixFileMode.UserWrite);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
    [JsonSerializable(typeof(AccessFile))]
    private sealed partial class FileJson : JsonSerializerContext;
}

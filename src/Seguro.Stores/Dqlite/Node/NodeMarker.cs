using System.Text.Json;
using System.Text.Json.Serialization;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Stores.Dqlite;

/// <summary>What <c>seguro-node.json</c> in a node's folder says: whose data this is.</summary>
sealed partial record NodeMarker
{
    public const string File = "seguro-node.json";
    public const int CurrentFormat = 1;
    private const int LongestFile = 64 << 10;

    /// <summary>The version of this file and of the folder's layout.</summary>
    public required int Format { get; init; }

    public required string Cluster { get; init; }

    public required ulong Id { get; init; }

    public required string Address { get; init; }

    /// <summary>The node ran at least once, so that its data must be there.</summary>
    public required bool Started { get; init; }

    /// <summary>Reads the marker of a folder; <see langword="null"/> where there is none.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>, <see cref="ErrorCode.NewerSchema"/>, <see cref="ErrorCode.FileAccess"/>.</exception>
    public static NodeMarker? Read(string folder)
    {
        string path = Path.Combine(folder, File);
        byte[] bytes;
        try
        {
            FileInfo info = new(path);
            if (!info.Exists)
                return null;
            if (info.Length > LongestFile)
                throw Corrupt(path, null);
            bytes = System.IO.File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, error);
        }
        NodeMarker marker;
        try
        {
            marker = JsonSerializer.Deserialize(bytes, MarkerJson.Default.NodeMarker) ?? throw Corrupt(path, null);
        }
        catch (JsonException error)
        {
            throw Corrupt(path, error);
        }
        return marker.Format <= CurrentFormat
            ? marker
            : throw new SeguroException(ErrorCode.NewerSchema, $"{path} has format {marker.Format}, and this Seguro knows {CurrentFormat}", "Use the newer Seguro that made it.");
    }

    public void Write(string folder) =>
        DurableFile.Write(Path.Combine(folder, File), JsonSerializer.SerializeToUtf8Bytes(this, MarkerJson.Default.NodeMarker), UnixFileMode.UserRead | UnixFileMode.UserWrite);

    private static SeguroException Corrupt(string path, Exception? error) =>
        new(ErrorCode.Corrupt, $"{path} is not what a node writes there", NodeFolder.Replace(System.IO.Path.GetDirectoryName(path)!), error);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
    [JsonSerializable(typeof(NodeMarker))]
    private sealed partial class MarkerJson : JsonSerializerContext;
}

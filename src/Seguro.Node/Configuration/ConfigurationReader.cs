using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Node.Configuration;

/// <summary>
/// Reads a member's configuration: a JSON file (comments allowed), over it the environment (<c>SEGURO_SET_SHIP__NAME</c> for <c>ship:name</c>), over it the command line.
/// </summary>
public static class ConfigurationReader
{
    /// <summary>The file that commands look for where none is named.</summary>
    public const string DefaultFile = "seguro.json";

    // Of its own: commands have variables too (SEGURO_STORE), and Kubernetes makes some of the names of services (SEGURO_SERVICE_HOST).
    private const string Prefix = "SEGURO_SET_";
    private const string OldPrefix = "SEGURO_";
    private static readonly string[] CommandVariables = ["STORE", "CERTIFICATES"];

    /// <summary>Reads and checks everything, once.</summary>
    /// <param name="file">The path of the file; relative paths in it are relative to its folder.</param>
    /// <param name="settings">What the command line says: <c>KEY=VALUE</c> each, with <c>:</c> between a key's words.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.FileAccess"/>; <see cref="ErrorCode.BadValue"/>: the file is no JSON, a key is unknown, missing, or its value can't be.
    /// </exception>
    public static NodeConfiguration Read(string file, IReadOnlyCollection<string> settings)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        ArgumentNullException.ThrowIfNull(settings);
        string path = Path.GetFullPath(file);
        if (!File.Exists(path))
            throw new SeguroException(ErrorCode.NotFound, $"there is no configuration {path}", "Name it with -c, or make one with `seguro cluster init`.");
        Dictionary<string, string?> commandLine = new(StringComparer.OrdinalIgnoreCase);
        foreach (string setting in settings)
        {
            int equals = setting.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                throw new SeguroException(ErrorCode.Usage, $"'{setting}' sets nothing", "Write KEY=VALUE, such as --set lease=2s.");
            commandLine[setting[..equals]] = setting[(equals + 1)..];
        }
        IConfigurationRoot root;
        try
        {
            root = new ConfigurationBuilder()
                .AddJsonFile(path, optional: false, reloadOnChange: false)
                .AddEnvironmentVariables(Prefix)
                .AddInMemoryCollection(commandLine)
                .Build();
        }
        catch (Exception error) when (error is InvalidDataException or FormatException)
        {
            throw new SeguroException(ErrorCode.BadValue, $"{path} is not JSON: {Where(error)}", "Mend it; comments and a comma at the end are allowed.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, error);
        }
        RefuseOldVariables();
        try
        {
            RefuseUnknown(root, path);
            return new ConfigurationValues(root, path, provider => SourceOf(provider, path)).Read();
        }
        finally
        {
            (root as IDisposable)?.Dispose();
        }
    }

    private static void RefuseUnknown(IConfigurationRoot root, string path)
    {
        foreach ((string key, string? value) in root.AsEnumerable())
        {
            // A section has no value of its own; an empty one is harmless.
            if (string.IsNullOrEmpty(value) || ConfigurationKey.Find(key) is not null)
                continue;
            IConfigurationProvider provider = root.Providers.Last(provider => provider.TryGet(key, out _));
            throw new SeguroException(ErrorCode.BadValue, $"there is no key '{key}' ({SourceOf(provider, path)})", $"Did you mean '{ConfigurationKey.Nearest(key)}'? All keys are in docs/reference.md.");
        }
    }

    /// <summary>What earlier versions read must not be passed over in silence.</summary>
    private static void RefuseOldVariables()
    {
        foreach (string variable in Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(static name => name.StartsWith(OldPrefix, StringComparison.Ordinal) && !name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            string key = variable[OldPrefix.Length..].Replace("__", ":", StringComparison.Ordinal);
            if (CommandVariables.Contains(key) || ConfigurationKey.Find(key) is null)
                continue;
            throw new SeguroException(ErrorCode.BadValue, $"the environment's {variable} is not read any more", $"Write {Prefix}{variable[OldPrefix.Length..]}.");
        }
    }

    /// <summary>Lines and columns from 1, as editors count; the reader's own words count from 0.</summary>
    private static string Where(Exception error) => error switch
    {
        JsonException { LineNumber: { } line, BytePositionInLine: { } column } => $"line {line + 1}, column {column + 1}: {error.Message.Split(" LineNumber:")[0]}",
        { InnerException: { } inner } => Where(inner),
        _ => error.Message,
    };

    private static string SourceOf(IConfigurationProvider provider, string path) => provider switch
    {
        JsonConfigurationProvider => path,
        EnvironmentVariablesConfigurationProvider => "environment",
        _ => "command line",
    };
}

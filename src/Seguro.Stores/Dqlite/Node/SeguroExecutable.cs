using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>How to start the <c>seguro</c> command.</summary>
/// <param name="File">The program.</param>
/// <param name="First">What comes before the verb: nothing, or <c>seguro.dll</c> where the program is <c>dotnet</c>.</param>
public sealed record SeguroExecutable(string File, IReadOnlyList<string> First)
{
    /// <summary>The running command itself.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotFound"/>: this process is not <c>seguro</c>.</exception>
    public static SeguroExecutable Current()
    {
        string? process = Environment.ProcessPath;
        if (process is not null && Path.GetFileNameWithoutExtension(process) == "seguro")
            return new SeguroExecutable(process, []);
        return In(AppContext.BaseDirectory);
    }

    /// <summary>The command of a folder with Seguro's assemblies.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotFound"/>.</exception>
    public static SeguroExecutable In(string folder)
    {
        string library = Path.Combine(folder, "seguro.dll");
        if (!System.IO.File.Exists(library))
            throw new SeguroException(ErrorCode.NotFound, $"there is no seguro.dll in {folder}", "Install or build Seguro there.");
        string host = Environment.ProcessPath is { } process && Path.GetFileNameWithoutExtension(process) == "dotnet" ? process : "dotnet";
        return new SeguroExecutable(host, [library]);
    }
}

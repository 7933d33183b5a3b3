namespace Seguro.Testing;

/// <summary>The real data that lies beside the repository, in <c>../shared/data</c> (or where <c>SEGURO_SHARED_DATA</c> says).</summary>
public static class SharedData
{
    /// <summary>The root of the repository.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The folder with the data.</summary>
    /// <exception cref="DirectoryNotFoundException">It is not there; the message says what to do.</exception>
    public static string Path
    {
        get
        {
            string path = Environment.GetEnvironmentVariable("SEGURO_SHARED_DATA")
                ?? System.IO.Path.GetFullPath(System.IO.Path.Combine(Repository, "..", "shared", "data"));
            return Directory.Exists(path)
                ? path
                : throw new DirectoryNotFoundException($"This test needs the real data in {path}, which is not there. Set SEGURO_SHARED_DATA to where it is.");
        }
    }

    /// <summary>Copies a pier of the data to a place where it may be changed.</summary>
    public static string CopyPier(string name, string target)
    {
        string source = System.IO.Path.Combine(Path, name);
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            string relative = System.IO.Path.GetRelativePath(source, file);
            if (relative.Contains("/roc/", StringComparison.Ordinal))
                continue;
            string copy = System.IO.Path.Combine(target, relative);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
            File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        return target;
    }

    private static string FindRepository()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = System.IO.Path.GetDirectoryName(folder))
        {
            if (File.Exists(System.IO.Path.Combine(folder, "Seguro.slnx")))
                return folder;
        }
        throw new DirectoryNotFoundException($"No Seguro.slnx above {AppContext.BaseDirectory}.");
    }
}

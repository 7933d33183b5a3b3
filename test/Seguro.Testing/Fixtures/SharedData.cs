namespace Seguro.Testing;

/// <summary>The real data that lies beside the repository, in <c>../shared/data</c> (or where <c>SEGURO_SHARED_DATA</c> says).</summary>
public static class SharedData
{
    /// <summary>The root of the repository.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The folder with the data, in which nothing may be written: an import would mark a pier that it can write. Where it could be written, this is a copy that can't.</summary>
    /// <exception cref="DirectoryNotFoundException">It is not there; the message says what to do.</exception>
    public static string Path => Protected.Value;

    private static readonly Lazy<string> Protected = new(static () =>
    {
        string path = Environment.GetEnvironmentVariable("SEGURO_SHARED_DATA")
            ?? System.IO.Path.GetFullPath(System.IO.Path.Combine(Repository, "..", "shared", "data"));
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"This test needs the real data in {path}, which is not there. Set SEGURO_SHARED_DATA to where it is.");
        DirectoryInfo[] piers = new DirectoryInfo(path).GetDirectories(".urb", SearchOption.AllDirectories);
        return piers.Any(static pier => pier.UnixFileMode.HasFlag(UnixFileMode.UserWrite)) ? Protect(new DirectoryInfo(path)) : path;
    });

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

    private static string Protect(DirectoryInfo data)
    {
        DirectoryInfo copy = Directory.CreateTempSubdirectory("seguro-data-");
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            foreach (DirectoryInfo folder in copy.EnumerateDirectories("*", SearchOption.AllDirectories).Prepend(copy))
                folder.UnixFileMode |= UnixFileMode.UserWrite;
            copy.Delete(recursive: true);
        };
        foreach (DirectoryInfo folder in data.EnumerateDirectories("*", SearchOption.AllDirectories))
            Directory.CreateDirectory(System.IO.Path.Combine(copy.FullName, System.IO.Path.GetRelativePath(data.FullName, folder.FullName)));
        foreach (FileInfo file in data.EnumerateFiles("*", SearchOption.AllDirectories))
            file.CopyTo(System.IO.Path.Combine(copy.FullName, System.IO.Path.GetRelativePath(data.FullName, file.FullName))).UnixFileMode = UnixFileMode.UserRead;
        foreach (DirectoryInfo folder in copy.EnumerateDirectories("*", SearchOption.AllDirectories))
            folder.UnixFileMode = UnixFileMode.UserRead | UnixFileMode.UserExecute;
        return copy.FullName;
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

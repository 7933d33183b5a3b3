using System.Runtime.CompilerServices;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Harbor.Targets;

/// <summary>A folder, on this machine or mounted: <c>file:PATH</c>.</summary>
/// <remarks>An object is written aside and flushed, then linked under its name, which of many one can do; then the folder is flushed. The file system must have hard links.</remarks>
internal sealed class FileTarget(string path) : IHarborTarget
{
    private const string Aside = ".seguro-";
    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnFolder = OwnFile | UnixFileMode.UserExecute;
    private readonly string _root = Path.GetFullPath(path);

    public string Name => $"file:{_root}";

    public async Task<bool> PutAsync(string name, Stream content, CancellationToken cancel)
    {
        string final = PathOf(name);
        string folder = Path.GetDirectoryName(final)!;
        string aside = Path.Combine(folder, $"{Aside}{Path.GetRandomFileName()}");
        try
        {
            MakeFolder(folder);
            try
            {
                content.Position = 0;
                await using (FileStream file = new(aside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnFile }))
                {
                    await content.CopyToAsync(file, cancel);
                    file.Flush(flushToDisk: true);
                }
                if (!HardLink.TryMake(aside, final))
                    return false;
            }
            finally
            {
                File.Delete(aside);
            }
            FolderSync.Flush(folder);
            return true;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Writing(final, failed);
        }
    }

    public Task<Stream> GetAsync(string name, long? length, CancellationToken cancel)
    {
        string file = PathOf(name);
        try
        {
            return Task.FromResult<Stream>(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, length is null ? 1 << 20 : 4096));
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SeguroException(ErrorCode.NotFound, $"{file} is not there", "Look into the folder.", missing);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(file, failed);
        }
    }

    public async IAsyncEnumerable<TargetObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask; // files are listed synchronously
        string start = PathOf(folder);
        if (!Directory.Exists(_root))
            throw new SeguroException(ErrorCode.HarborUnavailable, $"the folder {_root} is not there", "Make it, or mount its disk.");
        using IEnumerator<TargetObject> walk = Walk(start).GetEnumerator();
        while (Next() is { } one)
        {
            cancel.ThrowIfCancellationRequested();
            yield return one;
        }

        TargetObject? Next()
        {
            try
            {
                return walk.MoveNext() ? walk.Current : null;
            }
            catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
            {
                throw FileFault.Reading(start, failed);
            }
        }
    }

    /// <summary>What is below a folder in the order of its names, and each as it is found: on a file server that is slow a caller sees that it goes on.</summary>
    private IEnumerable<TargetObject> Walk(string folder)
    {
        if (!Directory.Exists(folder))
            yield break;
        foreach (string entry in Directory.EnumerateDirectories(folder)
            .Select(static below => below + Path.DirectorySeparatorChar)
            .Concat(Directory.EnumerateFiles(folder)).Order(StringComparer.Ordinal))
        {
            if (entry[^1] == Path.DirectorySeparatorChar)
            {
                foreach (TargetObject below in Walk(entry[..^1]))
                    yield return below;
            }
            else if (Path.GetFileName(entry)[0] != '.' && new FileInfo(entry) is { Exists: true } file)
            {
                yield return new TargetObject(Path.GetRelativePath(_root, entry), file.Length);
            }
        }
    }

    public Task DeleteAsync(string name, CancellationToken cancel)
    {
        string file = PathOf(name);
        try
        {
            if (File.Exists(file))
            {
                File.Delete(file);
                FolderSync.Flush(Path.GetDirectoryName(file)!);
            }
            return Task.CompletedTask;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Writing(file, failed);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Makes the folders below the root, durably. The root itself must be there: where a disk is not mounted, nothing is written below its place.</summary>
    private void MakeFolder(string folder)
    {
        if (Directory.Exists(folder))
            return;
        if (!Directory.Exists(_root))
            throw new SeguroException(ErrorCode.HarborUnavailable, $"the folder {_root} is not there", "Make it, or mount its disk.");
        string above = Path.GetDirectoryName(folder)!;
        MakeFolder(above);
        Directory.CreateDirectory(folder, OwnFolder);
        FolderSync.Flush(above);
    }

    private string PathOf(string name) => Path.Combine(_root, name);
}

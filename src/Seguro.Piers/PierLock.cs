using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers;

/// <summary>
/// vere's lock on a pier (vere-facts.md §1.2): an fcntl write lock on the first byte of <c>.vere.lock</c>, which holds the holder's
/// process number and a newline; removed on release. Text without a lock is stale and gets overwritten.
/// </summary>
/// <remarks>
/// vere before 3.1 wrote only the number, and may run under any name (<c>.run</c>): in a pier that such a vere can open, a living process of that number counts as the holder;
/// elsewhere one named <c>urbit</c> or <c>vere</c>. And whoever has the log open by liblmdb holds its <c>lock.mdb</c>, as every vere does and Seguro does not.
/// fcntl locks belong to a process, and closing any handle of the file drops them: so this class remembers what this process holds, refuses a
/// second lock, and never opens the file of a pier that it holds.
/// </remarks>
internal sealed class PierLock : IDisposable
{
    private const string FileName = ".vere.lock";
    private static readonly Lock Gate = new();
    private static readonly HashSet<string> Held = [];
    private readonly string _pier;
    private SafeFileHandle? _file;

    private PierLock(string pier, SafeFileHandle file)
    {
        _pier = pier;
        _file = file;
    }

    /// <summary>Takes the lock.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.PierLocked"/>, <see cref="ErrorCode.FileAccess"/>.</exception>
    public static PierLock Take(string path)
    {
        string pier = LibC.RealPath(path);
        string name = Path.Combine(pier, FileName);
        lock (Gate)
        {
            PierHold hold = InspectUnderGate(pier);
            if (hold.IsHeld)
                throw PierFault.Locked(path, hold);
            try
            {
                // Once more where another process removed the file, which is its release, between our opening and locking it.
                for (int attempt = 0; attempt < 10; attempt++)
                {
                    SafeFileHandle file = File.OpenHandle(name, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
                    if (!LibC.TryLockFirstByte(file))
                    {
                        int holder = LibC.FindLockHolder(file);
                        file.Dispose();
                        throw PierFault.Locked(path, new PierHold(true, holder > 0 ? holder : null));
                    }
                    if (new FileInfo($"/proc/self/fd/{file.DangerousGetHandle()}").LinkTarget != name)
                    {
                        file.Dispose();
                        continue;
                    }
                    RandomAccess.SetLength(file, 0);
                    RandomAccess.Write(file, Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"), 0);
                    RandomAccess.FlushToDisk(file);
                    Held.Add(pier);
                    return new PierLock(pier, file);
                }
                throw PierFault.Locked(path, new PierHold(true, null));
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                throw FileFault.Writing($"the lock {name}", refused);
            }
        }
    }

    /// <summary>Who holds a pier. Changes nothing.</summary>
    public static PierHold Inspect(string path)
    {
        lock (Gate)
            return InspectUnderGate(LibC.RealPath(path));
    }

    /// <summary>Removes the file and lets go.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            if (_file is null)
                return;
            try
            {
                File.Delete(Path.Combine(_pier, FileName));
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // The text stays, which is stale without the lock.
            }
            _file.Dispose();
            _file = null;
            Held.Remove(_pier);
        }
    }

    private static PierHold InspectUnderGate(string pier)
    {
        if (Held.Contains(pier))
            return new PierHold(true, Environment.ProcessId);
        string text = "";
        if (HoldOf(Path.Combine(pier, FileName), PierHoldSign.Lock, file => text = ReadText(file)) is { } byLock)
            return byLock;
        foreach (string folder in LogFolders(pier))
        {
            if (HoldOf(Path.Combine(folder, "lock.mdb"), PierHoldSign.Log, static _ => { }) is { } byLog)
                return byLog;
        }
        bool isNumber = int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int writer);
        return isNumber && IsVere(writer, pier) ? new PierHold(true, writer, PierHoldSign.Number) : PierHold.Free;
    }

    /// <summary>Who has a lock on a file's first byte.</summary>
    private static PierHold? HoldOf(string path, PierHoldSign sign, Action<SafeFileHandle> read)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            int holder = LibC.FindLockHolder(file);
            if (holder != 0)
                return new PierHold(true, holder > 0 ? holder : null, sign); // below 0: a process that has no number here, on another machine or in another container
            read(file);
            return null;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return new PierHold(true, null, sign); // not ours to look at: better taken for held
        }
        catch (IOException refused)
        {
            throw FileFault.Reading(path, refused);
        }
    }

    private static string ReadText(SafeFileHandle file)
    {
        Span<byte> text = stackalloc byte[32];
        return Encoding.ASCII.GetString(text[..RandomAccess.Read(file, text, 0)]);
    }

    private static List<string> LogFolders(string pier)
    {
        string log = PierFiles.LogOf(pier);
        try
        {
            return Presence.IsFolder(log) ? [log, .. Directory.EnumerateDirectories(log).Where(static folder => PierEpoch.StartOf(Path.GetFileName(folder)) is not null)] : [];
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(log, refused);
        }
    }

    private static bool IsVere(int process, string pier)
    {
        try
        {
            string name = File.ReadAllText($"/proc/{process}/comm");
            return name.Contains("urbit", StringComparison.Ordinal) || name.Contains("vere", StringComparison.Ordinal)
                || (process != Environment.ProcessId && MayKeepOnlyNumber(pier));
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>A vere before 3.1 opens flat logs and epochs of format 1.</summary>
    private static bool MayKeepOnlyNumber(string pier)
    {
        string? newest = LogFolders(pier).Skip(1).Where(PierEpoch.IsFinished).MaxBy(static folder => PierEpoch.StartOf(Path.GetFileName(folder)));
        return newest is null || PierEpoch.ReadFormat(newest) == "1";
    }
}

using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Seguro.Core;

namespace Seguro.Piers;

/// <summary>
/// vere's lock on a pier (vere-facts.md §1.2): an fcntl write lock on the first byte of <c>.vere.lock</c>, which holds the holder's
/// process number and a newline; removed on release. Text without a lock is stale and gets overwritten.
/// </summary>
/// <remarks>
/// vere before 3.1 wrote only the number: a file without a lock whose number is that of a living process named <c>urbit</c> or <c>vere</c> counts as held.
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
                throw new SeguroException(
                    ErrorCode.FileAccess,
                    $"the lock {name} can't be taken: {refused.Message}",
                    "Make the pier's folder writable, or only read the pier.",
                    refused);
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
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(Path.Combine(pier, FileName), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (IOException)
        {
            return PierHold.Free;
        }
        catch (UnauthorizedAccessException)
        {
            return new PierHold(true, null); // not ours to look at: better taken for held
        }
        using (file)
        {
            int holder = LibC.FindLockHolder(file);
            if (holder != 0)
                return new PierHold(true, holder > 0 ? holder : null); // below 0: a process that has no number here, on another machine or in another container
            Span<byte> text = stackalloc byte[32];
            int size = RandomAccess.Read(file, text, 0);
            bool isNumber = int.TryParse(Encoding.ASCII.GetString(text[..size]).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int writer);
            return isNumber && IsOldVere(writer) ? new PierHold(true, writer) : PierHold.Free;
        }
    }

    private static bool IsOldVere(int process)
    {
        try
        {
            string name = File.ReadAllText($"/proc/{process}/comm");
            return name.Contains("urbit", StringComparison.Ordinal) || name.Contains("vere", StringComparison.Ordinal);
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

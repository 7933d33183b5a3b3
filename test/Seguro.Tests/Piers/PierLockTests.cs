using Seguro.Core;
using Seguro.Piers;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers;

public sealed class PierLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("lock");

    private string LockFile => Path.Combine(_folder["pier"], ".vere.lock");

    [Fact]
    public void Holds_as_vere_does_and_removes_the_file()
    {
        string path = PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, 9));
        using (Pier.Open(path, PierAccess.Exclusive))
        {
            Assert.Equal($"{Environment.ProcessId}\n", File.ReadAllText(LockFile));
            // In the same process the lock would be granted again, and lost by closing any handle: fcntl's rules.
            foreach (PierAccess access in new[] { PierAccess.Exclusive, PierAccess.Offline })
                AssertLocked(() => Pier.Open(path, access), Environment.ProcessId);
            using Pier live = Pier.Open(path, PierAccess.Live);
            Assert.Equal(new PierHold(true, Environment.ProcessId), live.Info.Hold);
        }
        Assert.False(File.Exists(LockFile));
        using Pier again = Pier.Open(path, PierAccess.Exclusive);
        Assert.Equal(9UL, again.Info.Last.Value);
    }

    [Fact]
    public void A_stale_number_does_not_lock()
    {
        string path = PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, 9));
        foreach (string text in new[] { $"{Environment.ProcessId}\n", "999999999\n", "no number", "", new string('9', 5000) })
        {
            File.WriteAllText(LockFile, text);
            using (Pier.Open(path, PierAccess.Offline))
                Assert.Equal(text, File.ReadAllText(LockFile));
            using (Pier.Open(path, PierAccess.Exclusive))
                Assert.Equal($"{Environment.ProcessId}\n", File.ReadAllText(LockFile));
        }
    }

    [Fact]
    public void A_living_vere_that_wrote_only_its_number_locks()
    {
        // vere 1.9 to 3.0 took no lock. Any long-lived program will do, under vere's name.
        string path = PierBuilder.Flat(_folder["pier"], 1, 9);
        string program = _folder["urbit-test"];
        File.Copy("/bin/sleep", program);
        using System.Diagnostics.Process vere = System.Diagnostics.Process.Start(program, "600");
        try
        {
            File.WriteAllText(LockFile, $"{vere.Id}\n");
            AssertLocked(() => Pier.Open(path, PierAccess.Exclusive), vere.Id);
            AssertLocked(() => Pier.Open(path, PierAccess.Offline), vere.Id);
        }
        finally
        {
            vere.Kill();
            vere.WaitForExit();
        }
        using Pier pier = Pier.Open(path, PierAccess.Exclusive);
    }

    [Fact]
    public async Task Another_process_locks_until_it_is_killed()
    {
        Ship ship = ShipNames.Next();
        string path = _folder["pier"];
        await using WritingProcess writer = WritingProcess.Start($"lmdb:{path}", ship, 1, 0);
        await writer.ReachAsync(3, TestContext.Current.CancellationToken);
        int holder = int.Parse(File.ReadAllText(LockFile), System.Globalization.CultureInfo.InvariantCulture);

        Assert.Equal(new PierHold(true, holder), PierLock.Inspect(path));
        AssertLocked(() => PierLock.Take(path), holder);

        await writer.KillAsync(TestContext.Current.CancellationToken);
        Assert.Equal(PierHold.Free, PierLock.Inspect(path));
        using PierLock held = PierLock.Take(path);
    }

    public void Dispose() => _folder.Dispose();

    private static void AssertLocked(Func<IDisposable> open, int holder)
    {
        SeguroException refusal = Assert.Throws<SeguroException>(() => open().Dispose());
        Assert.Equal(ErrorCode.PierLocked, refusal.Code);
        Assert.Contains($"{holder}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--live", refusal.NextStep, StringComparison.Ordinal);
    }
}

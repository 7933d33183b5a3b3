using System.Runtime.InteropServices;
using Seguro.Core;
using Seguro.Files;
using Seguro.Identity;
using Seguro.Node.Access;
using Seguro.Node.Configuration;
using Seguro.Piers;
using Seguro.Stores.Dqlite;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers;

/// <summary>What can't be looked at is not taken for what is not there, and each cause has its own words.</summary>
public sealed partial class UnreadablePierTests : IDisposable
{
    private const uint Nobody = 65534;
    private readonly TemporaryFolder _folder = new("unreadable");

    // Its owner's alone otherwise: then it would be this folder that can't be read, each time. (The group stays root's own.)
    public UnreadablePierTests() => LetIn(_folder.Path);

    [Theory]
    [InlineData("", UnixFileMode.None)]
    [InlineData(".urb", UnixFileMode.None)]
    [InlineData(".urb/log", UnixFileMode.None)]
    [InlineData(".urb/log", UnixFileMode.OtherExecute)] // its files may be opened, and not listed
    [InlineData(".urb/log/0i0/epoc.txt", UnixFileMode.None)]
    [InlineData(".urb/log/0i0/data.mdb", UnixFileMode.None)]
    [InlineData(".urb/log/data.mdb", UnixFileMode.None)]
    [InlineData(".urb/chk/image.bin", UnixFileMode.None)]
    public void A_pier_that_may_not_be_read_is_said_to_be_one(string part, UnixFileMode mode)
    {
        string path = PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, 30));
        PierLeftovers.Image(path, PierLeftovers.Chk, 30);
        File.SetUnixFileMode(Path.Combine(path, part), mode);
        AsNobody(() =>
        {
            SeguroException refusal = Assert.Throws<SeguroException>(() => Pier.Open(path, PierAccess.Offline));
            Assert.Equal(ErrorCode.FileAccess, refusal.Code);
            Assert.Contains("this user may not", refusal.Message, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("sealed")]
    [InlineData("secret")]
    [InlineData("access")]
    [InlineData("configuration")]
    [InlineData("node")]
    [InlineData("authority")]
    [InlineData("certificates")]
    public void A_small_file_that_may_not_be_read_is_said_to_be_one(string kind)
    {
        string folder = _folder["small"];
        using (CertificateAuthority authority = CertificateAuthority.Create(folder, "test"))
            authority.Issue(folder, new ClusterIdentity("test", "m1"), ["127.0.0.1"]);
        LetIn(folder);
        (string name, Action<string> read) = kind switch
        {
            "sealed" => ("sealed", static path => SealedFile.Read(path, takesUnsealed: true, "")),
            "secret" => ("secret", static path => SecretFile.ReadLine(path, "secret")),
            "access" => (AccessFile.FileName, static path => AccessFile.Read(Path.GetDirectoryName(path)!, "test")),
            "configuration" => ("seguro.json", static path => ConfigurationReader.Read(path, [])),
            "node" => (NodeMarker.File, static path => NodeMarker.Read(Path.GetDirectoryName(path)!)),
            "authority" => (ClusterCertificates.AuthorityKeyFile, static path => CertificateAuthority.Open(Path.GetDirectoryName(path)!).Dispose()),
            _ => (ClusterCertificates.MemberKeyFile, (Action<string>)(static path => ClusterCertificates.Load(Path.GetDirectoryName(path)!).Dispose())),
        };
        string path = Path.Combine(folder, name);
        if (!File.Exists(path))
            File.WriteAllText(path, "text\n");
        File.SetUnixFileMode(path, UnixFileMode.None);
        AsNobody(() =>
        {
            SeguroException refusal = Assert.Throws<SeguroException>(() => read(path));
            Assert.Equal(ErrorCode.FileAccess, refusal.Code);
            Assert.Contains("this user may not", refusal.Message, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData(13, ErrorCode.FileAccess, "this user may not", "the right")]
    [InlineData(24, ErrorCode.FileAccess, "too many files are open", "ulimit -n")]
    [InlineData(28, ErrorCode.DiskFull, "its disk is full", "Make room")]
    [InlineData(122, ErrorCode.DiskFull, "quota", "quota")]
    [InlineData(30, ErrorCode.FileAccess, "its disk is read-only", "Mount")]
    [InlineData(5, ErrorCode.FileAccess, "reports an error", "dmesg")]
    [InlineData(40, ErrorCode.FileAccess, "what the system said", "Check")]
    public void Each_cause_has_its_own_words(int number, ErrorCode code, string what, string next)
    {
        SeguroException error = FileFault.Writing("/a/file", new IOException("what the system said", number));
        Assert.Equal(code, error.Code);
        Assert.StartsWith("/a/file can't be written: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.Contains(next, error.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_system_says_comes_through()
    {
        // A real error number, whatever .NET makes of it.
        string path = _folder["full"];
        File.CreateSymbolicLink(path, "/dev/full");
        IOException full = Assert.ThrowsAny<IOException>(() => File.WriteAllText(path, "text"));
        Assert.Equal(ErrorCode.DiskFull, FileFault.Writing(path, full).Code);
    }

    public void Dispose()
    {
        foreach (string entry in new[] { "", ".urb", ".urb/log" }.Select(part => Path.Combine(_folder["pier"], part)).Where(Directory.Exists))
            File.SetUnixFileMode(entry, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _folder.Dispose();
    }

    private static void LetIn(string folder) => File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);

    /// <summary>Does something as a user that may not read everything, as root may: on a thread of its own, whose file accesses alone are another's.</summary>
    private static void AsNobody(Action act)
    {
        Exception? failed = null;
        Thread thread = new(() =>
        {
            if (Environment.IsPrivilegedProcess)
                _ = SetFileUser(Nobody);
            try
            {
                act();
            }
            catch (Exception error)
            {
                failed = error;
            }
            finally
            {
                if (Environment.IsPrivilegedProcess)
                    _ = SetFileUser(0);
            }
        });
        thread.Start();
        thread.Join();
        if (failed is not null)
            throw new InvalidOperationException("It failed as another user.", failed);
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileUser(uint user);
}

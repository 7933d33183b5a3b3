using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Store;
using Seguro.Testing;
using Seguro.Tests.Cli;
using Xunit;

namespace Seguro.Tests.Piers;

/// <summary>Piers of formats that Seguro does not know: named and refused, by every verb, and nothing in them touched.</summary>
public sealed class ForeignFormatTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("foreign");

    [Theory]
    [InlineData("epochs of format 3", "format 3, which is not the whole ship")]
    [InlineData("blobs", ".urb/bob/1f2e/1")]
    [InlineData("a table of blobs", "the table BLOBS")]
    [InlineData("a table of leases", "the table LEASES")]
    [InlineData("events that may refer to blobs", "event 9 is encoded otherwise (RAM)")]
    [InlineData("a book", "a book, an append-only log")]
    [InlineData("a book in an epoch", "a book, an append-only log")]
    [InlineData("a 64-bit snapshot", "64-bit words")]
    [InlineData("an epoch's 64-bit snapshot", "64-bit words")]
    [InlineData("a newer layout of memory", "memory layout 6")]
    [InlineData("another table", "the table NOTES")]
    [InlineData("a newer log", "a log of version 4")]
    [InlineData("epochs of format 7", "a log of format 7")]
    public async Task What_is_not_known_is_named_and_left_alone(string what, string named)
    {
        string path = Make(what);
        string before = Fingerprint(path);
        foreach (PierAccess access in Enum.GetValues<PierAccess>())
        {
            SeguroException refusal = Assert.Throws<SeguroException>(() => Pier.Open(path, access, EvidenceKinds.All));
            Assert.Equal((ErrorCode.NewerSchema, 3), (refusal.Code, refusal.ExitCode));
            Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
        }
        string store = "sqlite:" + _folder["log.db"];
        foreach (string[] verb in (string[][])[
            ["pier", "inspect", path],
            ["pier", "import", path, "--store", store],
            ["pier", "import", path, "--live", "--store", store],
            ["pier", "verify", path, "--store", store]])
        {
            (await CommandRun.OfAsync(verb)).Fails("SG3008", 3, named);
        }
        if (what != "events that may refer to blobs") // a store's events are bytes of any kind
        {
            foreach (string[] verb in (string[][])[["pier", "export", _folder["out"]], ["log", "head"], ["log", "append"], ["log", "trim", "--before", "3", "--yes"], ["ship", "replay"]])
                (await CommandRun.OfAsync([.. verb, "--store", "lmdb:" + path])).Fails("SG3008", 3, named);
        }
        Assert.Equal(before, Fingerprint(path));
        Assert.False(File.Exists(_folder["log.db"]) || Directory.Exists(_folder["out"]), "something was made of a pier that was refused");
    }

    [Fact]
    public void An_empty_folder_for_blobs_is_none()
    {
        string path = PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, 9));
        Directory.CreateDirectory(Path.Combine(path, ".urb", "bob", "1f2e"));
        Pier.Open(path, PierAccess.Offline).Dispose();
    }

    [Fact]
    public async Task An_epoch_without_a_table_of_events_is_empty_and_gets_one_with_numbers_for_keys()
    {
        string path = PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, 9), (9, "2", 10, 9));
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using (LmdbFile file = LmdbFile.Open(LmdbEnvironment.FileOf(PierLeftovers.EpochOf(path, 9))))
            Assert.DoesNotContain(PierMeta.Events, new EventReader(file).ReadNames());
        (await CommandRun.OfAsync("pier", "import", path, "--store", "sqlite:" + _folder["log.db"])).Ok();
        await using (LmdbStore store = await LmdbStore.OpenAsync(path, create: false, TimeProvider.System, cancel))
        await using (EventLog log = new((await store.OpenLogAsync(Ship.Parse("~zod"), cancel))!, store.Capabilities))
        {
            LogState state = await log.ReadStateAsync(cancel);
            Assert.Equal(9UL, state.Head.Number.Value);
            Lease lease = ((LeaseOutcome.Done)await log.Stored.CampaignAsync(state.Lease, "writer", TimeSpan.FromMinutes(1), cancel)).Lease;
            Assert.True((await log.AppendAsync(lease.Term, state.Head.Position, [PierBuilder.Payload(10, 50)], cancel)).IsCommitted);
        }
        using Pier pier = Pier.Open(path, PierAccess.Offline);
        Assert.Equal(10UL, pier.Info.Last.Value);
        using LmdbFile written = LmdbFile.Open(LmdbEnvironment.FileOf(PierLeftovers.EpochOf(path, 9)));
        Assert.True(LmdbTree.Open(written, written.ReadSnapshot(), PierMeta.Events, new LmdbPage(written))!.HasIntegerKeys);
    }

    public void Dispose() => _folder.Dispose();

    private static string Fingerprint(string path) => string.Join('\n', Directory.EnumerateFileSystemEntries(path, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal)
        .Select(static entry => $"{entry} {(File.Exists(entry) ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(entry))) : "")}"));

    private string Make(string what)
    {
        string path = _folder["pier"];
        string format = what.StartsWith("epochs of format", StringComparison.Ordinal) ? what[^1..] : "2";
        PierBuilder.Epochs(path, [what == "a newer log" ? (byte)4 : (byte)3], (0, format, 1, 9));
        string epoch = PierLeftovers.EpochOf(path, 0);
        switch (what)
        {
            case "blobs":
                PierLeftovers.Write(path, ".urb/bob/1f2e/1", [1]);
                break;
            case "a table of blobs":
            case "a table of leases":
            case "another table":
                using (LmdbEnvironment environment = LmdbEnvironment.Open(epoch, isAside: true))
                using (LmdbTransaction transaction = environment.Begin())
                {
                    transaction.Put(transaction.Table(what == "another table" ? "NOTES" : what == "a table of blobs" ? "BLOBS" : "LEASES", integerKeys: true), 1, [1]);
                    transaction.Commit();
                }
                break;
            case "events that may refer to blobs":
                File.Delete(LmdbEnvironment.FileOf(epoch));
                PierBuilder.WriteEnvironment(epoch, 1, 9, [3], PierBuilder.Zod, static number => [1, 2, 3, 4, .. number < 9 ? "jam "u8 : "RAM\0"u8, 1]);
                break;
            case "a book":
                PierLeftovers.Write(path, ".urb/log/book.log", [.. "KOOB"u8, 1, 0, 0, 0]);
                break;
            case "a book in an epoch":
                PierLeftovers.Write(path, ".urb/log/0i0/book.log", [.. "KOOB"u8, 1, 0, 0, 0]);
                break;
            case "a 64-bit snapshot":
                PierLeftovers.Image(path, PierLeftovers.Chk, 9, bits: 1);
                break;
            case "an epoch's 64-bit snapshot":
                PierLeftovers.Image(path, ".urb/log/0i0", 0, bits: 0b1_0001);
                break;
            case "a newer layout of memory":
                PierLeftovers.Image(path, PierLeftovers.Chk, 9, layout: 6);
                break;
        }
        return path;
    }
}

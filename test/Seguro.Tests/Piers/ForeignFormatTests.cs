using System.CommandLine;
using System.Security.Cryptography;
using Seguro.Cli;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;
using Seguro.Piers.Store;
using Seguro.Testing;
using Seguro.Tests.Cli;
using Xunit;

namespace Seguro.Tests.Piers;

/// <summary>Piers of formats that Seguro does not know: named and refused, by every verb, and nothing in them touched.</summary>
public sealed class ForeignFormatTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("foreign");
    private readonly TemporaryFolder _other = new("donor");

    [Theory]
    [InlineData("epochs of format 3", "format 3, which is not the whole ship")]
    [InlineData("blobs", ".urb/bob/1f2e/1")]
    [InlineData("a table of blobs", "the table BLOBS")]
    [InlineData("a table of leases", "the table LEASES")]
    [InlineData("a table of blobs at the top", "the table BLOBS of .urb/log/data.mdb")]
    [InlineData("an event that may refer to blobs", "event 9 is encoded otherwise (RAM)")]
    [InlineData("an older epoch's event that may refer to blobs", "event 9 is encoded otherwise (RAM)")]
    [InlineData("a flat log's event that may refer to blobs", "event 9 is encoded otherwise (RAM)")]
    [InlineData("a book", "a book, an append-only log")]
    [InlineData("a book in an epoch", "a book, an append-only log")]
    [InlineData("a 64-bit snapshot", "64-bit words")]
    [InlineData("an epoch's 64-bit snapshot", "64-bit words")]
    [InlineData("a newer layout of memory", "memory layout 6")]
    [InlineData("a 64-bit snapshot being saved", "64-bit words")]
    [InlineData("a snapshot of a newer layout being saved", "memory layout 6")]
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
        foreach (string[] verb in VerbsOf(path))
            (await CommandRun.OfAsync(verb)).Fails("SG3008", 3, named);
        // A member's own log, as `seguro run` opens it: a runtime that Seguro does not know was started on it. That is no damage, from which it would make itself a new one.
        SeguroException member = await Assert.ThrowsAsync<SeguroException>(() => LocalLog.OpenAsync(
            path, Ship.Parse("~zod"), static _ => throw new InvalidOperationException("There is a pier."), "m1", TimeProvider.System, TestContext.Current.CancellationToken));
        Assert.Equal((ErrorCode.NewerSchema, false), (member.Code, member is DamagedLogException));
        Assert.Equal(before, Fingerprint(path));
        Assert.Equal([path], Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    /// <summary>A verb that is added takes a pier, or a store, which may be one; so it belongs into <see cref="VerbsOf"/>.</summary>
    [Fact]
    public void No_verb_is_forgotten()
    {
        string[] known = [.. VerbsOf("PIER").Select(static words => string.Join(' ', words.TakeWhile(static word => word.All(char.IsAsciiLetterLower))))];
        Terminal terminal = new(TextWriter.Null, TextWriter.Null, static () => Stream.Null, static () => Stream.Null, isInteractive: false);
        List<string> missing = [];
        Look(SeguroCommand.Create(terminal), "");
        Assert.True(missing.Count == 0, $"not tried with piers of formats that are not known: {string.Join(", ", missing)}");

        void Look(Command command, string name)
        {
            // harbor restore makes both, and reads neither; node init writes down where the store will be.
            bool takesPier = (command.Options.Any(static option => option.Name is "--store" or "--snapshots" or "--pier") && name is not ("harbor restore" or "node init"))
                || command.Arguments.Any(static argument => argument.Name == "PIER");
            if (takesPier && !known.Contains(name))
                missing.Add(name);
            foreach (Command below in command.Subcommands)
                Look(below, $"{name} {below.Name}".Trim());
        }
    }

    [Fact]
    public async Task An_event_in_the_middle_that_may_refer_to_blobs_is_never_copied()
    {
        string path = MakeWith(5);
        foreach (string[] verb in (string[][])[["pier", "import", path], ["mirror", path, "--once"]])
        {
            string store = "sqlite:" + _folder[$"{verb[0]}.db"];
            (await CommandRun.OfAsync([.. verb, "--store", store])).Fails("SG3008", 3, "event 5 is encoded otherwise (RAM)");
            Assert.InRange((await CommandRun.OfAsync("log", "head", "--store", store, "--json")).Ok().Json.GetProperty("head").GetUInt64(), 0UL, 4UL);
        }
        (await CommandRun.OfAsync("pier", "export", _folder["out"], "--store", "lmdb:" + path)).Fails("SG3008", 3, "event 5 is encoded otherwise (RAM)");
        Assert.False(Directory.Exists(_folder["out"]));
    }

    [Theory]
    [InlineData("epochs of format 3")]
    [InlineData("blobs")]
    [InlineData("a book")]
    public async Task No_snapshot_is_taken_from_such_a_pier(string what)
    {
        string store = "sqlite:" + _other["log.db"];
        (await CommandRun.OfAsync("pier", "import", PierBuilder.Epochs(_other["whole"], [3], (0, "2", 1, 12)), "--store", store)).Ok();
        string path = Make(what);
        PierLeftovers.Image(path, PierLeftovers.Chk, 9);
        (await CommandRun.OfAsync("pier", "restore", _folder["out"], "--snapshots", path, "--store", store)).Fails("SG3008", 3);
        Assert.False(Directory.Exists(_folder["out"]));
    }

    [Fact]
    public async Task An_event_that_came_into_a_store_otherwise_makes_no_pier()
    {
        string store = "sqlite:" + _folder["log.db"];
        string path = PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, 9));
        (await CommandRun.OfAsync("pier", "import", path, "--store", store)).Ok();
        await File.WriteAllBytesAsync(_folder["event"], [1, 2, 3, 4, .. "RAM\0"u8, 1], TestContext.Current.CancellationToken);
        (await CommandRun.OfAsync("log", "append", _folder["event"], "--force", "--store", store)).Ok();
        foreach (string verb in (string[])["export", "restore"])
            (await CommandRun.OfAsync("pier", verb, _folder["out"], "--store", store)).Fails("SG3008", 3, "event 10", "blobs");
        Assert.False(Directory.Exists(_folder["out"]));
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

    public void Dispose()
    {
        _folder.Dispose();
        _other.Dispose();
    }

    /// <summary>Every verb that takes a pier, or a store, which may be one.</summary>
    private string[][] VerbsOf(string path)
    {
        string store = "sqlite:" + _folder["log.db"];
        string own = "lmdb:" + path;
        string donor = _other["pier"];
        if (!Directory.Exists(donor))
            PierBuilder.Epochs(donor, [3], (0, "2", 1, 12));
        return
        [
            ["pier", "inspect", path],
            ["pier", "import", path, "--store", store],
            ["pier", "import", path, "--live", "--store", store],
            ["pier", "import", donor, "--store", own],
            ["pier", "verify", path, "--store", store],
            ["pier", "verify", path, "--live", "--store", store],
            ["pier", "export", _folder["out"], "--store", own],
            ["pier", "restore", _folder["out"], "--store", own],
            ["mirror", path, "--store", store],
            ["mirror", path, "--once", "--store", store],
            ["mirror", donor, "--once", "--store", own],
            ["mirror", "status", "--store", own],
            ["custody", "show", "--store", own],
            ["custody", "take", "--store", own],
            ["custody", "release", "--store", own],
            ["log", "head", "--store", own],
            ["log", "read", "1", "--store", own],
            ["log", "show", "1", "--store", own],
            ["log", "append", "--force", "--store", own],
            ["log", "tail", "--store", own],
            ["log", "verify", "--store", own],
            ["log", "top", "--store", own],
            ["log", "copy", "--store", own, "--to", store],
            ["harbor", "attach", "file:" + _other["harbor"], "--key", HarborKey(), "--store", own],
            ["harbor", "backup", "file:" + _other["harbor"], "--key", HarborKey(), "--store", own],
            ["log", "trim", "--before", "3", "--yes", "--store", own],
            ["ship", "replay", "--store", own],
            ["ship", "boot", Path.Combine(SharedData.Path, "brass-2023-02-08.pill"), "--fake", "~zod", "--store", own],
            ["demo", "log", "--pier", path],
            ["demo", "harbor", "--pier", path],
            ["cluster", "init", _folder["cluster"], "--ship", "~zod", "--import", "--store", own],
            ["cluster", "init", _folder["cluster"], "--kind", "vere", "--import", path],
            ["vere", "rehearse", "--binary", "/bin/true", "--pier", path],
            ["demo", "vere", "--binary", "/bin/true", "--pier", path],
        ];
    }

    /// <summary>The host's key of a harbor that nothing is put into.</summary>
    private string HarborKey()
    {
        string key = _other["keys"];
        if (!File.Exists(Seguro.Harbor.Format.HarborKeys.HostFile(key)))
            Seguro.Harbor.Format.HarborKeys.Create(key, []);
        return Seguro.Harbor.Format.HarborKeys.HostFile(key);
    }

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
            case "a table of blobs at the top":
            case "a table of leases":
            case "another table":
                using (LmdbEnvironment environment = LmdbEnvironment.Open(what.EndsWith("top", StringComparison.Ordinal) ? PierFiles.LogOf(path) : epoch, isAside: true))
                using (LmdbTransaction transaction = environment.Begin())
                {
                    transaction.Put(transaction.Table(what == "another table" ? "NOTES" : what == "a table of leases" ? "LEASES" : "BLOBS", integerKeys: true), 1, [1]);
                    transaction.Commit();
                }
                break;
            case "an event that may refer to blobs":
                return MakeWith(9);
            case "an older epoch's event that may refer to blobs":
                return PierBuilder.Epochs(MakeWith(9), null, (9, "2", 10, 12));
            case "a flat log's event that may refer to blobs":
                Directory.Delete(path, recursive: true);
                PierBuilder.WriteEnvironment(Directory.CreateDirectory(PierFiles.LogOf(path)).FullName, 1, 9, [1], PierBuilder.Zod, static number => EventOf(number, 9));
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
            case "a 64-bit snapshot being saved":
                PierLeftovers.Patch(path, 9, bits: 1);
                break;
            case "a snapshot of a newer layout being saved":
                PierLeftovers.Patch(path, 9, layout: 6);
                break;
            case "a newer layout of memory":
                PierLeftovers.Image(path, PierLeftovers.Chk, 9, layout: 6);
                break;
        }
        return path;
    }

    /// <summary>A pier of nine events, of which one is encoded otherwise.</summary>
    private string MakeWith(ulong other)
    {
        string path = _folder["pier"];
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        PierBuilder.Epochs(path, [3], (0, "2", 1, 0));
        PierBuilder.WriteEnvironment(PierLeftovers.EpochOf(path, 0), 1, 9, version: null, identity: null, number => EventOf(number, other));
        return path;
    }

    private static byte[] EventOf(ulong number, ulong other) => [1, 2, 3, 4, .. number == other ? "RAM\0"u8 : "jam "u8, (byte)number];
}

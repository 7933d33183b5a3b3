using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Store;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers;

/// <summary>A pier that proves that its own log is short, in each way that there is: refused unless that way is named.</summary>
public sealed class PierEvidenceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("evidence");

    public static TheoryData<string, EvidenceKinds, ulong?> Proofs => new()
    {
        { "a snapshot of vere 4", EvidenceKinds.Snapshot, 31 },
        { "a snapshot of an event above 2^32", EvidenceKinds.Snapshot, 4_311_199_133 },
        { "a snapshot of vere 3", EvidenceKinds.Snapshot, 40 },
        { "a snapshot of a flat pier", EvidenceKinds.Snapshot, 40 },
        { "a backup of a snapshot", EvidenceKinds.Snapshot, 40 },
        { "an epoch's snapshot", EvidenceKinds.Snapshot, 40 },
        { "an exported state", EvidenceKinds.State, 599 },
        { "a pending snapshot", EvidenceKinds.Patch, 40 },
        { "a pending snapshot of vere 3", EvidenceKinds.Patch, 40 },
        { "a torn pending snapshot", EvidenceKinds.Patch, null },
        { "the content of a pending snapshot alone", EvidenceKinds.Patch, null },
        { "an epoch that lost its events", EvidenceKinds.Epoch, 40 },
        { "an epoch that lost its events where the log ends", EvidenceKinds.Epoch, null },
        { "an epoch above the end, without events", EvidenceKinds.Epoch, 40 },
        { "an older epoch that lost its events", EvidenceKinds.Epoch, null },
        { "epochs beside a flat log", EvidenceKinds.TwoLogs, 35 },
        { "a flat log beside epochs", EvidenceKinds.TwoLogs, 50 },
        { "a first epoch that begins late", EvidenceKinds.Beginning, 1 },
        { "a flat log that begins late", EvidenceKinds.Beginning, 1 },
    };

    [Theory]
    [MemberData(nameof(Proofs))]
    public async Task A_log_that_is_short_by_its_own_pier_is_refused(string what, EvidenceKinds kind, ulong? number)
    {
        string path = Make(what);
        foreach (PierAccess access in Enum.GetValues<PierAccess>())
        {
            SeguroException refusal = Assert.Throws<SeguroException>(() => Pier.Open(path, access, EvidenceKinds.All & ~kind));
            Assert.Equal((ErrorCode.ShortLog, 3), (refusal.Code, refusal.ExitCode));
            using Pier pier = Pier.Open(path, access, kind);
            PierEvidence evidence = Assert.Single(pier.Info.Evidence);
            Assert.Equal((kind, number), (evidence.Kind, evidence.Event?.Value));
            Assert.Contains(evidence.What, refusal.Message, StringComparison.Ordinal);
            Assert.Contains($"--despite {evidence.Name}.", refusal.NextStep, StringComparison.Ordinal);
            Assert.Equal(kind, PierEvidence.Parse([evidence.Name]));
            Assert.True(Path.Exists(Path.Combine(path, evidence.File)) || kind is EvidenceKinds.Patch, evidence.File);
        }

        // The store that is a pier, too: it is read, exported and appended to.
        CancellationToken cancel = TestContext.Current.CancellationToken;
        Assert.Equal(ErrorCode.ShortLog, (await Assert.ThrowsAsync<SeguroException>(async () => await LmdbStore.OpenAsync(path, create: false, TimeProvider.System, cancel))).Code);
        await using LmdbStore store = await LmdbStore.OpenAsync(path, create: false, readOnly: false, PierEvidence.Parse([PierEvidenceName(kind)]), TimeProvider.System, cancel);
        Assert.Single(await store.ListLogsAsync(cancel));
    }

    [Fact]
    public void What_a_well_pier_has_around_its_log_proves_nothing()
    {
        string path = PierBuilder.Epochs(_folder["pier"], [3], (10, "2", 11, 20), (20, "2", 21, 30));
        PierLeftovers.Image(path, PierLeftovers.Chk, 30);
        PierLeftovers.Image(path, ".urb/log/0i10", 10);
        PierLeftovers.Image(path, ".urb/log/0i20", 20);
        PierLeftovers.State(path, 30);
        PierLeftovers.Write(path, ".urb/roc/later.jam", [2]);
        PierLeftovers.Write(path, ".urb/roc/0099.jam", [2]);
        PierLeftovers.Patch(path, 30);
        using (Pier pier = Pier.Open(path, PierAccess.Offline))
            Assert.Equal(new ulong[] { 10, 20, 30 }, pier.Info.Images.Select(static image => image.Event.Value).Order());

        // A roll that began and did not finish, at each of its steps; a snapshot that was never saved.
        string next = PierLeftovers.EpochOf(path, 30);
        Directory.CreateDirectory(next);
        Pier.Open(path, PierAccess.Offline).Dispose();
        PierLeftovers.Image(path, ".urb/log/0i30", 30);
        Pier.Open(path, PierAccess.Offline).Dispose();
        PierBuilder.WriteEnvironment(next, 1, 0, null, null);
        Pier.Open(path, PierAccess.Offline).Dispose();
        PierLeftovers.Write(path, $"{PierLeftovers.Chk}/image.bin", []);
        PierLeftovers.Write(path, $"{PierLeftovers.Chk}/south.bin", new byte[1 << 14]);
        Pier.Open(path, PierAccess.Offline).Dispose();
    }

    [Fact]
    public async Task What_Seguro_trimmed_is_no_evidence()
    {
        string path = PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, 20), (20, "2", 21, 60));
        CancellationToken cancel = TestContext.Current.CancellationToken;
        foreach (ulong first in (ulong[])[5, 25, 40])
        {
            await using (LmdbStore store = await LmdbStore.OpenAsync(path, create: false, TimeProvider.System, cancel))
            {
                IStoredLog log = (await store.OpenLogAsync(Ship.Parse("~zod"), cancel))!;
                Lease lease = ((LeaseOutcome.Done)await log.CampaignAsync(await log.ObserveLeaseAsync(cancel), "trim", TimeSpan.FromMinutes(1), cancel)).Lease;
                Assert.IsType<WriteOutcome.Committed>(await log.TrimAsync(lease.Term, new EventNumber(first), cancel));
            }
            using Pier pier = Pier.Open(path, PierAccess.Offline);
            Assert.Equal((first, 60UL), (pier.Info.First.Value, pier.Info.Last.Value));
        }
    }

    [Fact]
    public void Names_of_kinds_are_known_or_refused()
    {
        Assert.Equal(EvidenceKinds.All, PierEvidence.Parse(PierEvidence.KnownNames));
        Assert.Equal(EvidenceKinds.None, PierEvidence.Parse([]));
        SeguroException refusal = Assert.Throws<SeguroException>(() => PierEvidence.Parse(["everything"]));
        Assert.Equal(ErrorCode.BadValue, refusal.Code);
        Assert.Contains("two-logs", refusal.NextStep, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static string PierEvidenceName(EvidenceKinds kind) => new PierEvidence(kind, "", null, "").Name;

    private string Make(string what)
    {
        string path = _folder["pier"];
        switch (what)
        {
            case "a first epoch that begins late":
                return PierBuilder.Epochs(path, [3], (0, "2", 500, 530));
            case "a flat log that begins late":
                return PierBuilder.Flat(path, 500, 530);
            case "an epoch above the end, without events":
                return PierBuilder.Epochs(path, [3], (0, "2", 1, 30), (40, null, 41, 40));
            case "an older epoch that lost its events":
                PierBuilder.Epochs(path, [3], (0, "2", 1, 10), (10, "2", 11, 30));
                File.Delete(Path.Combine(PierLeftovers.EpochOf(path, 0), "data.mdb"));
                return path;
            case "an epoch that lost its events":
                PierBuilder.Epochs(path, [3], (0, "2", 1, 30), (40, "2", 41, 60));
                File.Delete(Path.Combine(PierLeftovers.EpochOf(path, 40), "data.mdb"));
                return path;
            case "an epoch that lost its events where the log ends":
                PierBuilder.Epochs(path, [3], (0, "2", 1, 30), (30, "2", 31, 60));
                File.Delete(Path.Combine(PierLeftovers.EpochOf(path, 30), "data.mdb"));
                return path;
            case "epochs beside a flat log":
                PierBuilder.Flat(path, 1, 30);
                PierBuilder.WriteEnvironment(Directory.CreateDirectory(PierLeftovers.EpochOf(path, 20)).FullName, 21, 35, [3], PierBuilder.Zod);
                return path;
            case "a flat log beside epochs":
                PierBuilder.Epochs(path, null, (0, "2", 1, 30));
                PierBuilder.WriteEnvironment(PierFiles.LogOf(path), 1, 50, [3], PierBuilder.Zod);
                return path;
            case "a snapshot of a flat pier":
                PierLeftovers.South(PierBuilder.Flat(path, 1, 30), PierLeftovers.Chk, 40, layout: 2);
                return path;
        }
        PierBuilder.Epochs(path, [3], (0, what.EndsWith("vere 3", StringComparison.Ordinal) ? "1" : "2", 1, 30));
        switch (what)
        {
            case "a snapshot of vere 4":
                PierLeftovers.Image(path, PierLeftovers.Chk, 31);
                break;
            case "a snapshot of an event above 2^32":
                PierLeftovers.Image(path, PierLeftovers.Chk, 4_311_199_133);
                break;
            case "a snapshot of vere 3":
                PierLeftovers.South(path, PierLeftovers.Chk, 40);
                break;
            case "a backup of a snapshot":
                PierLeftovers.South(path, ".urb/bhk", 40);
                break;
            case "an epoch's snapshot":
                PierLeftovers.Image(path, ".urb/log/0i0", 40);
                break;
            case "an exported state":
                PierLeftovers.State(path, 599);
                break;
            case "a pending snapshot":
                PierLeftovers.Patch(path, 40);
                break;
            case "a pending snapshot of vere 3":
                PierLeftovers.OldPatch(path, 40);
                break;
            case "a torn pending snapshot":
                PierLeftovers.Patch(path, 20);
                using (FileStream memory = new(Path.Combine(path, PierLeftovers.Chk, "memory.bin"), FileMode.Open))
                    memory.SetLength(100);
                break;
            case "the content of a pending snapshot alone":
                PierLeftovers.Patch(path, 20);
                File.Delete(Path.Combine(path, PierLeftovers.Chk, "control.bin"));
                break;
            default:
                throw new ArgumentException($"There is no proof '{what}'.", nameof(what));
        }
        return path;
    }
}

using System.Diagnostics.Metrics;
using Seguro.Core;
using Seguro.Node.Members;
using Seguro.Piers.LocalLogs;

namespace Seguro.Tests.Node.Members;

/// <summary>A member's folder with its own log, for a ship that runs on a vere; the rest of the member is not there.</summary>
sealed class OwnShipBed
{
    private static readonly Meter Meter = new("own ship");
    private readonly string _folder;

    private OwnShipBed(string folder, LocalLog log)
    {
        _folder = folder;
        Log = log;
        Options = new MemberHostOptions
        {
            Member = new MemberOptions { Name = "one", Candidate = "one@1", Members = ["one", "two"] },
            Store = null!,
            Pier = Path.Combine(folder, "pier"),
            Send = static (_, _) => { },
            Release = static (_, _, _, _) => ValueTask.CompletedTask,
            Log = new CollectingLog(Notices),
        };
    }

    public LocalLog Log { get; }

    public MemberHostOptions Options { get; }

    public List<string> Notices { get; } = [];

    /// <summary>Opens the log in <c>pier</c> of a folder; makes an empty one where there is none.</summary>
    public static async Task<OwnShipBed> OpenAsync(string folder)
    {
        Dictionary<string, ReadOnlyMemory<byte>> identity = new()
        {
            [MetadataKey.Who] = default,
            [MetadataKey.Fake] = default,
            [MetadataKey.Life] = new byte[] { 1 },
        };
        return new OwnShipBed(folder, await LocalLog.OpenAsync(
            Path.Combine(folder, "pier"), Ship.Parse("~zod"), _ => ValueTask.FromResult<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>>(identity), "one@1", TimeProvider.System,
            TestContext.Current.CancellationToken));
    }

    public string Folder => _folder;

    public OwnShip NewShip(VereOptions vere) => new(Options, vere, Log, _folder, static _ => { }, new TakeoverStages(TimeProvider.System, Meter.CreateHistogram<double>("stages"), []));
}

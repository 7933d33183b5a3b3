using System.Buffers.Binary;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Stores.Dqlite;
using Seguro.Testing;
using Seguro.Tests.Vere.StandIn;
using Seguro.Vere.Protocol;
using Seguro.Vere.Running;
using Seguro.Vere.Standby;

namespace Seguro.Tests.Vere.Standby;

/// <summary>A ship of the stand-in's on a master, and a copy of its pier on a replica, whose worker stands by.</summary>
sealed class StandbyBed : IAsyncDisposable
{
    private readonly StandInPier _master = new();
    private readonly TemporaryFolder _folder = new("standby");
    private readonly List<string> _notices = [];
    private VereStandby? _standby;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public string ReplicaPier => _folder["pier"];

    /// <summary>What the run that came of the standby made.</summary>
    public List<PierEvent> Made { get; } = [];

    /// <summary>How patient whoever feeds is.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How patient whoever starts a worker is.</summary>
    public TimeSpan StartPatience { get; set; } = TimeSpan.FromSeconds(60);

    public int HttpPort => _master.HttpPort;

    /// <summary>Boots the ship and copies its pier; then the master's worker is given ova, at the times that a file says.</summary>
    public async Task<IReadOnlyList<PierEvent>> MakeAsync(IReadOnlyList<Noun> ova, IReadOnlyList<DateTimeOffset> times)
    {
        await _master.BootAsync();
        await Tool.RunAsync(["cp", "-a", "--sparse=always", _master.Path, ReplicaPier]);
        string file = _folder["times"];
        await File.WriteAllLinesAsync(file, times.Select(static time => DateAtom.Stamp(time).ToString(System.Globalization.CultureInfo.InvariantCulture)), Cancel);
        await using (StandInWorker worker = StandInWorker.Start(_master.Path, _master.Version, ("STANDIN_VERE_TIMES", file)))
        {
            Assert.IsType<VereGift.Ripe>(await worker.GiftAsync(Cancel));
            foreach (Noun ovum in ova)
            {
                await worker.SendAsync(new VereTask.Poke(0, ovum), Cancel);
                VereGift gift = await worker.GiftAsync(Cancel);
                while (gift is VereGift.Slog)
                    gift = await worker.GiftAsync(Cancel);
            }
        }
        await _master.FreeAsync();
        return Events(_master.Path, End(ReplicaPier).Next);
    }

    /// <summary>Starts the replica's worker.</summary>
    /// <param name="binary">A vere in place of the stand-in.</param>
    /// <param name="keepsKing">Does a king wait?</param>
    public async Task<VereStandby> StandByAsync(string? binary = null, bool keepsKing = true)
    {
        try
        {
            return _standby = await VereStandby.StartAsync(Options(binary), keepsKing, StartPatience, Cancel);
        }
        catch (SeguroException refused) when (refused.Code is ErrorCode.NotSteerable)
        {
            Assert.Skip(refused.Message);
            throw;
        }
    }

    /// <summary>A vere whose worker takes its times from elsewhere than the clock.</summary>
    public string WithOwnTimes()
    {
        string times = _folder["own times"];
        File.WriteAllLines(times, Enumerable.Repeat("170141184506828851228756951934245502976", 10));
        string script = _folder["own-times"];
        File.WriteAllText(script, $"#!/bin/sh\nSTANDIN_VERE_TIMES='{times}' exec '{StandInVere.Program}' \"$@\"\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return script;
    }

    /// <summary>A vere whose worker never says that it is up, and the file in which it leaves its number.</summary>
    public (string Binary, string Worker) WithWorkerThatHangs()
    {
        string worker = _folder["worker"];
        string script = _folder["hanging"];
        File.WriteAllText(script, $"#!/bin/sh\n[ \"$1\" = work ] && {{ echo $$ >'{worker}'; exec sleep 1000; }}\nexec '{StandInVere.Program}' \"$@\"\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return (script, worker);
    }

    public Task<FeedFault> FeedAsync(PierEvent made) => _standby!.FeedAsync(made.Number, made.Payload, Patience, Cancel);

    /// <summary>The run that a takeover begins.</summary>
    public VereRun Run(HandedShip? handed) => new(Options(null) with { Head = End(ReplicaPier) }, handed);

    public VereRunOptions Options(string? binary)
    {
        SeguroExecutable seguro = SeguroExecutable.In(AppContext.BaseDirectory);
        return new VereRunOptions
        {
            Pier = ReplicaPier,
            Folder = _folder.Path,
            Binary = binary ?? StandInVere.Program,
            Arguments = ["-p", $"{_master.AmesPort}", "--http-port", $"{_master.HttpPort}"],
            Seguro = [seguro.File, .. seguro.First],
            Head = End(ReplicaPier),
            Committed = End(ReplicaPier),
            Made = events =>
            {
                lock (Made)
                    Made.AddRange(events);
            },
            Notice = text =>
            {
                lock (_notices)
                    _notices.Add(text);
            },
        };
    }

    public static EventNumber End(string pier)
    {
        using Pier log = Pier.Open(pier, PierAccess.Live);
        return log.ReadLast();
    }

    public static IReadOnlyList<PierEvent> Events(string pier, EventNumber from)
    {
        using Pier log = Pier.Open(pier, PierAccess.Live);
        return [.. log.Read(from, log.ReadLast()).Select(static made => made with { Payload = made.Payload.ToArray() })];
    }

    /// <summary>An event whose state's mug is another.</summary>
    public static PierEvent WithOtherMug(PierEvent made)
    {
        byte[] payload = made.Payload.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(payload, BinaryPrimitives.ReadUInt32LittleEndian(payload) ^ 1);
        return made with { Payload = payload };
    }

    /// <summary>An event with a time that is finer than a clock's.</summary>
    public static PierEvent WithFinerTime(PierEvent made)
    {
        Cell now = (Cell)Cue.From(made.Payload.Span[4..]);
        byte[] jam = Jam.ToBytes(new Cell(Atom.Of((UInt128.One << 127) + 1), now.Tail));
        return made with { Payload = (byte[])[.. made.Payload.Span[..4], .. jam] };
    }

    /// <summary>The worker is gone already, and another may be started.</summary>
    public async Task DisposeOfStandbyAsync()
    {
        await _standby!.Ended;
        _standby = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_standby is { } standby)
            await standby.EndAsync(isPeaceful: false);
        _master.Dispose();
        _folder.Dispose();
    }
}

using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;

namespace Seguro.Cli.Demo;

/// <summary>The log that the demo runs on: a pier that was named, the real one beside the repository, or one that it makes itself.</summary>
internal sealed class DemoInput : IDisposable
{
    private const long MostBytes = 200L << 20;
    private const uint MadeSeed = 20220401;
    private const int MadeEvents = 2000;

    private DemoInput(Pier pier, string described)
    {
        Pier = pier;
        Described = described;
    }

    /// <summary>The pier; only read.</summary>
    public Pier Pier { get; }

    /// <summary>Where it comes from, for people.</summary>
    public string Described { get; }

    /// <summary>The last event that the demo uses: dqlite keeps its database in memory, so not more than 200 MiB of a large log.</summary>
    public EventNumber Last { get; private set; }

    /// <summary>The payload bytes up to <see cref="Last"/>.</summary>
    public long Bytes { get; private set; }

    /// <summary>Opens the pier that was named, or finds or makes one.</summary>
    public static DemoInput Open(string? named, string folder)
    {
        if (named is not null)
            return Measured(new DemoInput(Pier.Open(named, PierAccess.Live), $"your pier {named} (only read)"));
        if (FindShared() is { } shared)
            return Measured(new DemoInput(Pier.Open(shared, PierAccess.Live), $"the log of a real ship, as its runtime wrote it ({shared})"));
        string made = Path.Combine(folder, "made");
        Make(made);
        return Measured(new DemoInput(Pier.Open(made, PierAccess.Offline), $"a log made for this demo (no real one was found in ../shared/data; name a pier with --pier)"));
    }

    public void Dispose() => Pier.Dispose();

    /// <summary>Copies the events up to <paramref name="last"/> into a new pier.</summary>
    public void CopyTo(string path, EventNumber last)
    {
        using PierWriter writer = PierWriter.Create(path, Pier.Info.Identity, Pier.Info.Base, VereVersion);
        foreach (PierEvent read in Pier.Read(Pier.Info.First, last))
            writer.Append(read.Number, read.Payload.Span);
        writer.Complete();
    }

    /// <summary>The runtime version that an exported pier names.</summary>
    public string VereVersion => Pier.Info.VereVersion is { Length: > 0 } version ? version : "4.6";

    private static DemoInput Measured(DemoInput input)
    {
        if (input.Pier.Info.Count < 2)
            throw new SeguroException(ErrorCode.BadValue, $"the pier {input.Pier.Info.Path} has {input.Pier.Info.Count} events", "Name a pier with two events at least.");
        foreach (PierEvent read in input.Pier.Read(input.Pier.Info.First, input.Pier.Info.Last))
        {
            if (input.Bytes + read.Payload.Length > MostBytes)
                break;
            input.Bytes += read.Payload.Length;
            input.Last = read.Number;
        }
        return input;
    }

    private static string? FindShared()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (!File.Exists(Path.Combine(folder, "Seguro.slnx")))
                continue;
            string data = Environment.GetEnvironmentVariable("SEGURO_SHARED_DATA") ?? Path.GetFullPath(Path.Combine(folder, "..", "shared", "data"));
            string pier = Path.Combine(data, "zod");
            return Directory.Exists(pier) ? pier : null;
        }
        return null;
    }

    private static void Make(string path)
    {
        Random random = new((int)MadeSeed);
        using PierWriter writer = PierWriter.Create(path, new PierIdentity(ShipName.Parse("~zod"), IsFake: true, Life: 5), EventNumber.None, "4.6");
        byte[] buffer = new byte[1 << 20];
        for (uint number = 1; number <= MadeEvents; number++)
        {
            // Mostly small, a few large: as ships' logs are. The mug is 0, "no check".
            int size = random.Next(100) == 0 ? random.Next(100_000, buffer.Length) : random.Next(100, 4000);
            Span<byte> payload = buffer.AsSpan(0, size);
            random.NextBytes(payload);
            payload[..4].Clear();
            writer.Append(new EventNumber(number), payload);
        }
        writer.Complete();
    }
}

using Seguro.Core;
using Seguro.Piers;

namespace Seguro.Tests.Piers;

/// <summary>Makes piers of any generation for tests, with liblmdb itself.</summary>
static class PierBuilder
{
    public static readonly PierIdentity Zod = new(0, IsFake: true, Life: 1);

    /// <summary>An event of a size that follows from its number: some in the page, some with pages of their own.</summary>
    public static byte[] Payload(ulong number, int size)
    {
        byte[] bytes = new byte[size];
        new Random((int)number).NextBytes(bytes);
        return bytes;
    }

    public static int SizeOf(ulong number) => 5 + (int)(number * 7919 % 300) + (number % 10 == 0 ? 5000 : 0) + (number % 97 == 0 ? 70_000 : 0);

    /// <summary>A flat pier, as vere 1.0 to 2.12 made it; with another META too, to try.</summary>
    public static string Flat(string path, ulong first, ulong last, byte[]? version = null)
    {
        string log = Directory.CreateDirectory(PierFiles.LogOf(path)).FullName;
        WriteEnvironment(log, first, last, version ?? [1], Zod);
        return path;
    }

    /// <summary>A pier of epochs; each is made of its number, its format and its events.</summary>
    public static string Epochs(string path, byte[]? topVersion, params (ulong Start, string? Format, ulong First, ulong Last)[] epochs)
    {
        string log = Directory.CreateDirectory(PierFiles.LogOf(path)).FullName;
        if (topVersion is not null)
            WriteEnvironment(log, 1, 0, topVersion, Zod);
        foreach ((ulong start, string? format, ulong first, ulong last) in epochs)
        {
            string epoch = Directory.CreateDirectory(Path.Combine(log, $"0i{start}")).FullName;
            if (format is not null)
                File.WriteAllText(Path.Combine(epoch, "epoc.txt"), format);
            File.WriteAllText(Path.Combine(epoch, "vere.txt"), "4.6\n");
            WriteEnvironment(epoch, first, last, [3], Zod);
        }
        return path;
    }

    public static void WriteEnvironment(string folder, ulong first, ulong last, byte[]? version, PierIdentity? identity, Func<ulong, byte[]?>? payload = null)
    {
        using LmdbEnvironment environment = LmdbEnvironment.Open(folder, isAside: true);
        using (LmdbTransaction transaction = environment.Begin())
        {
            uint meta = transaction.Table(PierMeta.Table, integerKeys: false);
            if (version is not null)
                transaction.Put(meta, PierMeta.Version, version);
            if (identity is not null)
            {
                foreach ((string key, byte[] value) in PierMeta.Encode(identity))
                    transaction.Put(meta, key, value);
            }
            transaction.Commit();
        }
        for (ulong number = first; number <= last; number++)
        {
            using LmdbTransaction transaction = environment.Begin();
            uint events = transaction.Table(PierMeta.Events, integerKeys: true);
            for (ulong together = 0; together < 50 && number <= last; together++, number++)
            {
                if ((payload ?? (static n => Payload(n, SizeOf(n))))(number) is { } bytes)
                    transaction.Append(events, number, bytes);
            }
            number--;
            transaction.Commit();
        }
    }

    /// <summary>All events of a pier, checked against <see cref="Payload"/>.</summary>
    public static bool HoldsItsEvents(Pier pier)
    {
        ulong next = pier.Info.First.Value;
        foreach (PierEvent read in pier.Read(pier.Info.First, pier.Info.Last))
        {
            if (read.Number.Value != next || !read.Payload.Span.SequenceEqual(Payload(next, SizeOf(next))))
                return false;
            next++;
        }
        return next == pier.Info.Last.Value + 1;
    }
}
